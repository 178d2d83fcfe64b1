import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import type { StackConfig } from "../../stacks/config/load.ts";
import { formatProblem, InputError } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";
import { chosenReal } from "../../stacks/real.ts";
import { writePrivate } from "../files.ts";
import type { CheckReport, Finding } from "./check.ts";

/** A finding as one line: where, what, how to fix it, and which policy says so. */
export function showFinding({ place, message, policy }: Finding): string {
  return `${formatProblem({ ...(place ? { place } : {}), message })} [${policy}]`;
}

/**
 * Judges a stack by the policies before its first resource is registered. Policies judge declared resources, and
 * Pulumi's runtime, which here belongs to the engine, is one a process: so the stack is declared in a process of its own.
 * @param engineValue ums:platform as the engine has it, from which the stack was resolved: it need not be the file's
 * @throws InputError naming every mandatory violation
 */
export function guard(
  root: string,
  { platform, config }: { platform: Judged; config: Pick<StackConfig, "file"> },
  engineValue?: unknown,
): void {
  const folder = mkdtempSync(join(tmpdir(), "ums-guard-"));
  try {
    const file = resolve(root, config.file);
    const judged = engineValue === undefined ? file : join(folder, "stack.yaml");
    if (judged !== file) writePrivate(judged, withPlatform(readFileSync(file, "utf8"), engineValue));
    judge(root, platform, judged);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Judged = Pick<Platform, "rehearsal" | "stack">;

/** A stack's config with another ums:platform, as JSON, which is YAML too. */
function withPlatform(text: string, value: unknown): string {
  const { config, ...others } = parse(text) as { config: object };
  return JSON.stringify({ ...others, config: { ...config, "ums:platform": value } });
}

function judge(root: string, platform: Judged, file: string): void {
  const words = [
    ...["check", "--json", "--stack", platform.stack, "--stack-file", file],
    // What an earlier `ums up --real` chose is nothing to this run.
    ...["--real", platform.rehearsal ? chosenReal(platform) : "config"],
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
