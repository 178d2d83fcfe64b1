import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Service } from "../../stacks/platform.ts";
import { sourcePath } from "../../stacks/resolve/backup.ts";
import { shellQuoted } from "../../stacks/shell.ts";
import { mount, OneShotFailed, runBeside } from "./beside.ts";
import type { Backup, Snapshot } from "./repository.ts";

/** Where the volume stands in which a server keeps what it works on. */
const live = "/live";

/** Where the files of a snapshot go to, and how. */
export interface Target {
  /** Name of the volume that gets what was in a volume of the service. */
  volumeOf(volume: string): string;
  /** Folders of the snapshot that are read whole, and not written. */
  onlyRead: readonly string[];
  /** A copy, which must fit on the disk, and every file of which is compared with its checksum once it is written. */
  isCopy: boolean;
}

/** The service's own volumes. */
const itself: Target = { volumeOf: (volume) => volume, onlyRead: [], isCopy: false };

/** Lines that put folders of a snapshot back, and databases where they were copied from, as the service's own. */
export function restoreLines(
  repository: string,
  snapshot: Snapshot,
  service: Service,
  folders: readonly string[],
  archives: readonly string[],
  target: Target,
): string {
  const source = `/sources/${service.name}`;
  const copies = `/copies/${service.name}`;
  const { uid, gid } = service.owner;
  const isWritten = (folder: string) => !target.onlyRead.includes(folder);
  const written = folders.filter(isWritten);
  const list = (paths: readonly string[]) => paths.map(shellQuoted).join(" ");
  const copied = snapshot.paths.includes(copies);
  return `
# Whether the snapshot has a folder; a repository that cannot tell ends everything.
has() {
  listed=$(in_repository ${repository} ls --quiet --retry-lock 10m ${snapshot.id} "$1") || exit
  printf '%s\\n' "$listed" | grep -qxF "$1"
}
put() { in_repository ${repository} restore --retry-lock 10m --quiet ${target.isCopy ? "--verify " : ""}"$@"; }
${target.isCopy ? roomLines(repository, snapshot, service, written, copied ? copies : undefined) : ""}
for folder in ${list(written)}
do
  # A volume that came later is in no earlier backup.
  has "$folder" || continue
  # What is archived only ever gets more: what came after the snapshot is still needed.
  case " ${archives.join(" ")} " in
    *" $folder "*) put --overwrite never --target "$folder" "${snapshot.id}:$folder" ;;
    *) put --delete --target "$folder" "${snapshot.id}:$folder" ;;
  esac
done
for folder in ${list(target.onlyRead)}
do
  has "$folder" || continue
  in_repository ${repository} dump --retry-lock 10m --archive tar "${snapshot.id}:$folder" / >/dev/null
done
${
  copied
    ? `scratch=/cache/restored
rm -rf $scratch
put --target $scratch ${snapshot.id}:${copies}
cd $scratch
find . -type f ! -path ./.databases | while read -r file
do
  mkdir -p "${source}/\${file%/*}"
  cp -p "$file" "${source}/$file"
  chown ${uid}:${gid} "${source}/$file"
done
cd /
rm -rf $scratch`
    : ""
}`;
}

/** Bytes that a copy leaves free on its disk: a full one would stop the services themselves. */
const spare = 1024 ** 3;

/** Exit code of a copy for which there is no room. */
const noRoom = 28;

