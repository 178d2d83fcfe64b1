import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const tmpfsOptions: ContainerPolicy = {
  kind: "container",
  name: "tmpfs-options",
  field: "lifted",
  title: "A tmpfs is mounted noexec and nosuid",
  level: "mandatory",
  severity: "medium",
  source: dockerDocs("tmpfs mounts", "engine/storage/tmpfs/"),
  reason: "A writable folder that programs start from undoes the read-only root filesystem",
  fix: "add noexec,nosuid to its options, or lift tmpfs-exec for the path with a reason",
  reads: ["tmpfs", "mounts"],
  check(container) {
    const named = Object.entries(container.inputs.tmpfs ?? {}).flatMap(([path, options]) => {
      const set = new Set(options.split(","));
      const missing = [
        ...(set.has("noexec") || isLifted(container, "tmpfs-exec", path) ? [] : ["noexec"]),
        ...(set.has("nosuid") ? [] : ["nosuid"]),
      ];
      return missing.length > 0 ? [`the tmpfs ${path} is not ${missing.join(" and ")}`] : [];
    });
    const mounted = (container.inputs.mounts ?? [])
      .filter(({ type }) => type === "tmpfs")
      .map(({ target }) => `the mount ${target} is a tmpfs without options`);
    return [...named, ...mounted];
  },
};
