import { InputError } from "../../stacks/errors.ts";
import { Backup, beforeRestore, latestBy, type Snapshot } from "../../targets/backup/repository.ts";
import { restore as restoreSnapshots, stoppedFor } from "../../targets/backup/restore.ts";
import { connectDocker, dockerFault } from "../../targets/docker/host.ts";
import { confirmName } from "../output/confirm.ts";
import { Violation } from "../output/exit.ts";
import { withProgress } from "../output/progress.ts";
import { table } from "../output/table.ts";
import { type RestoreJournal, readRestore, removeRestore, writeRestore } from "../restoreJournal.ts";
import { openSession, type StackOptions } from "../session.ts";
import { checkNames, platformRepositories } from "./backup.ts";
import { showBytes } from "./volumes.ts";

export interface RestoreOptions extends StackOptions {
  to?: string;
  from?: string;
  dryRun?: boolean;
  withoutBackup?: boolean;
  drill?: boolean;
  json?: boolean;
}

/**
 * The `restore` command: services go back to their last backup, or to the last one by a time. The plan comes first, then
 * a question, then a backup of what is there now.
 */
export async function restore(names: readonly string[], options: RestoreOptions): Promise<void> {
  const session = openSession(options);
  checkNames(names, session);
  const { stack, loaded } = session;
  const time = readTime(options.to);
  const repository = options.from ?? platformRepositories(session)[0] ?? "";
  const docker = await connectDocker();
  const backup = new Backup(docker, loaded.platform);
  const chosen = choose(names, latestBy(await backup.snapshots(repository), time), session, repository);
  const services = chosen.map(({ service }) => service);
  const stopping = await stoppedFor(backup, loaded.catalog, services);
  process.stdout.write(`${planOf(chosen, repository, stopping)}\n`);
  if (options.dryRun === true) return;
  const first = options.withoutBackup === true ? "no backup of it is made" : "a backup of it is made first";
  await confirmName(`the present state of ${services.join(", ")} (${first})`, stack);
  await session.state.locked(async () => {
    const journal = await begin(session.state.restorePath, backup, services, {
      stopping,
      save: options.withoutBackup !== true,
    });
    const started = Date.now();
    const notes = await whilePaused(backup, () =>
      withProgress(
        {
          title: `restore ${services.join(" ")}`,
          run: (progress) =>
            restoreSnapshots(
              backup,
              loaded.catalog,
              { repository, snapshots: chosen, to: time, stopped: journal.stopped },
              progress,
            ),
        },
        false,
      ),
    ).catch((error: unknown) => {
      throw dockerFault(error);
    });
    removeRestore(session.state.restorePath);
    const seconds = Math.round((Date.now() - started) / 1000);
    for (const note of notes) process.stdout.write(`${note}\n`);
    process.stdout.write(`restored: ${services.join(", ")}, in ${seconds} s\n`);
  });
}

/** Milliseconds after which the pause is said again: the schedule goes on by itself when nobody does. */
const pauseEvery = 180_000;

/** Does something while the schedule makes no backups. */
async function whilePaused<T>(backup: Backup, work: () => Promise<T>): Promise<T> {
  await backup.run(["pause"]);
  const again = setInterval(() => void backup.run(["pause"]).catch(() => {}), pauseEvery);
  try {
    return await work();
  } finally {
    clearInterval(again);
    await backup.run(["resume"]);
  }
}

/**
 * Backs up what is about to be overwritten, unless a restore that was cut off did so before it overwrote it, and writes
 * down what this one begins with.
 */
async function begin(
  path: string,
  backup: Backup,
  services: readonly string[],
  { stopping, save }: { stopping: readonly string[]; save: boolean },
): Promise<RestoreJournal> {
  const before = readRestore(path);
  const kept = services.filter((name) => before?.saved.includes(name));
  if (before && kept.length > 0) {
    process.stderr.write(
      `${kept.join(", ")}: a restore began at ${before.at} and was cut off; the state before it is backed up already\n`,
    );
  }
  const left = services.filter((name) => !kept.includes(name));
  if (save && left.length > 0) await saveFirst(backup, left);
  const union = (first: readonly string[] = [], second: readonly string[] = []) =>
    [...new Set([...first, ...second])].sort();
  const journal = {
    at: before?.at ?? new Date().toISOString(),
    saved: save ? union(before?.saved, services) : (before?.saved ?? []),
    stopped: union(before?.stopped, stopping),
  };
  writeRestore(path, journal);
  return journal;
}

/** @throws Violation where not everything could be saved: then nothing is overwritten */
async function saveFirst(backup: Backup, services: readonly string[]): Promise<void> {
  const write = (text: string) => process.stderr.write(text);
  const { exitCode } = await backup.run(["now", "--mark", beforeRestore, ...services], write);
  if (exitCode === 0) return;
  write(
    "the present state could not be backed up, for the reasons above, and nothing was restored; --without-backup restores over it\n",
  );
  throw new Violation();
}

/** @throws InputError for what is no time, or is still to come */
export function readTime(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  const refuse = (message: string) => new InputError([{ message: `--to ${text}: ${message}` }]);
  if (Number.isNaN(time.getTime())) throw refuse("write a time as 2027-03-31T14:05 or 2027-03-31T14:05Z");
  if (time.getTime() > Date.now()) throw refuse("that time is still to come");
  return time;
}

export function choose(
  names: readonly string[],
  latest: ReadonlyMap<string, Snapshot>,
  { loaded, stack }: ReturnType<typeof openSession>,
  repository: string,
): Snapshot[] {
  const wanted =
    names.length > 0
      ? names
      : loaded.platform.services.map(({ name }) => name).filter((name) => latest.has(name));
  const chosen = wanted.flatMap((name) => latest.get(name) ?? []);
  const problems = wanted
    .filter((name) => !latest.has(name))
    .map((name) => ({
      message: `${repository} has no backup of ${name} by then: npx ums snapshots ${name}`,
    }));
  if (problems.length > 0) throw new InputError(problems);
  if (chosen.length === 0)
    throw new InputError([{ message: `${repository} has no backup of the stack ${stack} by then` }]);
  return chosen;
}

export function planOf(chosen: readonly Snapshot[], repository: string, stopping: readonly string[]): string {
  const rows = chosen.map(({ service, id, time, bytes }) => [
    service,
    time.toISOString().slice(0, 19),
    id.slice(0, 8),
    bytes === undefined ? "-" : showBytes(bytes),
  ]);
  return [
    table(["service", "goes back to (UTC)", "snapshot", "size"], rows),
    "",
    `from ${repository}; stops meanwhile: ${stopping.join(", ") || "nothing"}`,
  ].join("\n");
}
