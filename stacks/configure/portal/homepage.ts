import type { Service } from "../../platform.ts";
import { compare } from "../../resolve/edges.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { dashboardsOf } from "../monitoring/grafana/dashboards/index.ts";
import { linesText, yamlText } from "../text.ts";
import { type TileGroup, tileGroups } from "./tiles.ts";

/** Homepage's folder of configuration. */
const folder = "/app/config";

/** Heading of the links to Grafana's dashboards. */
const dashboardsTitle = "Dashboards";

/**
 * The start page: a tile for every service with a web interface, with the numbers of those that have a widget, and
 * links to the dashboards. Every file that Homepage knows is written, also those that say nothing: it copies a missing
 * one from its examples, and ends where it may not write (checkAndCopyConfig in src/utils/config/config.js); the nine
 * are those of src/skeleton. As all are there, its folder can be read-only.
 */
export function configureHomepage(service: Service, context: ConfigureContext): Configuration {
  const { groups, secrets } = tileGroups(service, context);
  const bookmarks = bookmarkGroups(context, groups);
  const documents = {
    "settings.yaml": settings(context, groups, bookmarks),
    "services.yaml": groups.map(({ title, tiles }) => ({
      [title]: tiles.map((one) => ({ [one.title]: one.tile })),
    })),
    "bookmarks.yaml": bookmarks.map(({ title, links }) => ({
      [title]: links.map((one) => ({ [one.title]: [one.link] })),
    })),
    "widgets.yaml": [
      { greeting: { text_size: "xl", text: titleOf(context) } },
      { datetime: { text_size: "lg", format: { dateStyle: "long", timeStyle: "short" } } },
    ],
    "docker.yaml": {},
    "kubernetes.yaml": { mode: "disabled" },
    "proxmox.yaml": {},
  };
  return {
    files: [
      ...Object.entries(documents).map(([name, document]) => ({
        path: `${folder}/${name}`,
        text: yamlText(document),
      })),
      { path: `${folder}/custom.css`, text: linesText(["/* no styles of its own */"]) },
      { path: `${folder}/custom.js`, text: linesText(["// no scripts of its own"]) },
      ...secrets.files,
    ],
    environment: {
      ...secrets.environment,
      // It answers requests for these hosts alone. The probe's, 127.0.0.1 with the port, is always among them.
      ...(service.route ? { HOMEPAGE_ALLOWED_HOSTS: new URL(service.route.url).host } : {}),
    },
  };
}

function titleOf({ settings: { portal, domain } }: ConfigureContext): string {
  return portal.title ?? domain;
}

function settings(
  context: ConfigureContext,
  groups: readonly TileGroup[],
  bookmarks: readonly BookmarkGroup[],
) {
  const { language } = context.settings.portal;
  return {
    title: titleOf(context),
    language,
    statusStyle: "dot",
    disableIndexing: true,
    // No way out: neither the check for a new version nor a search engine.
    disableUpdateCheck: true,
    quicklaunch: { searchDescriptions: true, hideInternetSearch: true, hideVisitURL: true },
    layout: [
      ...groups.map(({ title }) => ({ [title]: { style: "row", columns: 4 } })),
      ...bookmarks.map(({ title }) => ({ [title]: { style: "row", columns: 4 } })),
    ],
  };
}

interface BookmarkGroup {
  title: string;
  links: { title: string; link: { abbr: string; href: string; icon?: string } }[];
}

/** The dashboards, where Grafana has a route; then the bookmarks of the stack's config, in their order. */
function bookmarkGroups(context: ConfigureContext, tiles: readonly TileGroup[]): BookmarkGroup[] {
  const grafana = context.services.find(({ configure, route }) => configure === "grafana" && route);
  const groups = new Map<string, BookmarkGroup["links"]>();
  if (grafana?.route) {
    const { url } = grafana.route;
    const links = dashboardsOf(grafana, context).map(({ uid, title }) => ({
      title,
      link: { abbr: initials(title), href: `${url}/d/${uid}`, icon: grafana.icon },
    }));
    groups.set(
      dashboardsTitle,
      links.sort((a, b) => compare(a.title, b.title)),
    );
  }
  for (const [index, { group, title, url, icon }] of context.settings.portal.bookmarks.entries()) {
    if (tiles.some((one) => one.title === group)) {
      context.report({
        place: context.configPlace(["portal", "bookmarks", index, "group"]),
        message: `portal.bookmarks[${index}].group: "${group}" is the heading of services, under which Homepage shows no bookmarks; choose another`,
      });
    }
    const link = { abbr: initials(title), href: url, ...(icon === undefined ? {} : { icon }) };
    groups.set(group, [...(groups.get(group) ?? []), { title, link }]);
  }
  return [...groups].map(([title, links]) => ({ title, links }));
}

/** Two letters, as the page has room for. */
function initials(title: string): string {
  const [first = "", second = ""] = title.split(/\s+/);
  return `${first.charAt(0)}${second.charAt(0) || first.charAt(1)}`.toUpperCase();
}
