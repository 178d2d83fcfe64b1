import type { CatalogEntry } from "../catalog/entry.ts";
import type { VolumeRecord } from "../catalog/record.ts";
import type { StackConfig } from "../config/load.ts";
import type { Problem } from "../errors.ts";
import type { DataVolume, Mount, PlatformPlacement, Tmpfs } from "../platform.ts";

/** MiB of a transcode tmpfs when its record names no size. */
const transcodeSize = 1024;

/** Ids that own a service's files: those its process ends up with. */
export function ownerOf({ user }: CatalogEntry["value"]): { uid: number; gid: number } {
  return { uid: user.drops?.uid ?? user.uid, gid: user.drops?.gid ?? user.gid };
}

/** Names of services and volumes have no underscore, so no two of these are the same. */
function volumeName(stack: string, service: string, volume: VolumeRecord): string {
  return volume.shared ? `${stack}_${volume.name}` : `${stack}-${service}_${volume.name}`;
}

/** Volume mounts of one service; transcode scratch is not among them. */
export function mountsOf(stack: string, { value: record }: CatalogEntry): Mount[] {
  return record.volumes
    .filter((volume) => volume.class !== "transcode")
    .map((volume) => ({
      volume: volumeName(stack, record.name, volume),
      path: volume.path,
      readOnly: volume.access === "read",
      copyImageContent: volume.copyImageContent !== undefined,
      setOwner: volume.access === "write" && volume.copyImageContent === undefined,
      ...copyOf(volume, record),
      ...(volume.leaveOut.length > 0 ? { leaveOut: volume.leaveOut } : {}),
      ...(volume.folders.length > 0 ? { folders: withParents(volume.folders) } : {}),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A record's word first; else what is the service's own and cannot be had again. */
function copyOf(volume: VolumeRecord, { backup }: CatalogEntry["value"]): Pick<Mount, "copy"> {
  if (backup === "none" || volume.copy === "none") return {};
  if (volume.copy !== undefined) return { copy: volume.copy };
  const lasting =
    volume.class === "config" ||
    volume.class === "database" ||
    (volume.class === "media" && backup === "media-weekly");
  return lasting && !volume.shared ? { copy: "files" } : {};
}

/** The folders and those they lie in, each once, sorted: a parent comes before what is in it. */
function withParents(folders: readonly string[]): string[] {
  const all = folders.flatMap((folder) => {
    const parts = folder.split("/");
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  });
  return [...new Set(all)].sort();
}

/** In-memory mounts of one service: its tmpfs entries and its transcode scratch. */
export function tmpfsOf({ value: record }: CatalogEntry): Tmpfs[] {
  const executable = new Set(
    record.lifted.flatMap((lift) => (lift.privilege === "tmpfs-exec" ? [lift.value] : [])),
  );
  const scratch = record.volumes
    .filter((volume) => volume.class === "transcode")
    .map((volume) => ({ path: volume.path, size: volume.size ?? transcodeSize }));
  return [...record.tmpfs, ...scratch]
    .map(({ path, size }) => ({ path, size, exec: executable.has(path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Every data volume of the stack, sorted by name. */
export function dataVolumes(
  enabled: ReadonlyMap<string, CatalogEntry>,
  config: StackConfig,
  report: (problem: Problem) => void,
): DataVolume[] {
  const volumes = new Map<string, DataVolume & { users: string[]; writer: boolean }>();
  for (const [service, entry] of enabled) {
    const owner = ownerOf(entry.value);
    for (const [index, volume] of entry.value.volumes.entries()) {
      if (volume.class === "transcode") continue;
      const name = volumeName(config.stack, service, volume);
      const writes = volume.access === "write";
      const known = volumes.get(name);
      if (!known) {
        volumes.set(name, {
          name,
          class: volume.class,
          shared: volume.shared,
          owner,
          users: [service],
          writer: writes,
          placement: placementOf(config, volume, service),
        });
        continue;
      }
      const place = entry.locate(["volumes", index]);
      if (known.class !== volume.class) {
        report({
          place,
          message: `the shared volume "${volume.name}" is ${volume.class} here and ${known.class} in ${known.users[0]}`,
        });
      }
      if (writes && known.writer && (known.owner.uid !== owner.uid || known.owner.gid !== owner.gid)) {
        const theirs = `${known.owner.uid}:${known.owner.gid}`;
        report({
          place,
          message: `${service} writes the shared volume "${volume.name}" as ${owner.uid}:${owner.gid}, ${known.users[0]} as ${theirs}; give both the same ids`,
        });
      }
      if (writes && !known.writer) Object.assign(known, { owner, writer: true });
      known.users.push(service);
    }
  }
  return [...volumes.values()]
    .map(({ writer, ...volume }) => volume)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Outside Docker's own folder every volume has a sub-folder of its own, so that none lies inside another. */
function placementOf(config: StackConfig, volume: VolumeRecord, service: string): PlatformPlacement {
  const placement = volume.class === "transcode" ? undefined : config.platform.storage[volume.class];
  if (!placement || placement.kind === "local") return { kind: "local" };
  const folder = volume.shared ? volume.name : `${service}_${volume.name}`;
  return { ...placement, path: `${placement.path.replace(/\/$/, "")}/${folder}` };
}
