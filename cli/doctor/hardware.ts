import type { GpuChoice } from "../../stacks/platform.ts";
import { type Check, listed, names } from "./check.ts";

/** Memory of the host against the sum of the services' limits, in MiB. */
export function hostMemory(
  services: readonly { name: string; memory: number }[],
  host: number,
  stack: { images: "rehearsal" | "real"; file: string },
): Check {
  const name = names.memory;
  const sum = services.reduce((total, { memory }) => total + memory, 0);
  const found = `limits add up to ${sum} MiB, the host has ${host} MiB`;
  if (sum <= host) return { name, state: "ok", found };
  if (stack.images === "rehearsal")
    return { name, state: "ok", found: `${found}; stand-ins use little of it` };
  const largest = [...services].sort((a, b) => b.memory - a.memory).map((one) => `${one.name} ${one.memory}`);
  return {
    name,
    state: "warning",
    found,
    fix: `lower overrides.<service>.memory in ${stack.file} (${listed(largest)}), or add names to services.exclude`,
  };
}

/** What the host has of a GPU that needs device nodes. */
export interface RenderDevices {
  /** Render nodes /dev/dri/renderD* and the group that may use them. */
  nodes: readonly { path: string; group: number }[];
  /** /dev/kfd is there. */
  kfd: boolean;
}

/** An Intel or AMD GPU: its device nodes, and the group that may use them. */
export function renderGpu(
  gpu: Extract<GpuChoice, { renderGroup: number }>,
  devices: RenderDevices,
  file: string,
): Check {
  const name = names.gpu;
  const load =
    gpu.vendor === "intel" ? "modprobe i915" : "apt-get install firmware-amd-graphics && modprobe amdgpu";
  const fix = `${load}  # or set gpu.vendor: none in ${file}`;
  const [first] = devices.nodes;
  if (!first) return { name, state: "failed", found: `${gpu.vendor}: there is no /dev/dri/renderD*`, fix };
  const node = devices.nodes.find(({ group }) => group === gpu.renderGroup);
  if (!node) {
    return {
      name,
      state: "failed",
      found: `${gpu.vendor}: ${first.path} belongs to group ${first.group}, gpu.renderGroup is ${gpu.renderGroup}`,
      fix: `set gpu.renderGroup: ${first.group} in ${file}`,
    };
  }
  if (gpu.vendor === "amd" && !devices.kfd)
    return { name, state: "failed", found: "amd: there is no /dev/kfd", fix };
  return { name, state: "ok", found: `${gpu.vendor}: ${node.path}, group ${node.group}` };
}

/** The part of `docker info` that says whether containers can have an NVIDIA GPU. */
export interface NvidiaSupport {
  Runtimes?: Readonly<Record<string, unknown>> | null;
  CDISpecDirs?: readonly string[] | null;
  DiscoveredDevices?: readonly { ID?: string }[] | null;
}

/** An NVIDIA GPU: the container toolkit's runtime, or its CDI description. `specs`: names of files in the CDI folders. */
export function nvidiaGpu(info: NvidiaSupport, specs: readonly string[]): Check {
  const name = names.gpu;
  if (info.Runtimes?.nvidia) return { name, state: "ok", found: "nvidia: Docker has its runtime" };
  const discovered = info.DiscoveredDevices?.some(({ ID }) => ID?.startsWith("nvidia.com/gpu"));
  if (discovered || ((info.CDISpecDirs ?? []).length > 0 && specs.some((file) => file.includes("nvidia")))) {
    return { name, state: "ok", found: "nvidia: Docker has its CDI description" };
  }
  return {
    name,
    state: "failed",
    found: "nvidia: Docker has neither its runtime nor a CDI description",
    fix: "apt-get install nvidia-container-toolkit && nvidia-ctk runtime configure --runtime=docker && systemctl restart docker  # packages: https://nvidia.github.io/libnvidia-container",
  };
}

/** A host device that services are given by a lifted default. */
export function liftedDevice(path: string, services: readonly string[], present: boolean): Check {
  const users = services.join(", ");
  if (present) return { name: path, state: "ok", found: `there, for ${users}` };
  const found = `missing; ${users} cannot start without it`;
  if (path !== "/dev/net/tun") {
    return {
      name: path,
      state: "failed",
      found,
      fix: `load its driver, or add ${users} to services.exclude`,
    };
  }
  return {
    name: path,
    state: "failed",
    found,
    fix: "modprobe tun && echo tun > /etc/modules-load.d/tun.conf",
  };
}
