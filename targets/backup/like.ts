import type Docker from "dockerode";

/** What a container has from its service's running one: everything but its mounts, networks, ports, devices and labels. */
export function like({ Config, HostConfig, Image }: Docker.ContainerInspectInfo): {
  container: Docker.ContainerCreateOptions;
  host: Docker.HostConfig;
} {
  return {
    container: { ...pick(Config, ["Cmd", "Entrypoint", "Env", "User", "WorkingDir"]), Image },
    host: pick(HostConfig, [
      "CapAdd",
      "CapDrop",
      "CpuPeriod",
      "CpuQuota",
      "GroupAdd",
      "Init",
      "LogConfig",
      "Memory",
      "MemorySwap",
      "NanoCpus",
      "ReadonlyRootfs",
      "SecurityOpt",
      "ShmSize",
      "Sysctls",
      "Tmpfs",
    ]),
  };
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    keys.flatMap((key) => (from[key] === undefined || from[key] === null ? [] : [[key, from[key]]])),
  ) as Partial<Pick<T, K>>;
}
