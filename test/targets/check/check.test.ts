import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create } from "xmlbuilder2";
import { stringify } from "yaml";
import { loadStack } from "../../../stacks/load.ts";
import { type CheckReport, checkProgram } from "../../../targets/check/check.ts";
import { guard } from "../../../targets/check/guard.ts";
import { junitXml } from "../../../targets/check/junit.ts";
import { sarifLog } from "../../../targets/check/sarif.ts";
import { declareStack } from "../../../targets/declare.ts";
import { badCatalogue } from "../../fixtures/badRecord.ts";
import { folder, projectRoot } from "../../fixtures/folders.ts";

const home = mkdtempSync(join(tmpdir(), "ums-check-"));
const file = join(home, "stack.yaml");
afterAll(() => rmSync(home, { recursive: true }));

const platform = {
  environment: "production",
  images: "rehearsal",
  domain: "media.localhost",
  services: { include: ["leaky", "alertmanager", "wireguard", "authelia"] },
  catalogs: [badCatalogue(home)],
  network: { segments: "10.10.0.0/16", links: "10.32.0.0/15" },
  publish: { address: "0.0.0.0", offset: 0 },
  budget: { memory: 49152, cpus: 8 },
  health: { interval: 30, waitedInterval: 10 },
};

let report: CheckReport;
beforeAll(async () => {
  writeFileSync(file, stringify({ config: { "ums:platform": platform } }));
  const loaded = loadStack(projectRoot, "bad", { file });
  report = checkProgram(projectRoot, loaded, await declareStack(projectRoot, loaded));
});

describe("the report", () => {
  it("says of each violation what is wrong, how to fix it, and the line of the record that decides it", () => {
    const [leak] = report.refused.filter(({ policy }) => policy === "closed-segments");
    expect(leak).toMatchObject({
      service: "leaky",
      severity: "high",
      problem: "it is in data and has a way out by bad-egress",
      fix: "remove egress and publish from the record, and keep the segment's network internal",
      place: { line: 9, column: 1 },
    });
    expect(leak?.place?.file).toMatch(/leaky\.yaml$/);
  });

  it("lists the exceptions that were used", () => {
    expect(report.exceptions.map(({ service, policy }) => `${service} ${policy}`)).toEqual([
      "alertmanager closed-segments",
      "wireguard published-address",
    ]);
    expect(report.exceptions[0]?.place?.file).toBe("catalog/monitoring/alertmanager.yaml");
  });
});

describe("SARIF", () => {
  it("has a rule for each policy, and a result at the record's line for each violation", () => {
    const [run] = sarifLog(report, "1.2.3").runs;
    const rules = run?.tool.driver.rules ?? [];
    expect(rules).toHaveLength(report.policies);
    const [result] = (run?.results ?? []).filter(({ ruleId }) => ruleId === "closed-segments");
    expect(result).toMatchObject({ level: "error", message: { text: expect.stringMatching(/^leaky: /) } });
    expect(rules[result?.ruleIndex ?? -1]?.id).toBe("closed-segments");
    expect(rules[result?.ruleIndex ?? -1]?.properties?.["security-severity"]).toBe("8.0");
    expect(result?.locations?.[0]?.physicalLocation?.region).toEqual({ startLine: 9, startColumn: 1 });
    expect(result?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toMatch(/leaky\.yaml$/);
  });

  it("suppresses what a record excepts, with its reason", () => {
    const results = sarifLog(report, "1.2.3").runs[0]?.results ?? [];
    const suppressed = results.filter(({ suppressions }) => suppressions !== undefined);
    expect(suppressed.map(({ ruleId, level }) => `${ruleId} ${level}`)).toEqual([
      "closed-segments note",
      "published-address note",
    ]);
    expect(suppressed[0]?.suppressions).toEqual([
      { kind: "inSource", justification: report.exceptions[0]?.reason },
    ]);
  });

  it("gives every result a fingerprint of its own", () => {
    const results = sarifLog(report, "1.2.3").runs[0]?.results ?? [];
    const prints = results.map(({ partialFingerprints }) => partialFingerprints?.["ums/v1"]);
    expect(new Set(prints).size).toBe(prints.length);
  });
});

it("JUnit has a case for each policy, and fails those that refuse", () => {
  const document = create(junitXml(report)).toObject() as {
    testsuites: { "@failures": string; testsuite: { testcase: Record<string, unknown>[] } };
  };
  const cases = document.testsuites.testsuite.testcase;
  expect(cases).toHaveLength(report.policies);
  const failed = cases.filter((one) => one.failure !== undefined);
  expect(failed.map((one) => String(one["@name"]).split(":")[0]).sort()).toEqual(
    [...new Set(report.refused.map(({ policy }) => policy))].sort(),
  );
  expect(document.testsuites["@failures"]).toBe(String(failed.length));
});

it("JUnit prints whom a record excepts with the policy's case, failed or not", () => {
  const printed = (xml: string, policy: string) =>
    new RegExp(`name="${policy}: .*?<system-out>(.*?)</system-out>`, "s").exec(xml)?.[1];
  const [exception] = report.exceptions;
  const line = `catalog/monitoring/alertmanager.yaml:${exception?.place?.line}: alertmanager is excepted: ${exception?.reason}`;
  expect(report.refused.map(({ policy }) => policy)).toContain("closed-segments");
  expect(printed(junitXml(report), "closed-segments")).toBe(line);
  expect(printed(junitXml({ ...report, refused: [] }), "closed-segments")).toBe(line);
});

describe("the command", () => {
  const check = (...words: string[]) =>
    execa(process.execPath, [join(projectRoot, "cli/bin.mjs"), "check", ...words], { reject: false });

  it("shows violations by service with the place of each, and exits with 1", async () => {
    const { exitCode, stdout } = await check("--stack", "bad", "--stack-file", file);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^Refused \(\d+\)/);
    expect(stdout).toMatch(/leaky +closed-segments +high .*remove egress.*leaky\.yaml:9/);
    expect(stdout).toContain("Exceptions used (2)");
  });

  it("is clean for the production stack", async () => {
    const { exitCode, stdout } = await check("--stack", "prod");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Stack prod \(production\): \d+ policies, \d+ resources: 0 refused/);
  });
});

describe("the guard of the program", () => {
  it("lets a clean stack pass", () => {
    expect(() => guard(projectRoot, loadStack(projectRoot, "staging"))).not.toThrow();
  });

  it("throws what is refused, with its place", () => {
    expect(() => guard(projectRoot, loadStack(projectRoot, "bad", { file }))).toThrow(
      /leaky\.yaml:9:1: leaky: .* \[closed-segments\]/,
    );
  });

  it("judges the platform that the engine has, where the file says something else", () => {
    const clean = { ...platform, environment: "development", services: { include: ["authelia"] } };
    const text = stringify({ config: { "ums:platform": clean } });
    const written = join(folder({ "stack.yaml": text }), "stack.yaml");
    const loaded = loadStack(projectRoot, "bad", { file: written, engineValue: platform });
    expect(() => guard(projectRoot, loaded, platform)).toThrow(/leaky: .* \[closed-segments\]/);
  });
});
