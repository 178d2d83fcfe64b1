import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { formatProblem, InputError } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";
import { chosenReal } from "../../stacks/real.ts";
import type { CheckReport, Finding } from "./check.ts";

/** A finding as one line: where, what, how to fix it, and which policy says so. */
export function showFinding({ place, message, policy }: Finding): string {
  return `${formatProblem({ ...(place ? { place } : {}), message })} [${policy}]`;
}

/**
 * Judges a stack by the policies before its first resource is registered. Policies judge declared resources, and
 * Pulumi's runtime, which here belongs to the engine, is one a process: so the stack is declared in a process of its own.
 * @throws InputError naming every mandatory violation
 */
export function guard(
  root: string,
  platform: Pick<Platform, "rehearsal" | "stack">,
  file: string | undefined,
): void {
  const words = [
    ...["check", "--json", "--stack", platform.stack],
    ...(file === undefined ? [] : ["--stack-file", file]),
    ...(platform.rehearsal ? ["--real", chosenReal(platform)] : []),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "cli/bin.mjs"), ...words], {
    cwd: root,
    encoding: "utf8",
    // Without the engine's addresses: nothing this process declares may reach it.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"))),
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  if (status !== 1 || stdout === "") throw new Error(`the policies could not be applied:\n${stderr}`);
  const { refused } = JSON.parse(stdout) as CheckReport;
  throw new InputError([
    { message: `the policies refuse this stack:\n${refused.map(showFinding).join("\n")}` },
  ]);
}
