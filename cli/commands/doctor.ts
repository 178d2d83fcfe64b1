import colors from "picocolors";
import type { Check } from "../doctor/check.ts";
import { examine } from "../doctor/examine.ts";
import { exitCodes } from "../output/exit.ts";
import { table } from "../output/table.ts";
import { openSession, type StackOptions } from "../session.ts";

/** The `doctor` command: what the stack needs of this machine, and how to get it; exit code 3 when something failed. */
export async function doctor(options: StackOptions & { json?: boolean }): Promise<void> {
  const session = openSession(options);
  const checks = await examine(session);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(doctorJson(session.stack, checks), null, 2)}\n`
      : doctorText(checks),
  );
  if (count(checks, "failed") > 0) process.exitCode = exitCodes.environment;
}

export function doctorJson(stack: string, checks: readonly Check[]) {
  return { stack, checks, failed: count(checks, "failed"), warnings: count(checks, "warning") };
}

const marks = {
  ok: colors.green("✓"),
  warning: colors.yellow("!"),
  failed: colors.red("✗"),
  skipped: colors.dim("-"),
} as const;

export function doctorText(checks: readonly Check[]): string {
  const rows = checks.map(({ name, state, found }) => [marks[state], name, found]);
  const toFix = ["failed", "warning"].flatMap((state) => checks.filter((check) => check.state === state));
  const fixes = toFix.flatMap(({ name, state, fix }) =>
    fix ? [`${marks[state]}  ${name}\n     ${fix}`] : [],
  );
  const counts = [
    `${count(checks, "ok")} ok`,
    `${count(checks, "warning")} ${count(checks, "warning") === 1 ? "warning" : "warnings"}`,
    `${count(checks, "failed")} failed`,
    ...(count(checks, "skipped") > 0 ? [`${count(checks, "skipped")} skipped`] : []),
  ].join(", ");
  const sections = [
    table(["", "check", "found"], rows),
    ...(fixes.length > 0 ? [`How to fix\n${fixes.join("\n")}`] : []),
    counts,
  ];
  return `${sections.join("\n\n")}\n`;
}

function count(checks: readonly Check[], state: Check["state"]): number {
  return checks.filter((check) => check.state === state).length;
}
