import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { deriveSecret } from "../../../../components/secret/derive.ts";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { link, platform, platformOf, service } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { asCatalog, listensOn, type RecordFields, record } from "../../../fixtures/records.ts";
import { stackConfig } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../fixtures.ts";

const dev = loadStack(projectRoot, "dev").platform;
const prod = loadStack(projectRoot, "prod").platform;

interface Tile {
  href?: string;
  icon: string;
  description: string;
  siteMonitor?: string;
  widget?: Record<string, unknown>;
}

/** A document of Homepage's folder. */
function read(of: Platform, name: string): unknown {
  return parse(filesOf(of, "homepage").get(`/app/config/${name}`) ?? "");
}

/** Tiles by title, under their headings. */
function tilesOf(of: Platform): Map<string, Record<string, Tile>> {
  const groups = read(of, "services.yaml") as Record<string, Record<string, Tile>[]>[];
  return new Map(
    groups.flatMap((group) =>
      Object.entries(group).map(([title, tiles]): [string, Record<string, Tile>] => [
        title,
        Object.assign({}, ...tiles),
      ]),
    ),
  );
}

/** What Homepage makes of a configuration before it reads it as YAML (src/utils/config/config.js). */
function substituted(of: Platform, name: string): unknown {
  const files = filesOf(of, "homepage");
  const variables = Object.entries(service(of, "homepage").environment);
  const text = variables
    .filter(([variable]) => variable.startsWith("HOMEPAGE_FILE_"))
    .reduce(
      (result, [variable, path]) => result.replaceAll(`{{${variable}}}`, files.get(path) ?? ""),
      files.get(`/app/config/${name}`) ?? "",
    );
  return parse(text);
}

describe.each([
  ["dev", dev],
  ["prod", prod],
] as const)("the start page of stack %s", (_, of) => {
  it("has a tile for every route but its own, under its category", () => {
    const tiles = [...tilesOf(of).values()].flatMap((group) => Object.values(group));
    const routes = of.services.filter(({ name, route }) => route && name !== "homepage");
    expect(tiles.map(({ href }) => href).sort()).toEqual(routes.map(({ route }) => route?.url).sort());
  });

  it("heads no group that is empty, and lays out every group it has", () => {
    const { layout } = read(of, "settings.yaml") as { layout: Record<string, unknown>[] };
    const groups = [...tilesOf(of).keys()];
    for (const [title, tiles] of tilesOf(of)) expect(Object.keys(tiles), title).not.toEqual([]);
    expect(layout.flatMap((one) => Object.keys(one))).toEqual([...groups, "Dashboards"]);
  });

  it("has every file that Homepage would otherwise copy into its folder, which is read-only", () => {
    const files = [...filesOf(of, "homepage").keys()].filter((path) => path.startsWith("/app/config/"));
    // src/skeleton of gethomepage/homepage
    expect(files).toEqual(
      ["bookmarks.yaml", "custom.css", "custom.js", "docker.yaml", "kubernetes.yaml"]
        .concat(["proxmox.yaml", "services.yaml", "settings.yaml", "widgets.yaml"])
        .map((name) => `/app/config/${name}`),
    );
    expect(service(of, "homepage").mounts.filter(({ path }) => path.startsWith("/app/config"))).toEqual([]);
  });

  it("calls only services it has a link to, for a widget or for the health probe", () => {
    for (const [title, tiles] of tilesOf(of)) {
      for (const { siteMonitor, widget } of Object.values(tiles)) {
        for (const address of [siteMonitor, widget?.url as string | undefined]) {
          if (address === undefined) continue;
          const { hostname, port } = new URL(address);
          const ports = link(of, "homepage", hostname).uses.map((use) => String(use.port));
          expect(ports, `${title}: ${address}`).toContain(port);
        }
      }
    }
  });

  it("links to the dashboards of Grafana, as they are provisioned", () => {
    const [group] = read(of, "bookmarks.yaml") as Record<string, Record<string, { href: string }[]>[]>[];
    const links = (group?.Dashboards ?? []).flatMap((one) => Object.values(one).flat());
    const uids = [...filesOf(of, "grafana").keys()].flatMap(
      (path) => /dashboards\/(.+)\.json$/.exec(path)?.[1] ?? [],
    );
    const { url } = service(of, "grafana").route ?? { url: "" };
    expect(links.map(({ href }) => href).sort()).toEqual(uids.map((uid) => `${url}/d/${uid}`).sort());
    expect(uids).toHaveLength(7);
  });

  it("answers for the host and port of its address", () => {
    const { route, environment } = service(of, "homepage");
    expect(`https://${environment.HOMEPAGE_ALLOWED_HOSTS}`).toBe(route?.url);
  });

  it("goes to the internet for nothing", () => {
    expect(read(of, "settings.yaml")).toMatchObject({
      disableUpdateCheck: true,
      quicklaunch: { hideInternetSearch: true },
    });
    expect(read(of, "docker.yaml")).toEqual({});
  });
});

