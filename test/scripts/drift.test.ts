import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder } from "../fixtures/folders.ts";
import { runScript } from "./programs.ts";

const found = '{"stack": "prod", "drift": []}';
const clean = { pulumi: 0, ums: 0, umsOutput: found };

async function report({ pulumi, ums, umsOutput }: typeof clean) {
  const out = join(folder(), "drift", "report.json");
  const run = await runScript(
    "driftReport.ts",
    ["--stack", "prod", "--out", out],
    ["pulumi", "npx"],
    [
      { when: "pulumi refresh --preview-only --expect-no-changes", output: "~ image", exitCode: pulumi },
      { when: "npx ums drift --stack prod --json", output: umsOutput, exitCode: ums },
    ],
  );
  return { ...run, report: existsSync(out) ? JSON.parse(readFileSync(out, "utf8")) : undefined };
}

describe("the report of drift", () => {
  it("finds nothing where both comparisons find nothing", async () => {
    const { exitCode, report: written } = await report(clean);
    expect(exitCode).toBe(0);
    expect(written).toEqual({ stack: "prod", findings: [] });
  });

  it("holds what either finds, and is no failure", async () => {
    const { exitCode, report: written } = await report({ ...clean, pulumi: 7, ums: 1 });
    expect(exitCode).toBe(0);
    const [first, second] = written.findings;
    expect(first.command).toMatch(/^pulumi refresh --preview-only .*--stack prod$/);
    expect(first.output).toBe("~ image");
    expect(second).toEqual({ command: "npx ums drift --stack prod --json", output: found });
  });

  it.each([
    { ...clean, pulumi: 1 },
    { ...clean, ums: 3 },
    // A crash of ums has the exit code of a difference.
    { ...clean, ums: 1, umsOutput: "" },
    { ...clean, ums: 1, umsOutput: '{"drift": [' },
    { ...clean, ums: 1, umsOutput: "null" },
  ])("is not made where a comparison fails: %j", async (codes) => {
    const { exitCode, report: written } = await report(codes);
    expect(exitCode).toBe(1);
    expect(written).toBeUndefined();
  });
});

describe("the issue about drift", () => {
  const title = "Drift of the stack prod";
  const open = [
    { number: 3, title: "Drift of the stack staging" },
    { number: 8, title },
  ];

  async function issue(findings: { command: string; output: string }[], issues: typeof open) {
    const files = folder({ "report.json": JSON.stringify({ stack: "prod", findings }) });
    const { calls, exitCode } = await runScript(
      "driftIssue.ts",
      [join(files, "report.json")],
      ["gh"],
      [{ when: "gh issue list --state open --label drift", output: JSON.stringify(issues) }],
    );
    expect(exitCode).toBe(0);
    return calls.slice(1);
  }

  const findings = [{ command: "npx ums drift", output: "has ``` in it" }];

  it("is opened once", async () => {
    const calls = await issue(findings, open.slice(0, 1));
    expect(calls.map(({ words }) => words.slice(0, 2).join(" "))).toEqual(["label create", "issue create"]);
    expect(calls[1]?.words).toEqual([
      "issue",
      "create",
      "--title",
      title,
      "--label",
      "drift",
      "--body-file",
      "-",
    ]);
    expect(calls[1]?.input).toContain("`npx ums drift`\n\n````text\nhas ``` in it\n````");
  });

  it("is written anew while there is drift", async () => {
    const calls = await issue(findings, open);
    expect(calls.map(({ words }) => words.join(" "))).toEqual(["issue edit 8 --body-file -"]);
  });

  it("is closed when the drift is gone", async () => {
    const calls = await issue([], open);
    expect(calls.map(({ words }) => words.join(" "))).toEqual(["issue close 8 --comment The drift is gone."]);
  });

  it("is none where there is no drift", async () => expect(await issue([], open.slice(0, 1))).toEqual([]));

  it("stays below the length that GitHub takes", async () => {
    const long = { command: "pulumi refresh", output: "x".repeat(200_000) };
    const [, created] = await issue([long, long], []);
    expect(created?.input.length).toBeLessThan(65_536);
    expect(created?.input).toContain("… cut; the run's log has all of it");
  });
});
