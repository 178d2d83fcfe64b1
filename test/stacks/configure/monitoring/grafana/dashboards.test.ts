import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadCatalog } from "../../../../../stacks/catalog/load.ts";
import { dashboardNames } from "../../../../../stacks/catalog/panels.ts";
import { loadEnvironments } from "../../../../../stacks/config/load.ts";
import { type Dashboard, dataSourceUids } from "../../../../../stacks/configure/monitoring/grafana/model.ts";
import { loadStack } from "../../../../../stacks/load.ts";
import type { Platform } from "../../../../../stacks/platform.ts";
import { projectRoot } from "../../../../fixtures/folders.ts";
import { platformOf } from "../../../../fixtures/platforms.ts";
import { asCatalog, listensOn, type RecordFields, record } from "../../../../fixtures/records.ts";
import { stackConfig } from "../../../../fixtures/stackConfigs.ts";
import { filesOf } from "../../fixtures.ts";
import { dashboardsOf, expressionsOf, mistakes, namesIn, panelsOf } from "./expressions.ts";
import { metrics, targetLabels } from "./metrics.ts";

const stacks = { dev: loadStack(projectRoot, "dev").platform, prod: loadStack(projectRoot, "prod").platform };

/** Series that Prometheus' rules keep, with their labels where the rule's expression gives no others. */
function recorded(platform: Platform): Set<string> {
  const files = [...filesOf(platform, "prometheus")].filter(([path]) => path.includes("/rules/"));
  return new Set(
    files.flatMap(([, text]) => {
      const { groups } = parse(text) as { groups: { rules: { record?: string }[] }[] };
      return groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? []));
    }),
  );
}

const known = new Map(Object.values(metrics).flatMap((family) => Object.entries(family)));

describe.each(Object.entries(stacks))("the dashboards of stack %s", (_, platform) => {
  const dashboards = dashboardsOf(platform);
  const each = [...dashboards.values()].map((dashboard): [string, Dashboard] => [dashboard.uid, dashboard]);

  it("are the seven of the seed documents, each in a file named after its address", () => {
    expect([...dashboards]).toHaveLength(7);
    for (const [path, { uid }] of dashboards) expect(path).toBe(`/etc/grafana/dashboards/${uid}.json`);
    expect(each.map(([uid]) => uid).sort()).toEqual([...dashboardNames].sort());
  });

  it.each(each)("%s has no identifier of a database, and panels that are told apart", (_, dashboard) => {
    expect(dashboard).not.toHaveProperty("id");
    expect(dashboard.schemaVersion).toBe(42);
    const ids = [...dashboard.panels, ...panelsOf(dashboard)].map(({ id }) => id);
    const unique = new Set(ids);
    const own = dashboard.panels.filter((element) => "targets" in element).length;
    expect(unique.size).toBe(ids.length - own);
    for (const { title, targets } of panelsOf(dashboard)) {
      expect(targets, title).not.toEqual([]);
      const letters = targets.map(({ refId }) => refId);
      expect(new Set(letters).size, title).toBe(targets.length);
    }
  });

  it.each(each)("%s has its panels beside each other, inside the grid", (_, dashboard) => {
    const rows = dashboard.panels.filter((element) => "collapsed" in element);
    for (const group of [dashboard.panels, ...rows.map(({ panels }) => panels)]) {
      const taken = new Set<string>();
      for (const { title, gridPos } of group) {
        const { x = 0, y = 0, w = 0, h = 0 } = gridPos ?? {};
        expect(x + w, title).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column += 1) {
          for (let line = y; line < y + h; line += 1) {
            expect(taken.has(`${column} ${line}`), `${title} at ${column}, ${line}`).toBe(false);
            taken.add(`${column} ${line}`);
          }
        }
      }
    }
  });

  it.each(each)("%s asks data sources that Grafana has", (_, dashboard) => {
    const text =
      filesOf(platform, "grafana").get("/etc/grafana/provisioning/datasources/platform.yaml") ?? "";
    const { datasources } = parse(text) as { datasources: { uid: string; type: string }[] };
    const uids = datasources.map(({ uid, type }) => `${type} ${uid}`);
    for (const { title, datasource, targets } of panelsOf(dashboard)) {
      for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
        expect(uids, title).toContain(`${source?.type} ${source?.uid}`);
      }
    }
  });

  it.each(each)("%s queries little when it is opened", (_, dashboard) => {
    const open = dashboard.panels.flatMap((element) => ("targets" in element ? element.targets : []));
    // Every query of an open panel is asked again each minute.
    expect(open.length).toBeLessThanOrEqual(40);
    expect(dashboard.refresh).toBe("1m");
  });

  it("ask in PromQL and LogQL, as their own grammars have it", () => {
    const asked = {
      promql: expressionsOf(dashboards, "prometheus"),
      logql: expressionsOf(dashboards, "loki"),
    };
    expect(asked.promql.length).toBeGreaterThan(60);
    expect(asked.logql.length).toBeGreaterThan(2);
    for (const language of ["promql", "logql"] as const) {
      for (const { where, expr } of asked[language]) {
        expect(mistakes(language, expr), `${where}: ${expr}`).toEqual([]);
      }
    }
  });

  it("name no metric and no label that no program has", () => {
    const series = recorded(platform);
    for (const { where, expr } of expressionsOf(dashboards, "prometheus")) {
      const names = namesIn(expr);
      expect(names.metrics, where).not.toEqual([]);
      const unknown = names.metrics.filter((name) => !known.has(name) && !series.has(name));
      expect(unknown, `${where}: ${expr}`).toEqual([]);
      const labels = new Set([...targetLabels, ...names.metrics.flatMap((name) => known.get(name) ?? [])]);
      expect(
        names.labels.filter((label) => !labels.has(label)),
        `${where}: ${expr}`,
      ).toEqual([]);
    }
  });
});

