import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

/** Of an option and its opposite the later one counts. */
function isOff(option: string, options: string): boolean {
  const given = options.split(",").map((one) => one.trim());
  return given.lastIndexOf(`no${option}`) > given.lastIndexOf(option);
}

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
      const missing = [
        ...(isOff("exec", options) || isLifted(container, "tmpfs-exec", path) ? [] : ["noexec"]),
        ...(isOff("suid", options) ? [] : ["nosuid"]),
      ];
      return missing.length > 0 ? [`the tmpfs ${path} is not ${missing.join(" and ")}`] : [];
    });
    const mounted = (container.inputs.mounts ?? [])
      .filter(({ type }) => type === "tmpfs")
      .map(({ target }) => `the mount ${target} is a tmpfs without options`);
    return [...named, ...mounted];
  },
};