/** Lines that refuse a copy that does not fit, before it is begun. */
function roomLines(
  repository: string,
  snapshot: Snapshot,
  service: Service,
  folders: readonly string[],
  copies: string | undefined,
): string {
  // A database server makes databases of its dumps, and writes a log of that.
  const times = service.configure === "postgres" ? 3 : 1;
  return `need=0
needs() {
  has "$2" || return 0
  bytes=$(in_repository ${repository} restore --retry-lock 10m --json --dry-run --target /tmp/none "${snapshot.id}:$2" |
    sed -n 's/.*"total_bytes":\\([0-9]*\\).*/\\1/p' | tail -n 1)
  need=$((need + $1 * \${bytes:-0}))
}
${folders.map((folder) => `needs ${times} ${shellQuoted(folder)}`).join("\n")}
${copies === undefined ? "" : `needs 2 ${copies}`}
free=$(($(df -Pk ${shellQuoted(folders[0] ?? "/cache")} | awk 'NR == 2 { print $4 }') * 1024))
if [ $((free - need)) -lt ${spare} ]
then
  echo "it needs up to $((need / 1048576)) MiB beside ${spare / 1024 ** 2} MiB that stay free, and the disk has $((free / 1048576)) MiB left: make room, or name the services to drill without it" >&2
  exit ${noRoom}
fi`;
}

/**
 * Puts a service's volumes, or others in their places, back to a snapshot, with the backup's own volumes and write access
 * to those of the one service. `extra` are lines of shell to run afterwards, with further mounts. Returns what they wrote.
 * @throws OneShotFailed, also where there is no room for a copy
 */
export async function fillVolumes(
  backup: Backup,
  repository: string,
  snapshot: Snapshot,
  service: Service,
  target: Target,
  extra: { lines: string; mounts: ReturnType<typeof mount>[] } = { lines: "", mounts: [] },
): Promise<string> {
  const running = await backup.docker.getContainer(backup.container).inspect();
  const source = `/sources/${service.name}/`;
  const mounts = running.Mounts.filter(
    ({ Type, Destination }) =>
      Type === "volume" && (!Destination.startsWith("/sources/") || Destination.startsWith(source)),
  ).map(({ Name = "", Destination, RW }) =>
    Destination.startsWith(source)
      ? mount(target.volumeOf(Name), Destination, false)
      : mount(Name, Destination, !RW),
  );
  const folders = mounts.flatMap(({ Target }) => (Target.startsWith(source) ? [Target] : []));
  const archives = service.mounts
    .filter(({ copy }) => service.configure === "postgres" && copy === "files")
    .map(({ volume }) => sourcePath(backup.platform.stack, service.name, volume));
  const replaced = service.configure === "redis" ? service.mounts.find(isLive) : undefined;
  if (replaced) mounts.push(mount(target.volumeOf(replaced.volume), live, false));
  const script = `set -eu
export RESTIC_PASSWORD_FILE=/run/secrets/password
. /etc/backup/repositories.sh
${target.isCopy ? "" : `# A request that was not answered yet would have the server write new copies over these.\nrm -f /requests/${service.name}`}
${restoreLines(repository, snapshot, service, folders, archives, target)}
${replaced ? `rm -rf ${live}/appendonlydir ${live}/dump.rdb\ncp -a ${source}dumps/appendonlydir ${live}/` : ""}
${extra.lines}
`;
  return runBeside(backup, {
    suffix: "restore",
    image: running.Image,
    command: ["/bin/sh", "-c", script],
    mounts: [...mounts, ...extra.mounts],
    // The way to a repository off site, and none else.
    network: `container:${running.Id}`,
    capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
    environment: [`RESTIC_CACHE_DIR=${backup.service.environment.RESTIC_CACHE_DIR ?? "/cache"}`],
  });
}

/** Puts the volumes of a service back to a snapshot. @throws EnvironmentFault */
export async function restoreVolumes(
  backup: Backup,
  repository: string,
  snapshot: Snapshot,
  service: Service,
): Promise<void> {
  try {
    await fillVolumes(backup, repository, snapshot, service, itself);
  } catch (error) {
    if (!(error instanceof OneShotFailed)) throw error;
    throw new EnvironmentFault(
      `${service.name} could not be restored (${error.message})`,
      "what was there before was backed up first; restore again, or that: npx ums snapshots",
    );
  }
}

const isLive = ({ copy, readOnly }: Service["mounts"][number]) => copy === undefined && !readOnly;