it("every metric that is known is asked for somewhere", () => {
  const asked = new Set(
    expressionsOf(dashboardsOf(stacks.dev), "prometheus").flatMap(({ expr }) => namesIn(expr).metrics),
  );
  const withoutBackup = [...known.keys()].filter((name) => !name.startsWith("ums_backup"));
  expect(withoutBackup.filter((name) => !asked.has(name))).toEqual(["process_start_time_seconds"]);
});

it("an expression that is wrong is noticed", () => {
  expect(mistakes("promql", "sum(rate(up[5m])")).not.toEqual([]);
  expect(mistakes("logql", '{stack="dev"} |= ')).not.toEqual([]);
});

it("are the same bytes each time", () => {
  const again = loadStack(projectRoot, "dev").platform;
  expect([...filesOf(again, "grafana")]).toEqual([...filesOf(stacks.dev, "grafana")]);
});

/** The catalogue with further records, as a stack of everything. */
function withRecords(...more: Parameters<typeof record>[0][]): Platform {
  const all = [...loadCatalog(projectRoot, ["catalog"]).values(), ...more.map((fields) => record(fields))];
  return platformOf(asCatalog(all), stackConfig(), loadEnvironments(projectRoot));
}

type PanelFields = NonNullable<RecordFields["panels"]>[number];

const wiki = {
  name: "wiki",
  number: 100,
  title: "Wiki",
  category: "portal",
  ports: listensOn(3000),
  route: { subdomain: "wiki", port: 3000, access: "user" },
  metrics: { port: 3000 },
} as const;

describe("a record with a route and metrics", () => {
  const before = dashboardsOf(withRecords());
  const after = dashboardsOf(withRecords(wiki));
  const textOf = (dashboards: ReadonlyMap<string, Dashboard>, uid: string) =>
    JSON.stringify(dashboards.get(`/etc/grafana/dashboards/${uid}.json`));

  it("appears under its category, with no other change", () => {
    for (const uid of ["service-health", "resource-usage", "performance", "error-analysis"]) {
      expect(textOf(before, uid), uid).not.toMatch(/wiki/i);
      expect(textOf(after, uid), uid).toMatch(/wiki/i);
    }
    const routes = expressionsOf(after, "prometheus").filter(({ expr }) => expr.includes("wiki)@file"));
    expect(routes.map(({ where }) => where)).toContain("performance: 95 % are answered in");
  });

  it("puts its own panels where it says, beside those of others", () => {
    const panel = {
      dashboard: "resource-usage",
      section: "Databases",
      title: "Wiki: pages",
      shows: "lines",
      queries: [{ expr: "wiki_pages_total", legend: "pages" }],
    } satisfies PanelFields;
    const queue = {
      dashboard: "media-analytics",
      section: "Queues",
      title: "Items in the queue",
      shows: "lines",
      queries: [{ expr: "wiki_queue", legend: "Wiki" }],
    } satisfies PanelFields;
    const dashboards = dashboardsOf(withRecords({ ...wiki, panels: [panel, queue] }));
    const asked = expressionsOf(dashboards, "prometheus");
    expect(asked).toContainEqual({ where: "resource-usage: Wiki: pages", expr: "wiki_pages_total" });
    const queues = asked.filter(({ where }) => where === "media-analytics: Items in the queue");
    expect(queues.map(({ expr }) => expr)).toEqual(
      expect.arrayContaining(["wiki_queue", "sum(sonarr_queue_total) or vector(0)"]),
    );
  });
});

describe("data sources", () => {
  const sourcesIn = (platform: Platform) => {
    const text =
      filesOf(platform, "grafana").get("/etc/grafana/provisioning/datasources/platform.yaml") ?? "";
    return (parse(text) as { datasources: { uid: string; url: string; isDefault: boolean }[] }).datasources;
  };

  it("are those that Grafana is linked to, by fixed addresses", () => {
    expect(sourcesIn(stacks.dev).map(({ uid, url }) => [uid, url])).toEqual([
      [dataSourceUids.prometheus, "http://prometheus:9090"],
      [dataSourceUids.loki, "http://loki:3100"],
      [dataSourceUids.alertmanager, "http://alertmanager:9093"],
    ]);
    expect(sourcesIn(stacks.dev).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it("and panels of what a stack lacks are left out", () => {
    const staging = loadStack(projectRoot, "staging").platform;
    expect(sourcesIn(staging).map(({ uid }) => uid)).toEqual([dataSourceUids.prometheus]);
    const dashboards = dashboardsOf(staging);
    expect(expressionsOf(dashboards, "loki")).toEqual([]);
    const asked = expressionsOf(dashboards, "prometheus").flatMap(({ expr }) => namesIn(expr).metrics);
    expect(asked.filter((name) => /^(cs|lidarr|bazarr|node|probe)_/.test(name))).toEqual([]);
  });
});
