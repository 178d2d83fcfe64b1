import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { loadStack } from "../../../stacks/load.ts";
import { projectRoot } from "../../fixtures/folders.ts";
import { filesOf } from "../../stacks/configure/fixtures.ts";
import {
  dashboardsOf,
  type Expression,
  expressionsOf,
} from "../../stacks/configure/monitoring/grafana/expressions.ts";
import {
  makeNetwork,
  noReal,
  type RunningProgram,
  realProgram,
  removeTest,
  runOnce,
  startReal,
} from "./real.ts";

const { platform } = loadStack(projectRoot, "dev");
const dashboards = dashboardsOf(platform);

/** Rules that keep each expression as a series, for the program that checks rules. */
function asRules(expressions: readonly Expression[]): ReadonlyMap<string, string> {
  const rules = expressions.map(({ where, expr }, index) => ({
    record: `dashboard:panel${index}`,
    expr,
    labels: { where },
  }));
  return new Map([
    ["/etc/prometheus/dashboards.yml", stringify({ groups: [{ name: "dashboards", rules }] })],
  ]);
}

const prometheus = realProgram("prometheus");

describe("PromQL of the dashboards", async () => {
  const missing = await noReal(prometheus);
  const check = (expressions: readonly Expression[]) =>
    runOnce(prometheus, {
      files: asRules(expressions),
      command: ["promtool", "check", "rules", "/etc/prometheus/dashboards.yml"],
    });

  it.skipIf(missing)("is understood by promtool", async () => {
    const expressions = expressionsOf(dashboards, "prometheus");
    const { exitCode, output } = await check(expressions);
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: expect.stringContaining(`${expressions.length} rules found`),
    });
  });

  it.skipIf(missing).each(["sum by (service) (rate(up)", "rate(up)", "up + on (service"])(
    "promtool refuses %s",
    async (expr) => {
      expect((await check([{ where: "broken on purpose", expr }])).exitCode).not.toBe(0);
    },
  );
});

/** Two services of a category, of which one is well and uses half of its memory, and one of another, which is down. */
const series = [
  'ums_service_info{service="jellyfin", segment="media", category="streaming", access="user", backup="none"}',
  'ums_service_info{service="plex", segment="media", category="streaming", access="user", backup="none"}',
  'ums_service_info{service="sonarr", segment="media", category="content", access="admin", backup="none"}',
  'ums_container_healthy{container="c1", service="jellyfin", segment="media", category="streaming"}',
  'ums_service_memory_limit_bytes{service="jellyfin", segment="media", category="streaming"}',
]
  .map((name) => ({ series: name, values: name.startsWith("ums_service_memory") ? "1000x10" : "1x10" }))
  .concat({
    series:
      'service:container_memory_working_set_bytes:sum{service="jellyfin", segment="media", category="streaming"}',
    values: "500x10",
  });

describe("what the dashboards show", async () => {
  const missing = await noReal(prometheus);

  it.skipIf(missing).each([
    ["system-overview: Services that are well", [["{}", 1]]],
    ["system-overview: Services that are not", [["{}", 2]]],
    [
      "system-overview: Share of services that are well",
      [
        ['{category="streaming"}', 0.5],
        ['{category="content"}', 0],
      ],
    ],
    [
      "service-health: Health",
      [
        ['{service="jellyfin"}', 1],
        ['{service="plex"}', 0],
      ],
    ],
    [
      "resource-usage: Memory, of the limit",
      [['{service="jellyfin", segment="media", category="streaming"}', 0.5]],
    ],
  ] as const)("%s", async (panel, samples) => {
    // Of a panel that every category has, the one of streaming, which comes first.
    const expr = expressionsOf(dashboards, "prometheus").find(({ where }) => where === panel)?.expr;
    const test = {
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: series,
          promql_expr_test: [
            { expr, eval_time: "5m", exp_samples: samples.map(([labels, value]) => ({ labels, value })) },
          ],
        },
      ],
    };
    const { exitCode, output } = await runOnce(prometheus, {
      files: new Map([["/etc/prometheus/test.yml", stringify(test)]]),
      command: ["promtool", "test", "rules", "/etc/prometheus/test.yml"],
    });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("SUCCESS") });
  });
});

const loki = realProgram("loki");
const nginx = realProgram("nginx");

describe("LogQL of the dashboards", async () => {
  const missing = (await noReal(loki)) || (await noReal(nginx));
  const network = "ums-test-dashboards";
  const started: RunningProgram[] = [];

  beforeAll(async () => {
    if (missing) return;
    await makeNetwork(network);
    const files = new Map([...filesOf(platform, "loki")].filter(([path]) => path.startsWith("/etc/loki/")));
    started.push(
      await startReal(loki, {
        name: `${network}-loki`,
        network,
        files,
        user: "10001:10001",
        tmpfs: ["/loki"],
      }),
      // Its image has a client for HTTP, which Loki's has not.
      await startReal(nginx, {
        name: `${network}-client`,
        network,
        files: new Map(),
        command: ["sleep", "600"],
      }),
    );
  });

  afterAll(async () => {
    if (!missing) await removeTest(network);
  });

  /** Loki's answer to a question for the query's tidy form, which it finds by its own parser: status and body. */
  async function asked(expr: string): Promise<{ status: string; body: string }> {
    const [server, client] = started;
    if (!server || !client) throw new Error("nothing was started");
    const { output } = await client.exec([
      ...["curl", "-sS", "--retry", "30", "--retry-connrefused", "--retry-delay", "1"],
      ...["-w", "\n%{http_code}", "-G", "--data-urlencode", `query=${expr}`],
      `http://${server.address}:3100/loki/api/v1/format_query`,
    ]);
    const lines = output.trimEnd().split("\n");
    return { status: lines.at(-1) ?? "", body: lines.slice(0, -1).join("\n") };
  }

  it.skipIf(missing)("is understood by Loki", async () => {
    const expressions = expressionsOf(dashboards, "loki");
    expect(expressions.length).toBeGreaterThan(2);
    for (const { where, expr } of expressions) {
      expect(await asked(expr), `${where}: ${expr}`).toEqual({
        status: "200",
        body: expect.stringContaining('"status":"success"'),
      });
    }
  });

  it.skipIf(missing)("Loki refuses a query that is wrong", async () => {
    const { body } = await asked('{stack="dev"} |= ');
    expect(body).toContain("parse error");
  });
});
