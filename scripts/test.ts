import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/**
 * The whole check of the project: types, lint, generated files, and every test. Prints what was skipped and why, and
 * last one line: `N passed, N failed, N skipped`. Words after the command go to vitest (`npm test -- --project unit`).
 */
const root = join(import.meta.dirname, "..");
const totals = { passed: 0, failed: 0, skipped: 0 };
const skipped = new Map<string, number>();

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  testResults: {
    name: string;
    status: string;
    assertionResults: { status: string; ancestorTitles: string[] }[];
  }[];
}

async function step(title: string, command: string, words: readonly string[]): Promise<void> {
  process.stdout.write(`\n== ${title}\n`);
  const { failed } = await execa(command, words, {
    cwd: root,
    stdio: "inherit",
    reject: false,
    preferLocal: true,
  });
  if (failed) totals.failed++;
  else totals.passed++;
}

async function vitest(words: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ums-report-"));
  const file = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { failed } = await execa("vitest", ["run", ...reporters, ...words], {
      cwd: root,
      stdio: "inherit",
      reject: false,
      preferLocal: true,
    });
    const report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
    totals.passed += report.numPassedTests;
    totals.skipped += report.numPendingTests + report.numTodoTests;
    // A file that breaks before its first test counts as one failure.
    const broken = report.testResults.filter(
      ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
    );
    totals.failed += report.numFailedTests + broken.length;
    if (failed && report.numFailedTests + broken.length === 0) totals.failed++;
    for (const { assertionResults } of report.testResults) {
      for (const { status, ancestorTitles } of assertionResults) {
        if (status !== "skipped" && status !== "pending") continue;
        const group = ancestorTitles[0] ?? "tests";
        skipped.set(group, (skipped.get(group) ?? 0) + 1);
      }
    }
  } catch (error) {
    process.stdout.write(`the test run left no report: ${(error as Error).message}\n`);
    totals.failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await step("types", "tsc", []);
await step("lint and format", "biome", ["check", "--error-on-warnings", "."]);
await step("catalog/schema.json is current", process.execPath, [
  "--import",
  "tsx",
  "scripts/schema.ts",
  "--check",
]);
process.stdout.write("\n== tests\n");
const words = process.argv.slice(2);
// vitest has one worker for all files that must not run at the same time, so each kind gets a run of its own.
const runs = [
  ["--project", "docker"],
  ["--project", "unit", "--project", "programs"],
];
await Promise.all(words.length > 0 ? [vitest(words)] : runs.map(vitest));

process.stdout.write("\n");
function reasonOf(group: string): string {
  if (group === "actionlint") return "neither actionlint nor Go to build it with";
  return /pulumi/i.test(group) ? "no pulumi on PATH" : "no Docker engine could be had";
}
for (const [group, count] of skipped) {
  process.stdout.write(`skipped ${count}: ${group} (${reasonOf(group)})\n`);
}
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exitCode = totals.failed > 0 ? 1 : 0;
