import { hostPaths } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/settings";
import { cis } from "../lib/sources";

const sockets = /\/(docker|containerd|podman|crio|buildkitd)[^/]*\.sock$/;

export const engineSocket: ContainerPolicy = {
  kind: "container",
  name: "engine-socket",
  field: "lifted",
  title: "Only the socket proxy mounts the engine's socket, read-only",
  level: "mandatory",
  severity: "critical",
  source: cis("5.32"),
  reason: "Who can write to the Docker or containerd socket is root on the host",
  fix: "link the service to the socket proxy, and mount the socket read-only there",
  reads: ["mounts", "volumes"],
  settings: { services: listSetting("Services that may mount the socket read-only.", ["socket-proxy"]) },
  check(container, context) {
    const isProxy = context.list("services").includes(container.service);
    return hostPaths(container)
      .filter(({ source }) => sockets.test(source))
      .flatMap(({ source, readOnly }) => {
        if (!isProxy) return [`it mounts ${source}`];
        return readOnly ? [] : [`it mounts ${source} to write`];
      });
  },
};
