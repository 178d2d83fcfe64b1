import { folderOf, isEngineSocket, isWithin } from "../lib/bound";
import { type Container, hostPaths, normal } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

/** Where engines put their sockets; of an engine without root, the folder of its user. */
const usual = ["docker.sock", "containerd/containerd.sock", "podman/podman.sock", "crio/crio.sock", "user"];

/** `/var/run` is a link to `/run`: whoever has all of the host's folders finds its own `/run` there. */
function socketsIn(source: string): string[] {
  if (/^(?:\/var)?\/run\/user\/[^/]+$/.test(source)) return [`${source}/docker.sock`];
  const folders = source === "/" ? ["/run"] : ["/run", "/var/run"];
  return folders
    .flatMap((folder) => usual.map((name) => `${folder}/${name}`))
    .filter((socket) => source === "/" || isWithin(socket, source));
}

/** Something that is not the host's is mounted over the path, below the mount itself: the deeper one is seen. */
function isHidden({ inputs }: Container, path: string, mount: string): boolean {
  const over = [
    ...Object.keys(inputs.tmpfs ?? {}),
    ...(inputs.mounts ?? [])
      .filter(({ type, volumeOptions = {} }) => {
        const { driverName, driverOptions } = volumeOptions;
        return type !== "bind" && folderOf(driverName, driverOptions) === undefined;
      })
      .map(({ target = "" }) => target),
  ].map(normal);
  return over.some((target) => target !== mount && isWithin(target, mount) && isWithin(path, target));
}

export const engineSocket: ContainerPolicy = {
  kind: "container",
  name: "engine-socket",
  field: "lifted",
  title: "Only the socket proxy mounts the engine's socket, read-only, and nothing a folder with one",
  level: "mandatory",
  severity: "critical",
  source: cis("5.32"),
  reason:
    "Who can connect to the Docker or containerd socket is root on the host, and a read-only mount stops no connection",
  fix: "link the service to the socket proxy, and mount the socket read-only there",
  reads: ["mounts", "volumes", "tmpfs"],
  settings: { services: listSetting("Services that may mount the socket read-only.", ["socket-proxy"]) },
  check(container, context) {
    const isProxy = context.list("services").includes(container.service);
    return hostPaths(container).flatMap(({ source, target, readOnly }) => {
      if (isEngineSocket(source)) {
        if (!isProxy) return [`it mounts ${source}`];
        return readOnly ? [] : [`it mounts ${source} to write`];
      }
      const mount = normal(target);
      const isOpen = socketsIn(source).some((socket) => {
        const path = normal(`${mount}/${source === "/" ? socket : socket.slice(source.length)}`);
        return !isHidden(container, path, mount);
      });
      return isOpen ? [`it mounts ${source}, where engines have their sockets`] : [];
    });
  },
};