describe("a widget", () => {
  it("has its secrets in files, by variables that name them", () => {
    const { widget } = tilesOf(dev).get("Content")?.Sonarr ?? {};
    expect(widget).toEqual({
      type: "sonarr",
      url: "http://sonarr:8989",
      key: "{{HOMEPAGE_FILE_SONARR_KEY}}",
      fields: ["wanted", "queued", "series"],
    });
    const file = service(dev, "homepage").files.find(({ path }) => path === "/run/secrets/sonarr_key");
    expect(file?.mode).toBe("0400");
    expect(file?.content).toHaveProperty("secret");
    expect(service(dev, "homepage").environment.HOMEPAGE_FILE_SONARR_KEY).toBe("/run/secrets/sonarr_key");
    const shown = substituted(dev, "services.yaml") as Record<string, Record<string, Tile>[]>[];
    const sonarr = shown.find((group) => group.Content)?.Content?.find((tile) => tile.Sonarr)?.Sonarr;
    expect(sonarr?.widget?.key).toMatch(/^[0-9a-f]{32}$/);
  });

  it("is read as it is, whatever characters its secret has", () => {
    for (const value of ['a"b\\c', "$& $$ $'", "{{HOMEPAGE_VAR_X}}", "tab\tline\nend"]) {
      const text = 'key: "{{X}}"'.replaceAll("{{X}}", deriveSecret("json", value, ""));
      expect(parse(text)).toEqual({ key: value });
    }
  });

  it("is left out, and its link too, where its optional secret is not set", () => {
    const { services, links } = prod;
    expect(services.map(({ name }) => name)).toContain("immich");
    expect(tilesOf(prod).get("Streaming")?.Immich?.widget).toBeUndefined();
    expect(links.some(({ consumer, provider }) => consumer === "homepage" && provider === "immich")).toBe(
      false,
    );
    const set = stackOf({ immich: withOptionalKey }, ["immichApiKey"]);
    expect(tilesOf(set).get("Streaming")?.immich?.widget).toMatchObject({ type: "immich", version: 2 });
    expect(link(set, "homepage", "immich").uses).toEqual([
      { port: 2283, protocol: "tcp", why: "shows its numbers on a tile", origin: "portal" },
    ]);
    expect(tilesOf(stackOf({ immich: withOptionalKey })).get("Streaming")?.immich?.widget).toBeUndefined();
  });
});

const withOptionalKey: RecordFields = {
  title: "immich",
  category: "streaming",
  ports: listensOn(2283),
  route: { subdomain: "photos", port: 2283, access: "user" },
  secrets: [{ name: "api-key", config: "immichApiKey", optional: true }],
  widget: { type: "immich", secrets: { key: "api-key" }, options: { version: 2 } },
};

const portal: RecordFields = {
  title: "Start page",
  category: "portal",
  roles: ["portal"],
  ports: listensOn(3000),
  configure: "homepage",
};

/** A start page and what else the test names, with real images. */
function stackOf(records: Readonly<Record<string, RecordFields>>, secrets: readonly string[] = []): Platform {
  return platform({ homepage: portal, ...records }, { config: { images: "real" }, stack: { secrets } });
}

describe("a record with a route", () => {
  const wiki: RecordFields = {
    name: "wiki",
    number: 100,
    title: "Wiki",
    category: "portal",
    description: "Notes of the household.",
    icon: "wikijs",
    ports: listensOn(3000),
    route: { subdomain: "wiki", port: 3000, access: "user" },
    health: { http: { port: 3000, path: "/healthz" }, command: ["true"] },
    secrets: [{ name: "token", generate: "hex" }],
  };
  const withWiki = (fields: RecordFields) => {
    const all = [...loadCatalog(projectRoot, ["catalog"]).values(), record({ ...wiki, ...fields })];
    return platformOf(asCatalog(all), stackConfig(), loadEnvironments(projectRoot));
  };

  it("has a tile, with no other change", () => {
    expect(tilesOf(withWiki({})).get("Portal")).toEqual({
      Wiki: { icon: "wikijs", description: "Notes of the household.", href: "https://wiki.media.localhost" },
    });
  });

  it("with a widget has its numbers, a monitor and a link, too", () => {
    const of = withWiki({ widget: { type: "customapi", secrets: { token: "token" } } });
    expect(tilesOf(of).get("Portal")?.Wiki).toMatchObject({
      siteMonitor: "http://wiki:3000/healthz",
      widget: { type: "customapi", url: "http://wiki:3000", token: "{{HOMEPAGE_FILE_WIKI_TOKEN}}" },
    });
    expect(link(of, "homepage", "wiki").uses.map(({ origin }) => origin)).toEqual(["portal"]);
  });
});

describe("what cannot be shown is refused", () => {
  const web = (title: string, subdomain: string): RecordFields => ({
    title,
    category: "streaming",
    ports: listensOn(80),
    route: { subdomain, port: 80, access: "user" },
  });

  it("two tiles that Homepage could not tell apart", () => {
    expect(complaints(() => stackOf({ one: web("Films", "one"), two: web("Films", "two") }))).toEqual([
      'catalog/two.yaml:3:1: two and one are both titled "Films" in the category streaming, and the portal tells its tiles apart by that; change one',
    ]);
  });

  it("bookmarks under the heading of services", () => {
    const bookmarks = [{ group: "Streaming", title: "Film database", url: "https://example.com" }];
    const [complaint] = complaints(() =>
      platform({ homepage: portal, one: web("Films", "one") }, { config: { portal: { bookmarks } } }),
    );
    expect(complaint).toMatch(
      /^Pulumi\.test\.yaml:\d+:\d+: portal\.bookmarks\[0\]\.group: "Streaming" is the heading of services, under which Homepage shows no bookmarks; choose another$/,
    );
  });

  it("a second portal", () => {
    const second = { ...portal, title: "Another" };
    expect(complaints(() => stackOf({ other: second }))).toContainEqual(
      expect.stringContaining("other and homepage both have the role portal; a stack has one"),
    );
  });
});
