import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { root } from "../cli/session.ts";

/** What was found in a stack, and by which commands: `scripts/driftIssue.ts` makes an issue of it. */
export interface DriftReport {
  stack: string;
  findings: { command: string; output: string }[];
}

/** How a comparison says that it found a difference: Pulumi by a code that --expect-no-changes has for nothing else. */
const pulumiDiffers = ({ exitCode }: Ended) => exitCode === 7;

/** Exit code 1 of `ums` may also be a crash, which prints no report. */
const umsDiffers = ({ exitCode, stdout }: Ended) => exitCode === 1 && isReport(stdout);

interface Ended {
  exitCode?: number | undefined;
  stdout: string;
}

/**
 * Compares what runs with what was deployed, in two ways: Pulumi asks the provider for every resource of its state, and
 * `ums drift` asks the engine for what the provider does not read back.
 */
async function driftReport(stack: string, out: string): Promise<void> {
  const findings = [
    await compare(
      [
        "pulumi",
        "refresh",
        "--preview-only",
        "--expect-no-changes",
        "--non-interactive",
        "--diff",
        "--color",
        "never",
        "--stack",
        stack,
      ],
      pulumiDiffers,
    ),
    await compare(["npx", "ums", "drift", "--stack", stack, "--json"], umsDiffers),
  ].flat();
  const report: DriftReport = { stack, findings };
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
}

/** What a comparison prints where it finds a difference. @throws Error when it could not compare */
async function compare(
  [program = "", ...words]: string[],
  differs: (ended: Ended) => boolean,
): Promise<DriftReport["findings"]> {
  const { exitCode, stdout, stderr } = await execa(program, words, { cwd: root, reject: false });
  process.stdout.write(`${stdout}\n`);
  if (exitCode === 0) return [];
  const command = [program, ...words].join(" ");
  if (differs({ exitCode, stdout })) return [{ command, output: stdout }];
  throw new Error(`${command} ended with ${exitCode}:\n${stderr}`);
}

/** Whether a text is what `ums drift --json` writes. */
function isReport(text: string): boolean {
  try {
    return Array.isArray((JSON.parse(text) as { drift?: unknown } | null)?.drift);
  } catch {
    return false;
  }
}

await new Command("drift:report")
  .requiredOption("-s, --stack <name>", "the stack: Pulumi.<name>.yaml")
  .requiredOption("--out <file>", "write what was found there, as JSON")
  .action(({ stack, out }: { stack: string; out: string }) => driftReport(stack, out))
  .parseAsync();
