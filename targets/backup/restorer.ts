import type Docker from "dockerode";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Service } from "../../stacks/platform.ts";
import { isMissing, lastLogLines } from "../docker/host.ts";
import type { Backup, Snapshot } from "./repository.ts";

const gibibyte = 1024 ** 3;

/** Where the volume stands in which a server keeps what it works on. */
const live = "/live";

/** A word for a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * What a one-shot container does beside the backup's: the service's files become those of the snapshot, and databases
 * are put where they were copied from, as the service's own.
 */
function restoreScript(
  repository: string,
  snapshot: Snapshot,
  service: Service,
  volumes: readonly string[],
  replaced: boolean,
): string {
  const source = `/sources/${service.name}`;
  const copies = `/copies/${service.name}`;
  const { uid, gid } = service.owner;
  return `set -eu
export RESTIC_PASSWORD_FILE=/run/secrets/password
. /etc/backup/repositories.sh
# A request that was not answered yet would have the server write new copies over these.
rm -f /requests/${service.name}
for folder in ${volumes.map(quoted).join(" ")}
do
  # A volume that came later is in no earlier backup.
  in_repository ${repository} cat tree --no-lock ${snapshot.id}:$folder >/dev/null 2>&1 || continue
  in_repository ${repository} restore --retry-lock 10m --quiet --delete --target $folder ${snapshot.id}:$folder
done
${
  snapshot.paths.includes(copies)
    ? `scratch=/cache/restored
rm -rf $scratch
in_repository ${repository} restore --retry-lock 10m --quiet --target $scratch ${snapshot.id}:${copies}
cd $scratch
find . -type f ! -path ./.databases | while read -r file
do
  mkdir -p "${source}/\${file%/*}"
  cp "$file" "${source}/$file"
  chown ${uid}:${gid} "${source}/$file"
done
cd /
rm -rf $scratch`
    : ""
}
${replaced ? `rm -rf ${live}/appendonlydir ${live}/dump.rdb\ncp -a ${source}/dumps/appendonlydir ${live}/` : ""}
`;
}

/** Runs it with the backup's own volumes, and write access to those of the one service. @throws EnvironmentFault */
export async function restoreVolumes(
  backup: Backup,
  repository: string,
  snapshot: Snapshot,
  service: Service,
): Promise<void> {
  const { docker, platform } = backup;
  const running = await docker.getContainer(backup.container).inspect();
  const source = `/sources/${service.name}/`;
  const mounts = running.Mounts.filter(
    ({ Type, Destination }) =>
      Type === "volume" && (!Destination.startsWith("/sources/") || Destination.startsWith(source)),
  ).map(({ Name = "", Destination, RW }) => mount(Name, Destination, !RW && !Destination.startsWith(source)));
  const volumes = mounts.flatMap(({ Target }) => (Target.startsWith(source) ? [Target] : []));
  const replaced = service.configure === "redis" ? service.mounts.find(isLive) : undefined;
  if (replaced) mounts.push(mount(replaced.volume, live, false));
  const name = `${platform.stack}-${backup.service.name}_restore`;
  await removed(docker, name);
  const container = await docker.createContainer({
    name,
    Image: running.Image,
    Entrypoint: ["/bin/sh", "-c"],
    Cmd: [restoreScript(repository, snapshot, service, volumes, replaced !== undefined)],
    User: "0:0",
    Env: [`RESTIC_CACHE_DIR=${backup.service.environment.RESTIC_CACHE_DIR ?? "/cache"}`],
    Labels: { "ums.stack": platform.stack },
    HostConfig: {
      // The way to a repository off site, and none else.
      NetworkMode: `container:${running.Id}`,
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "size=256m" },
      CapDrop: ["ALL"],
      CapAdd: ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: gibibyte,
      MemorySwap: gibibyte,
      Mounts: mounts,
    },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode === 0) return;
    const lines = await lastLogLines(docker, container.id, 10);
    throw new EnvironmentFault(
      `${service.name} could not be restored (exit ${StatusCode}):\n  ${lines.join("\n  ")}`,
      "what was there before was backed up first; restore again, or that: npx ums snapshots",
    );
  } finally {
    await removed(docker, name);
  }
}

const isLive = ({ copy, readOnly }: Service["mounts"][number]) => copy === undefined && !readOnly;

function mount(volume: string, path: string, readOnly: boolean): Docker.MountSettings {
  return { Type: "volume", Source: volume, Target: path, ReadOnly: readOnly };
}

async function removed(docker: Docker, name: string): Promise<void> {
  await docker
    .getContainer(name)
    .remove({ force: true })
    .catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
}
