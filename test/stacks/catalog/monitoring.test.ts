import { describe, expect, it } from "vitest";
import { checkRecord } from "../../../stacks/catalog/check.ts";
import { complaints } from "../../fixtures/problems.ts";
import { listensOn, type RecordFields, record } from "../../fixtures/records.ts";

/** What is wrong with a record of these fields. */
function wrong(fields: RecordFields): string[] {
  return checkRecord(record({ ports: listensOn(80), ...fields })).map(({ message }) => message);
}
const secrets: RecordFields["secrets"] = [{ name: "token", generate: "hex" }];

describe("metrics", () => {
  it("are on the record's own ports, with its own token", () => {
    const also = [{ name: "jobs", port: 80, path: "/jobs" }];
    expect(wrong({ secrets, metrics: { port: 80, also, bearer: "token" } })).toEqual([]);
    expect(wrong({ metrics: { port: 81 } })).toEqual([
      "the metrics endpoint is port 81, which is not among the record's TCP ports (80)",
    ]);
    expect(wrong({ metrics: { port: 80, also: [{ name: "jobs", port: 82 }] } })).toEqual([
      'the metrics endpoint "jobs" is port 82, which is not among the record\'s TCP ports (80)',
    ]);
    expect(wrong({ secrets, metrics: { port: 80, bearer: "tokn" } })).toEqual([
      'the record has no secret "tokn", did you mean "token"?',
    ]);
  });

  it("have a name for each further endpoint", () => {
    const jobs = { name: "jobs", port: 80 };
    expect(wrong({ metrics: { port: 80, also: [jobs, jobs] } })).toEqual([
      'the metrics endpoint "jobs" is named twice',
    ]);
  });
});

describe("a public address", () => {
  it("is told on the record's own port, for its own secret", () => {
    const publicAddress = { port: 80, path: "/ip", header: "X-Key", secret: "token" };
    expect(wrong({ secrets, publicAddress })).toEqual([]);
    expect(wrong({ publicAddress: { ...publicAddress, port: 81 } })).toEqual([
      "the public address's endpoint is port 81, which is not among the record's TCP ports (80)",
      'the record has no secret "token"',
    ]);
  });

  it("needs a header for its secret", () => {
    expect(complaints(() => record({ publicAddress: { port: 80, path: "/ip", secret: "token" } }))).toEqual([
      expect.stringContaining("publicAddress: name both the header and the secret in it, or neither"),
    ]);
  });
});

describe("a rule", () => {
  const alert = { alert: "Busy", expr: "a > 1", severity: "warning", concern: "capacity", summary: "Busy" };
  const told = (rule: object) => complaints(() => record({ rules: [rule] as RecordFields["rules"] }));

  it("is an alert or a recording", () => {
    expect(told(alert)).toEqual([]);
    expect(told({ record: "a:b:sum", expr: "sum(b)" })).toEqual([]);
  });

  it.each([
    [{ ...alert, alert: "busy" }, "name the alert in CamelCase"],
    [{ ...alert, severity: "fatal" }, 'rules[0].severity is "fatal"'],
    [{ ...alert, for: "5 minutes" }, "write a time as 30s, 5m, 2h or 1d"],
    [{ ...alert, expr: " " }, "rules[0].expr"],
    [{ record: "a b", expr: "c" }, "name the series as level:metric:operations"],
  ])("is refused as %j", (rule, message) => {
    expect(told(rule).join("\n")).toContain(message);
  });

  it.each([
    ["sum(", "ends too early"],
    ["sum by (a) (rate(b[5m])) >> 1", 'from "> 1" on'],
    ["rat(b[5m])", 'from "'],
    ["up{{ a }}", 'from "{ a }}" on'],
  ])("over %j is refused", (expr, told) => {
    const [message, ...more] = wrong({ rules: [{ record: "a:b:c", expr }] });
    expect(message).toMatch(/^rules\[0\]\.expr is no PromQL/);
    expect(message).toContain(told);
    expect(more).toEqual([]);
  });
});
