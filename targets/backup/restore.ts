import type { Catalog } from "../../stacks/catalog/load.ts";
import { restoreScript } from "../../stacks/configure/data/postgres/restore.ts";
import { copyFolder } from "../../stacks/configure/operations/answer.ts";
import { fallingWith } from "../../stacks/dependants.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { execIn } from "../docker/exec.ts";
import { runningServices, startServices, stopServices } from "../docker/power.ts";
import type { Backup, Snapshot } from "./repository.ts";
import { restoreVolumes } from "./restorer.ts";

export interface Restore {
  repository: string;
  /** What each service goes back to. */
  snapshots: readonly Snapshot[];
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
 * as it is: the same restore goes on.
 * @throws EnvironmentFault, ServicesFailed
 */
export async function restore(
  backup: Backup,
  catalog: Catalog,
  { repository, snapshots }: Restore,
  progress: (message: string) => void,
): Promise<void> {
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
  for (const service of platform.services) {
    const copies = copyFolder(service);
    if (!names.includes(service.name) || service.configure !== "postgres" || copies === undefined) continue;
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
  await startServices(docker, platform, [...new Set([...names, ...stopping])], progress);
}
