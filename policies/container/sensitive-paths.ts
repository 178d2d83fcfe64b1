import { isEngineSocket, sensitiveFolders, sensitivity } from "../lib/bound";
import { hostPaths, isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const sensitivePaths: ContainerPolicy = {
  kind: "container",
  name: "sensitive-paths",
  field: "lifted",
  title: "No sensitive folder of the host is mounted, and none that holds one",
  level: "mandatory",
  severity: "critical",
  source: cis("5.6"),
  reason: "What is mounted can be read, and what can be written changes the host",
  fix: "use a volume, or lift host-mount for the path, read-only and with a reason",
  reads: ["mounts", "volumes"],
  settings: { paths: sensitiveFolders },
  check(container, context) {
    return (
      hostPaths(container)
        // Sockets of engines have a rule of their own.
        .filter(({ source }) => !isEngineSocket(source))
        .flatMap(({ source, readOnly }) => {
          const place = sensitivity(source, context.list("paths"));
          if (place === undefined) return [];
          if (!isLifted(container, "host-mount", source)) return [`it mounts ${place}`];
          return readOnly ? [] : [`it mounts ${place} to write`];
        })
    );
  },
};
