import { join } from "node:path";
import { execa } from "execa";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";
import { ask } from "../output/ask.ts";
import { Interrupted } from "../output/exit.ts";
import { root, type StackOptions } from "../session.ts";

export interface BackupChoice extends StackOptions {
  /** False: go on without one. */
  backup?: boolean;
}

/** What taking a backup needs of the world. */
export interface BackupSteps {
  /** Services of the stack that run. */
  running(): Promise<readonly string[]>;
  /** Runs `ums backup` for services; false when it failed, which it has said by then. */
  backUp(services: readonly string[]): Promise<boolean>;
  /** Asks a person; undefined where there is none. */
  goOn: ((question: string) => Promise<boolean>) | undefined;
  say(line: string): void;
}

/**
 * Backs up the data of services before their images change, by the stack's own backup service. Without one, or when it
 * does not run, a person has to agree to go on.
 * @throws EnvironmentFault when the backup fails; nothing was changed then
 * @throws InputError when there is none, and nobody to ask
 * @throws Interrupted when the person does not agree
 */
export async function backUpFirst(
  platform: Platform,
  names: readonly string[],
  { backup }: BackupChoice,
  steps: BackupSteps,
): Promise<void> {
  const kept = platform.services
    .filter(({ name, backup }) => names.includes(name) && backup !== "none")
    .map(({ name }) => name);
  if (kept.length === 0) return;
  if (backup === false) return steps.say("no backup is taken first (--no-backup)");
  const service = platform.services.find(({ roles }) => roles.includes("backup"))?.name;
  if (service !== undefined && (await steps.running()).includes(service)) {
    steps.say(`backing up ${kept.join(", ")} first`);
    if (await steps.backUp(kept)) return;
    throw new EnvironmentFault(
      "the backup failed, so nothing was changed",
      "mend it, or go on without one: --no-backup",
    );
  }
  const lack =
    service === undefined
      ? `the stack ${platform.stack} has no backup service`
      : `the backup service ${service} does not run`;
  const problem = `${lack}, so the data of ${kept.join(", ")} would not be backed up first`;
  if (!steps.goOn) throw new InputError([{ message: `${problem}; --no-backup goes on without` }]);
  if (!(await steps.goOn(`${problem}. Go on without?`))) throw new Interrupted();
}

/** The steps as they are on this machine. */
export function backupSteps(
  { stack, stackFile }: StackOptions,
  running: BackupSteps["running"],
): BackupSteps {
  return {
    running,
    backUp: async (services) => {
      const options = ["--stack", stack, ...(stackFile === undefined ? [] : ["--stack-file", stackFile])];
      const { failed } = await execa(
        process.execPath,
        [join(root, "cli", "bin.mjs"), "backup", ...options, ...services],
        { stdin: "ignore", stdout: process.stderr, stderr: "inherit", reject: false },
      );
      return !failed;
    },
    goOn:
      process.stdin.isTTY && process.stdout.isTTY
        ? async (question) => (await ask(question, ["yes", "no"])) === "yes"
        : undefined,
    say: (line) => process.stderr.write(`${line}\n`),
  };
}
