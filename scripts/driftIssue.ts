import { readFileSync } from "node:fs";
import { Command } from "commander";
import { execa } from "execa";
import type { DriftReport } from "./driftReport.ts";

/** Characters of one command's output in the issue: GitHub takes 65,536 for all of it. */
const longestOutput = 30_000;
const label = "drift";

/**
 * Keeps one issue a stack: opens it when there is drift, writes it anew while there is, closes it when there is none. It
 * is found by its label and title. Works as whoever `gh`, GitHub's command, is logged in as.
 */
async function driftIssue(file: string): Promise<void> {
  const report = JSON.parse(readFileSync(file, "utf8")) as DriftReport;
  const title = `Drift of the stack ${report.stack}`;
  const { stdout } = await execa("gh", [
    ...["issue", "list", "--state", "open", "--label", label, "--limit", "100"],
    ...["--json", "number,title"],
  ]);
  const open = (JSON.parse(stdout) as { number: number; title: string }[]).find((one) => one.title === title);
  if (report.findings.length === 0) {
    if (open) await gh(["issue", "close", String(open.number), "--comment", "The drift is gone."]);
  } else if (open) {
    await gh(["issue", "edit", String(open.number), "--body-file", "-"], issueBody(report));
  } else {
    await gh(["label", "create", label, "--force", "--description", "what runs is not what was deployed"]);
    await gh(["issue", "create", "--title", title, "--label", label, "--body-file", "-"], issueBody(report));
  }
}

async function gh(words: readonly string[], input = ""): Promise<void> {
  await execa("gh", words, { input, stdout: "inherit", stderr: "inherit" });
}

function issueBody({ stack, findings }: DriftReport): string {
  const run = process.env.RUN_URL;
  return [
    `What runs in the stack \`${stack}\` is not what was deployed. \`pulumi up --stack ${stack}\` makes it so again; if the change is wanted, write it into the catalogue first.`,
    ...findings.map(({ command, output }) => `\`${command}\`\n\n${fenced(output)}`),
    ...(run === undefined ? [] : [`Found by ${run}`]),
  ].join("\n\n");
}

/** Text as it stands, in a fence longer than any in it. */
function fenced(text: string): string {
  const cut =
    text.length > longestOutput
      ? `${text.slice(0, longestOutput)}\n… cut; the run's log has all of it`
      : text;
  const fence = "`".repeat(Math.max(3, ...[...cut.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}text\n${cut}\n${fence}`;
}

await new Command("drift:issue")
  .argument("<report>", "the file that drift:report wrote")
  .action(driftIssue)
  .parseAsync();
