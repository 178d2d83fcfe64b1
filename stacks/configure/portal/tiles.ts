import type { Service } from "../../platform.ts";
import { compare } from "../../resolve/edges.ts";
import { categoryTitles } from "../categories.ts";
import type { ConfigureContext, GeneratedFile } from "../context.ts";
import type { SecretValue } from "../text.ts";

/** A service on the start page, in Homepage's words. */
interface Tile {
  icon: string;
  description: string;
  href?: string;
  siteMonitor?: string;
  widget?: Record<string, unknown>;
}

/** A group of tiles: its heading, and the tiles by title. */
export interface TileGroup {
  title: string;
  tiles: { title: string; tile: Tile }[];
}

/** What a widget needs that is no text of services.yaml: its secrets, each in a file that a variable names. */
export interface WidgetSecrets {
  files: GeneratedFile[];
  environment: Record<string, string>;
}

/** Where the portal's copies of the secrets lie. */
const secretsFolder = "/run/secrets";

/** Tiles of everything that has a web interface or a widget, but the portal itself: by category, then by title. */
export function tileGroups(
  portal: Service,
  context: ConfigureContext,
): { groups: TileGroup[]; secrets: WidgetSecrets } {
  const secrets: WidgetSecrets = { files: [], environment: {} };
  const shown = context.services
    .filter(({ name, route, widget }) => name !== portal.name && (route || widget))
    .sort((a, b) => compare(a.title, b.title) || compare(a.name, b.name));
  reportSameTitles(shown, context);
  const groups = Object.entries(categoryTitles).map(([category, title]) => ({
    title,
    tiles: shown
      .filter((service) => service.category === category)
      .map((service) => ({ title: service.title, tile: tileOf(service, portal, context, secrets) })),
  }));
  return { groups: groups.filter(({ tiles }) => tiles.length > 0), secrets };
}

function tileOf(service: Service, portal: Service, context: ConfigureContext, secrets: WidgetSecrets): Tile {
  const { icon, description, route } = service;
  const monitor = monitorOf(service, portal, context);
  const widget = widgetOf(service, portal, context, secrets);
  return {
    icon,
    description,
    ...(route ? { href: route.url } : {}),
    ...(monitor === undefined ? {} : { siteMonitor: monitor }),
    ...(widget ? { widget } : {}),
  };
}

/** The health probe's address, where the portal has a link to its port. */
function monitorOf(
  { name, health }: Service,
  portal: Service,
  context: ConfigureContext,
): string | undefined {
  if (!health.http) return undefined;
  const { port, path } = health.http;
  const link = context.links.find(({ consumer, provider }) => consumer === portal.name && provider === name);
  if (!link?.uses.some((use) => use.port === port && use.protocol === "tcp")) return undefined;
  return `http://${context.hostOf(portal.name, name)}:${port}${path}`;
}

function widgetOf(
  { name, route, widget }: Service,
  portal: Service,
  context: ConfigureContext,
  secrets: WidgetSecrets,
): Record<string, unknown> | undefined {
  const port = widget?.port ?? route?.port;
  if (!widget || port === undefined || !context.reaches(portal.name, name)) return undefined;
  const keys = Object.entries(widget.secrets).flatMap(([option, secret]): [string, string][] => {
    const value = context.secret(portal.name, name, secret);
    return value ? [[option, placeholder(name, option, value, secrets)]] : [];
  });
  return {
    type: widget.type,
    url: `http://${context.hostOf(portal.name, name)}:${port}`,
    ...Object.fromEntries(keys.sort(([a], [b]) => compare(a, b))),
    ...Object.fromEntries(Object.entries(widget.options).sort(([a], [b]) => compare(a, b))),
    ...(widget.fields ? { fields: widget.fields } : {}),
  };
}

/**
 * Homepage reads the file that a variable HOMEPAGE_FILE_X names and puts its text where a configuration says
 * {{HOMEPAGE_FILE_X}}, before it reads the YAML (docs/installation/docker.md, src/utils/config/config.js). The text
 * therefore is escaped as inside double quotes, which a placeholder always gets: it begins with a brace.
 */
function placeholder(service: string, option: string, { id }: SecretValue, secrets: WidgetSecrets): string {
  const file = `${service}_${option}`.replaceAll("-", "_");
  const variable = `HOMEPAGE_FILE_${file.toUpperCase()}`;
  const path = `${secretsFolder}/${file.toLowerCase()}`;
  secrets.files.push({ path, text: [{ secret: id, form: "json" }] });
  secrets.environment[variable] = path;
  return `{{${variable}}}`;
}

/** Homepage finds the widget of a tile by heading and title. */
function reportSameTitles(services: readonly Service[], context: ConfigureContext): void {
  for (const [index, { name, title, category }] of services.entries()) {
    const first = services.slice(0, index).find((one) => one.title === title && one.category === category);
    if (!first) continue;
    context.report({
      place: context.recordPlace(name, ["title"]),
      message: `${name} and ${first.name} are both titled "${title}" in the category ${category}, and the portal tells its tiles apart by that; change one`,
    });
  }
}
