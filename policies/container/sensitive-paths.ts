import { hostPaths, isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/settings";
import { cis } from "../lib/sources";

function isWithin(path: string, folder: string): boolean {
  return path === folder || (folder !== "/" && path.startsWith(`${folder}/`));
}

/** Sockets of engines have a rule of their own. */
function isSocket(path: string): boolean {
  return /\/(docker|containerd|podman|crio|buildkitd)[^/]*\.sock$/.test(path);
}

export const sensitivePaths: ContainerPolicy = {
  kind: "container",
  name: "sensitive-paths",
  field: "lifted",
  title: "No sensitive folder of the host is mounted",
  level: "mandatory",
  severity: "critical",
  source: cis("5.6"),
  reason: "What is mounted can be read, and what can be written changes the host",
  fix: "use a volume, or lift host-mount for the path, read-only and with a reason",
  reads: ["mounts", "volumes"],
  settings: {
    paths: listSetting("Folders of the host; what is below them counts, and / for itself alone.", [
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
    ]),
  },
  check(container, context) {
    return hostPaths(container)
      .filter(({ source }) => !isSocket(source))
      .flatMap(({ source, readOnly }) => {
        const root = context.list("paths").find((path) => isWithin(source, path));
        if (root === undefined) return [];
        if (!isLifted(container, "host-mount", source)) return [`it mounts ${source} of the host`];
        return readOnly ? [] : [`it mounts ${source} of the host to write`];
      });
  },
};
