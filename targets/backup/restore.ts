import type { Catalog } from "../../stacks/catalog/entry.ts";
import { recoverScript } from "../../stacks/configure/data/postgres/recover.ts";
import { restoreScript } from "../../stacks/configure/data/postgres/restore.ts";
import { copyFolder } from "../../stacks/configure/operations/answer.ts";
import { fallingWith } from "../../stacks/dependants.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Service } from "../../stacks/platform.ts";
import { execIn } from "../docker/exec.ts";
import { runningServices, startServices, stopServices } from "../docker/power.ts";
import { OneShotFailed, runAs } from "./beside.ts";
import type { Backup, Snapshot } from "./repository.ts";
import { restoreVolumes } from "./restorer.ts";

export interface Restore {
  repository: string;
  /** What each service goes back to. */
  snapshots: readonly Snapshot[];
  /** The moment to which database servers go back that can reach any. */
  to?: Date | undefined;
  /** Services that an earlier try of it stopped. */
  stopped?: readonly string[];
}

/** Services that stop for a restore: those restored, and who cannot do without them. Sorted. */
export async function stoppedFor(
  { docker, platform }: Backup,
  catalog: Catalog,
  names: readonly string[],
): Promise<string[]> {
  const running = await runningServices(docker, platform);
  const falling = fallingWith(catalog, running, names);
  return [...new Set([...names.filter((name) => running.includes(name)), ...falling])].sort();
}

/**
 * Puts services back to their snapshots: they and their consumers stop, volumes are replaced, database servers start and
 * take up their dumps, and what ran before runs again, in order, until it is healthy. What fails leaves the rest stopped
 * as it is: the same restore goes on. Returns what people should know of it, a line each.
 * @throws EnvironmentFault, ServicesFailed
 */
export async function restore(
  backup: Backup,
  catalog: Catalog,
  { repository, snapshots, to, stopped = [] }: Restore,
  progress: (message: string) => void,
): Promise<string[]> {
  const { docker, platform } = backup;
  const names = snapshots.map(({ service }) => service);
  const stopping = await stoppedFor(backup, catalog, names);
  await stopServices(docker, platform, stopping, progress);
  for (const snapshot of snapshots) {
    const service = platform.services.find(({ name }) => name === snapshot.service);
    if (!service) continue;
    progress(`${service.name}: its volumes`);
    await restoreVolumes(backup, repository, snapshot, service);
  }
  const notes: string[] = [];
  for (const service of platform.services) {
    const copies = copyFolder(service);
    if (!names.includes(service.name) || service.configure !== "postgres" || copies === undefined) continue;
    if (to) {
      progress(`${service.name}: its log, up to ${to.toISOString()}`);
      const outcome = await recover(backup, service, copies, to);
      notes.push(`${service.name} ${outcome.said}`);
      if (outcome.done) continue;
    }
    await startServices(docker, platform, [service.name], progress);
    progress(`${service.name}: its databases`);
    const container = `${platform.stack}-${service.name}`;
    const { exitCode, stderr } = await execIn(docker, container, ["sh", "-c", restoreScript(copies)]);
    if (exitCode !== 0) {
      throw new EnvironmentFault(
        `${service.name} did not take up its dumps (exit ${exitCode}): ${stderr.trim()}`,
        "its consumers are stopped; mend the cause and run the same restore again",
      );
    }
  }
  await startServices(docker, platform, [...new Set([...names, ...stopping, ...stopped])], progress);
  return notes;
}

/** Has a stopped PostgreSQL follow its archived log from its restored base backup to a moment. */
async function recover(
  backup: Backup,
  service: Service,
  copies: string,
  to: Date,
): Promise<{ done: boolean; said: string }> {
  const archive = service.mounts.find(({ copy }) => copy === "files")?.path;
  if (archive === undefined) return { done: false, said: "keeps no log: it is as in its dumps" };
  const script = recoverScript({ base: `${copies}/base`, archive, data: '"$PGDATA"', to });
  try {
    const last = /^recovered (\S+)$/m.exec(await runAs(backup, service, script))?.[1];
    return {
      done: true,
      said:
        last === "-"
          ? "is as in its base backup: nothing changed later"
          : `is as it was after its last change by then, at ${last} UTC`,
    };
  } catch (error) {
    if (!(error instanceof OneShotFailed)) throw error;
    return {
      done: false,
      said: `is as in its dumps, because its log does not lead to that moment (${error.message})`,
    };
  }
}
