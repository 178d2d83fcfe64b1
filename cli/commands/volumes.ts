import type Docker from "dockerode";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { connectDocker, dockerFault } from "../../targets/docker/host.ts";
import { type StoredVolume, storedVolumes } from "../../targets/docker/volumes.ts";
import { confirmName } from "../output/confirm.ts";
import { table } from "../output/table.ts";
import { openSession, type StackOptions } from "../session.ts";

/** The `volumes` command: data volumes on the host, those of removed services too; `--delete` removes one of these. */
export async function volumes(options: StackOptions & { json?: boolean; delete?: string }): Promise<void> {
  const { loaded } = openSession(options);
  const docker = await connectDocker();
  const stored = await storedVolumes(docker, loaded.platform).catch((error: unknown) => {
    throw dockerFault(error);
  });
  if (options.delete !== undefined) {
    const volume = deletable(options.delete, stored, options.stack);
    await confirmName(`the volume and all that is in it${sizeOf(volume)}`, volume.name);
    await removeVolume(docker, volume.name, options.stack);
    process.stdout.write(`${volume.name} is gone\n`);
    return;
  }
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(stored, null, 2)}\n`);
    return;
  }
  const left = stored.filter(({ declared }) => !declared);
  process.stdout.write(
    `${table(
      ["volume", "class", "size", "of"],
      stored.map(({ name, class: kind, bytes, declared, users }) => [
        name,
        kind,
        bytes === undefined ? "-" : showBytes(bytes),
        declared ? users.join(" ") : "no service of the stack",
      ]),
    )}\n\n${stored.length} volumes${left.length > 0 ? `, ${left.length} of removed services: npx ums add takes them up again, npx ums volumes --delete <name> removes one` : ""}\n`,
  );
}

/** @throws EnvironmentFault while a container still has it */
export async function removeVolume(docker: Docker, name: string, stack: string): Promise<void> {
  try {
    await docker.getVolume(name).remove();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 409) throw dockerFault(error);
    throw new EnvironmentFault(
      `${name} still belongs to a container, so it was not removed`,
      `npx ums up --stack ${stack} first: it removes the containers of removed services`,
    );
  }
}

function deletable(name: string, stored: readonly StoredVolume[], stack: string): StoredVolume {
  const volume = stored.find((one) => one.name === name);
  if (!volume) {
    const names = stored.map((one) => one.name);
    throw new InputError([
      { message: `the stack ${stack} has no volume "${name}"${didYouMean(name, names)}` },
    ]);
  }
  if (volume.declared)
    throw new InputError([
      { message: `${name} belongs to ${volume.users.join(", ")}; remove the service first: npx ums remove` },
    ]);
  return volume;
}

function sizeOf({ bytes }: StoredVolume): string {
  return bytes === undefined ? "" : ` (${showBytes(bytes)})`;
}

/** Bytes as people read them: 1536 is 1.5 KiB. */
export function showBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
