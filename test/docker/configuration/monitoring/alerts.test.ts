import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { alerts } from "../../../stacks/configure/monitoring/stack.ts";
import { noReal, realProgram, runOnce } from "../real.ts";
import { beside, type Case, cases, type Series } from "./cases.ts";
import { everything, generated } from "./stacks.ts";

const program = realProgram("prometheus");
const missing = await noReal(program);

/** Limits that the cases' figures are made for. */
const of = everything({ overrides: { sonarr: { memory: 1024, cpus: 2 } } });
const files = generated(of, "prometheus");
const folder = "/etc/prometheus/rules";

interface Group {
  name: string;
  rules: { alert?: string; labels?: Record<string, string> }[];
}
const groups = ["platform", "services"].flatMap(
  (name) => (parse(files.get(`${folder}/${name}.yml`) ?? "") as { groups: Group[] }).groups,
);

/**
 * Rules that an alert's group is judged with: its own, and what those build on. Of what is declared, the services that
 * the cases tell of: promtool evaluates every rule for every case.
 */
function beneath(group: Group): Group[] {
  const told = ["sonarr", "gluetun", "postgres"];
  const declared = groups
    .filter(({ name }) => name === "declared")
    .map((one) => ({
      ...one,
      rules: one.rules.filter(({ labels }) => told.includes(labels?.service ?? "")),
    }));
  const shared = groups.filter(
    ({ name }) => ["containers", "cadvisor"].includes(name) && name !== group.name,
  );
  return [...declared, ...shared, group];
}

/** A case as promtool reads it: which alerts of the name fire at a moment. */
function test(
  name: string,
  { alert, of = "" }: Case,
  series: Series,
  at: string,
  labels: readonly Record<string, string>[],
) {
  const written = (all: Record<string, string>) =>
    Object.entries(all)
      .map(([key, value]) => `${key}="${value}"`)
      .join(",");
  return {
    name,
    interval: "15s",
    input_series: Object.entries({ ...beside, ...series }).map(([selector, values]) => ({
      series: selector,
      values,
    })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}",alertstate="firing"${of === "" ? "" : `,${of}`}}`,
        eval_time: at,
        exp_samples: labels.map((one) => ({
          labels: `ALERTS{${written({ alertname: alert, alertstate: "firing", ...one })}}`,
          value: 1,
        })),
      },
    ],
  };
}

/** Judges cases with promtool: a file of tests for each group of rules, with only the rules it needs. */
function judged(of: readonly Case[], change: (text: string) => string = (text) => text) {
  const written = groups.flatMap((group) => {
    const own = of.filter(({ alert }) => group.rules.some((rule) => rule.alert === alert));
    if (own.length === 0) return [];
    const tests = own.flatMap((one, index) => [
      test(`${one.alert} (${index}) fires`, one, one.fires.series, one.fires.at, one.fires.labels),
      test(`${one.alert} (${index}) is quiet`, one, one.quiet.series, one.quiet.at, []),
    ]);
    const rules = `${folder}/${group.name}.rules.yml`;
    return [
      [rules, change(stringify({ groups: beneath(group) }))],
      [
        `${folder}/${group.name}.tests.yml`,
        stringify({ rule_files: [rules], evaluation_interval: "15s", tests }),
      ],
    ] as const;
  });
  const tests = written.map(([path]) => path).filter((path) => path.endsWith(".tests.yml"));
  return runOnce(program, { files: new Map(written), command: ["promtool", "test", "rules", ...tests] });
}

describe("alerts of the whole catalogue, judged by promtool", () => {
  it.skipIf(missing)("have a case each that makes them fire, and one that does not", () => {
    const known = new Set(cases.map(({ alert }) => alert));
    const made = new Set(alerts(of).map(({ alert }) => alert));
    expect([...made].sort()).toEqual([...known].sort());
  });

  it.skipIf(missing)("fire when they should, with their labels, and only then", async () => {
    const { exitCode, output } = await judged(cases);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.stringContaining("SUCCESS") });
  });

  it.skipIf(missing).each([
    ["another threshold", "> 0.9", "> 0.99", "HighMemoryUsage"],
    ["another time", "for: 5m", "for: 50m", "ServiceUnhealthy"],
    ["another name of a metric", "pg_up", "pg_is_up", "PostgresUnreachable"],
    ["another label", "severity: warning", "severity: minor", "AttackWave"],
  ])("%s would be noticed", async (_, from, to, alert) => {
    const { exitCode, output } = await judged(
      cases.filter((one) => one.alert === alert),
      (text) => text.replaceAll(from, to),
    );
    expect(exitCode).not.toBe(0);
    expect(output).toContain("FAILED");
  });
});
