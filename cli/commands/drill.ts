import { type Drilled, drill, serversOf } from "../../targets/backup/drill/drill.ts";
import { Backup, latestBy } from "../../targets/backup/repository.ts";
import { connectDocker, dockerFault } from "../../targets/docker/host.ts";
import { appendPrivate } from "../../targets/files.ts";
import { Violation } from "../output/exit.ts";
import { withProgress } from "../output/progress.ts";
import { table } from "../output/table.ts";
import { openSession } from "../session.ts";
import { checkNames, platformRepositories } from "./backup.ts";
import { choose, planOf, type RestoreOptions, readTime } from "./restore.ts";
import { showBytes } from "./volumes.ts";

/**
 * `restore --drill`: the last backups are restored beside the stack, read whole and started, and then thrown away. How it
 * went is kept in the stack's state, a line each time, and in the metrics of the backups, of which an alert speaks.
 * @throws Violation when one did not come back
 */
export async function drillRestore(names: readonly string[], options: RestoreOptions): Promise<void> {
  const session = openSession(options);
  checkNames(names, session);
  const { stack, loaded, state } = session;
  const repository = options.from ?? platformRepositories(session)[0] ?? "";
  const docker = await connectDocker();
  const backup = new Backup(docker, loaded.platform);
  const latest = latestBy(await backup.snapshots(repository), readTime(options.to));
  const snapshots = choose(withServers(names, backup), latest, session, repository);
  if (options.dryRun === true) {
    process.stdout.write(`${planOf(snapshots, repository, [])}\n`);
    return;
  }
  const drilled = await state.locked(() =>
    withProgress(
      {
        title: `drill ${stack}`,
        run: async (progress) => {
          try {
            return await drill(backup, { repository, snapshots }, progress);
          } catch (error) {
            throw dockerFault(error);
          }
        },
      },
      options.json === true,
    ),
  );
  const at = new Date().toISOString();
  appendPrivate(state.drillsPath, JSON.stringify({ at, repository, services: drilled }));
  for (const { service, class: kind, failure, begun } of drilled) {
    const start = String(Math.floor(begun.getTime() / 1000));
    const code = failure === undefined ? "0" : "1";
    const { exitCode } = await backup.run(["drilled", repository, service, kind, code, start]);
    if (exitCode !== 0)
      process.stderr.write(
        `${service}: how it went is not in the metrics; npx ums up renews what keeps them\n`,
      );
  }
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ repository, services: drilled }, null, 2)}\n`
      : `${summary(stack, repository, drilled)}\n`,
  );
  if (drilled.some(({ failure }) => failure !== undefined)) throw new Violation();
}

/** The named services, and the database servers that they cannot start without. */
function withServers(names: readonly string[], backup: Backup): string[] {
  const services = backup.platform.services.filter(({ name }) => names.includes(name));
  const servers = services.flatMap((service) => serversOf(backup, service));
  return [...new Set([...names, ...servers.map(({ name }) => name)])].sort();
}

function summary(stack: string, repository: string, drilled: readonly Drilled[]): string {
  const now = Date.now();
  const failed = drilled.filter(({ failure }) => failure !== undefined);
  const seconds = drilled.reduce((sum, one) => sum + one.seconds, 0);
  const bytes = drilled.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  const oldest = Math.max(...drilled.map(({ time }) => now - time.getTime()));
  return [
    table(
      ["service", "backup of (UTC)", "size", "databases", "starts", "seconds"],
      drilled.map((one) => [
        one.service,
        one.time.toISOString().slice(0, 19),
        one.bytes === undefined ? "-" : showBytes(one.bytes),
        one.databases === undefined ? "-" : `${one.databases} sound`,
        one.failure === undefined ? (one.healthy ? "healthy" : "not tried") : "FAILED",
        one.seconds.toFixed(1),
      ]),
    ),
    "",
    ...drilled.flatMap(({ service, notStarted, failure }) => [
      ...(notStarted === undefined ? [] : [`${service} is not started: ${notStarted}`]),
      ...(failure === undefined ? [] : [`${service} did not come back: ${failure}`]),
    ]),
    `drill of ${stack} from ${repository}: ${drilled.length - failed.length} of ${drilled.length} services came back, ${showBytes(bytes)} in ${Math.round(seconds)} s; the oldest of their backups was made ${age(oldest)} ago`,
  ].join("\n");
}

/** Milliseconds as people say a time. */
function age(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
