import { Backup } from "../../targets/backup/repository.ts";
import { connectDocker } from "../../targets/docker/host.ts";
import { table } from "../output/table.ts";
import { openSession, type StackOptions } from "../session.ts";
import { checkNames, platformRepositories } from "./backup.ts";
import { showBytes } from "./volumes.ts";

/** The `snapshots` command: what is in the repositories, newest last. */
export async function snapshots(
  names: readonly string[],
  options: StackOptions & { json?: boolean; from?: string },
): Promise<void> {
  const session = openSession(options);
  checkNames(names, session);
  const backup = new Backup(await connectDocker(), session.loaded.platform);
  const [first = ""] = platformRepositories(session);
  const found = (await backup.snapshots(options.from ?? first)).filter(
    ({ service }) => names.length === 0 || names.includes(service),
  );
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const rows = found.map(({ id, time, service, class: kind, bytes }) => [
    id.slice(0, 8),
    time.toISOString().slice(0, 19),
    service,
    kind,
    bytes === undefined ? "-" : showBytes(bytes),
  ]);
  process.stdout.write(`${table(["snapshot", "time (UTC)", "service", "class", "size"], rows)}\n`);
}
