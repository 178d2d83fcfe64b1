import { listSetting } from "./setting";

/** Options of a volume's driver; of Docker's own those of a mount: `device`, `o` and `type`. */
export type DriverOptions = Readonly<Record<string, string>>;

/** The folder of the host that a volume is; undefined for one in Docker's own folder or on another machine. */
export function folderOf(driver = "local", options: DriverOptions = {}): string | undefined {
  // What a plug-in does with a path is its own affair: it counts as mounted.
  if (driver !== "" && driver !== "local")
    return Object.values(options).find((value) => value.startsWith("/"));
  const { device = "", o = "", type = "" } = options;
  const isBind = o.split(",").some((option) => option === "bind" || option === "rbind");
  if (isBind) return device;
  // Windows shares are written //server/share.
  return device.startsWith("/") && !/^(?:cifs|smb)/.test(type) ? device : undefined;
}

/** For rules over what is mounted from the host. */
export const sensitiveFolders = listSetting(
  "Folders of the host; what is below them and what holds them counts, and / for itself alone.",
  [
    "/",
    "/boot",
    "/dev",
    "/etc",
    "/lib/modules",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/docker",
    "/var/run",
  ],
);

/** Says that the path is, lies in or holds one of the folders; undefined when it does not. */
export function sensitivity(path: string, folders: readonly string[]): string | undefined {
  const place = `${path} of the host`;
  if (folders.some((folder) => isWithin(path, folder))) return place;
  const held = folders.find((folder) => isWithin(folder, path));
  return held === undefined ? undefined : `${place}, which holds ${held}`;
}

/** Below / counts as nothing: all is below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || (folder !== "/" && path.startsWith(`${folder}/`));
}

/** A socket of an engine, wherever it is. */
export function isEngineSocket(path: string): boolean {
  return /\/(docker|containerd|podman|crio|buildkitd)[^/]*\.sock$/.test(path);
}
