import { type Check, listed, names, shellWord } from "./check.ts";

const gibibyte = 1024 ** 3;
/** GiB below which images and databases soon have no room. */
const scarce = 20;
/** GiB below which an `up` fails. */
const full = 2;

/** Room in Docker's folder. `free` in bytes. */
export function diskSpace(folder: string, free: number): Check {
  const name = names.disk;
  const gibibytes = free / gibibyte;
  const found = `${gibibytes.toFixed(gibibytes < 10 ? 1 : 0)} GiB free in ${folder}`;
  const fix =
    "docker image prune --all  # images no container uses; docker system df shows what else is held";
  if (gibibytes < full) return { name, state: "failed", found: `${found}, at least ${full} are needed`, fix };
  if (gibibytes < scarce)
    return { name, state: "warning", found: `${found}, ${scarce} are a good start`, fix };
  return { name, state: "ok", found };
}

/** A folder of the host that a volume is kept in. */
export interface BindFolder {
  path: string;
  owner: { uid: number; gid: number };
  is: "folder" | "missing" | "other";
}

/** Folders of bind placements: Docker mounts them, and does not make them. */
export function storageFolders(folders: readonly BindFolder[]): Check {
  const name = names.folders;
  const other = folders.filter(({ is }) => is === "other");
  if (other.length > 0) {
    const found = `${listed(other.map(({ path }) => path))}: not a folder`;
    const moves = other.map(({ path }) => `mv ${shellWord(path)} ${shellWord(`${path}.old`)}`);
    return { name, state: "failed", found, fix: [...moves, ...other.map(make)].join(" && ") };
  }
  const missing = folders.filter(({ is }) => is === "missing");
  if (missing.length > 0) {
    const found = `missing: ${listed(missing.map(({ path }) => path))}`;
    return { name, state: "failed", found, fix: missing.map(make).join(" && ") };
  }
  return { name, state: "ok", found: `all ${folders.length} are there` };
}

function make({ path, owner }: BindFolder): string {
  return `install -d -o ${owner.uid} -g ${owner.gid} ${shellWord(path)}`;
}

/** A media folder that services share, and the folders right below it. */
export interface SharedFolder {
  path: string;
  /** st_dev */
  device: number;
  below: readonly { path: string; device: number }[];
}

/**
 * Downloads become media by a hard link, which crosses neither filesystems nor mounts: all shared media folders must be
 * on one filesystem, with no mount below them.
 */
export function oneFilesystem(folders: readonly SharedFolder[], mountPoints: readonly string[]): Check {
  const name = names.filesystem;
  const device = folders[0]?.device;
  const elsewhere = folders
    .flatMap(({ path, device: own, below }) => [{ path, device: own }, ...below])
    .filter((place) => place.device !== device)
    .map(({ path }) => path);
  const mounted = mountPoints.filter((point) => folders.some(({ path }) => isBelow(point, path)));
  const apart = [...new Set([...elsewhere, ...mounted])].sort();
  const root = folders[0]?.path ?? "";
  if (apart.length === 0) return { name, state: "ok", found: `downloads and media share ${root}` };
  return {
    name,
    state: "failed",
    found: `${listed(apart)}: apart from ${root}, so imports copy instead of linking`,
    fix: `umount the folders named, and keep their content in plain folders of ${shellWord(root)}'s filesystem`,
  };
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder.replace(/\/$/, "")}/`);
}

/** Mount points of /proc/self/mountinfo. */
export function mountPointsOf(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    if (point === undefined) return [];
    return [
      point.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    ];
  });
}
