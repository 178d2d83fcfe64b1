import { seedSteps, shellSeeder, stagedPath } from "../../../components/storage/seeding.ts";
import { isReal, type Service } from "../../../stacks/platform.ts";
import { sourcePath } from "../../../stacks/resolve/backup.ts";
import { execIn } from "../../docker/exec.ts";
import { mount } from "../beside.ts";
import type { Backup, Snapshot } from "../repository.ts";
import { fillVolumes } from "../restorer.ts";
import { checkSqlite, serverCheck } from "./checks.ts";
import { removeScratch, Scratch } from "./scratch.ts";

/** How the restore of one service went. */
export interface Drilled {
  service: string;
  /** Class of the backup. */
  class: string;
  snapshot: string;
  /** When the backup was made: what came later would be lost. */
  time: Date;
  /** Bytes in the backup, as it was made. */
  bytes?: number;
  /** When the drill of it began, and what it took. */
  begun: Date;
  seconds: number;
  /** Databases that were read whole and are sound; absent where nothing could look for them. */
  databases?: number;
  /** Whether it started on what was restored and its probe succeeded; absent where it is not started. */
  healthy?: true;
  /** Why it was not started. */
  notStarted?: string;
  /** What went wrong. */
  failure?: string;
}

/** Backed-up database servers of the stack that a service cannot start without. */
export function serversOf({ platform }: Backup, { after }: Service): Service[] {
  return platform.services.filter((one) => after.includes(one.name) && serverCheck(one) !== undefined);
}

/**
 * Restores services into a place beside the stack and looks whether they are whole: every restored file is compared with
 * its checksum, databases are read whole, and each service starts on what was restored until its own probe succeeds.
 * Database servers stay until the end, for those that need them; all others start alone, one after the other. What fails
 * does not keep the rest from being tried. Nothing of the stack is stopped or written.
 */
export async function drill(
  backup: Backup,
  { repository, snapshots }: { repository: string; snapshots: readonly Snapshot[] },
  progress: (message: string) => void,
): Promise<Drilled[]> {
  const { docker, platform } = backup;
  const scratch = new Scratch(docker, platform);
  await scratch.prepare();
  const done: Drilled[] = [];
  try {
    for (const name of platform.waves.flat()) {
      const snapshot = snapshots.find(({ service }) => service === name);
      const service = platform.services.find((one) => one.name === name);
      if (!snapshot || !service) continue;
      const begun = new Date();
      const outcome: Partial<Drilled> = {};
      const lost = serversOf(backup, service).find((server) =>
        done.some((one) => one.service === server.name && one.failure !== undefined),
      );
      const step = (what: string) => progress(`${name}: ${what}`);
      try {
        if (lost) outcome.failure = `${lost.name}, which it needs, did not come back`;
        else await drillOne(backup, scratch, { repository, snapshot, service }, outcome, step);
      } catch (error) {
        outcome.failure = (error as Error).message;
      }
      // Servers that came back stay for their consumers.
      if (serverCheck(service) === undefined || outcome.failure !== undefined) {
        await scratch.stop(service);
        await scratch.removeVolumes(service);
      }
      done.push({
        service: name,
        class: snapshot.class,
        snapshot: snapshot.id,
        time: snapshot.time,
        ...(snapshot.bytes === undefined ? {} : { bytes: snapshot.bytes }),
        begun,
        seconds: (Date.now() - begun.getTime()) / 1000,
        ...outcome,
      });
    }
  } finally {
    await removeScratch(docker, platform.stack);
  }
  return done;
}

async function drillOne(
  backup: Backup,
  scratch: Scratch,
  of: { repository: string; snapshot: Snapshot; service: Service },
  outcome: Partial<Drilled>,
  step: (what: string) => void,
): Promise<void> {
  const { docker, platform } = backup;
  const { service } = of;
  step("its files");
  await scratch.makeVolumes(service);
  await fill(backup, scratch, of);
  const server = isReal(platform, service.name) ? serverCheck(service) : undefined;
  if (server === undefined && isReal(platform, service.name)) {
    step("its databases");
    const volumes = service.mounts
      .filter(({ copy }) => copy === "files" || copy === "stopped")
      .map(({ volume }) => scratch.volumeOf(volume));
    const check = await checkSqlite(backup, volumes);
    if (check) outcome.databases = check.databases;
    if (check && check.problems.length > 0) throw new Error(check.problems.join("\n"));
  }
  if (service.drill) {
    outcome.notStarted = service.drill.reason;
    return;
  }
  step("its start");
  await scratch.start(service);
  const why = await scratch.unhealthy(service);
  if (why !== undefined) throw new Error(`it does not start on what was restored: ${why}`);
  if (server !== undefined) {
    step("its databases");
    const { exitCode, stdout, stderr } = await execIn(docker, scratch.container(service), [
      "sh",
      "-c",
      server,
    ]);
    if (exitCode !== 0)
      throw new Error(`its databases are not whole (exit ${exitCode}): ${(stderr || stdout).trim()}`);
    outcome.databases = Number(/^databases (\d+)$/m.exec(stdout)?.[1]);
  }
  outcome.healthy = true;
}

/** Puts a snapshot into the scratch volumes, and gives these the owners and folders that a new stack's would have. */
async function fill(
  backup: Backup,
  scratch: Scratch,
  { repository, snapshot, service }: { repository: string; snapshot: Snapshot; service: Service },
): Promise<void> {
  const { platform } = backup;
  const { stack } = platform;
  const media = new Set(platform.volumes.flatMap((volume) => (volume.class === "media" ? volume.name : [])));
  const owned = service.mounts.filter(({ setOwner }) => setOwner);
  const steps = seedSteps({ owned, folders: [], files: [], owner: service.owner });
  const [lines = ""] = shellSeeder("").command(steps).command;
  const target = {
    volumeOf: (volume: string) => scratch.volumeOf(volume),
    // What may be larger than any disk has room for once more.
    onlyRead: service.mounts
      .filter(({ copy, volume }) => copy !== undefined && media.has(volume))
      .map(({ volume }) => sourcePath(stack, service.name, volume)),
    isCopy: true,
  };
  const mounts = owned.map(({ volume, path }) => mount(scratch.volumeOf(volume), stagedPath(path), false));
  await fillVolumes(backup, repository, snapshot, service, target, { lines, mounts });
}
