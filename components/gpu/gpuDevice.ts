import * as pulumi from "@pulumi/pulumi";
import type { GpuChoice } from "../../stacks/platform.ts";

/** The part of a container's arguments that gives it a GPU. */
export interface GpuArguments {
  deviceRequests?: { driver: string; count: number; capabilities: string[] }[];
  devices?: { hostPath: string; containerPath: string; permissions: string }[];
  groupAdds?: string[];
}

/** All GPUs of the host, in the words of Docker's device requests. */
const allGpus = -1;

/**
 * Device arguments for a GPU. NVIDIA goes through the container toolkit's device requests; Intel and AMD get the render
 * nodes and the host's numeric render group, AMD also /dev/kfd.
 */
export function gpuArguments(gpu: GpuChoice): GpuArguments {
  if (gpu.vendor === "nvidia") {
    return {
      deviceRequests: [
        { driver: "nvidia", count: allGpus, capabilities: ["compute", "gpu", "utility", "video"] },
      ],
    };
  }
  const paths = gpu.vendor === "amd" ? ["/dev/dri", "/dev/kfd"] : ["/dev/dri"];
  return {
    devices: paths.map((path) => ({ hostPath: path, containerPath: path, permissions: "rwm" })),
    groupAdds: [String(gpu.renderGroup)],
  };
}

/** The GPU a service uses, as a resource of its own so that the graph shows who shares it. */
export class GpuDevice extends pulumi.ComponentResource {
  readonly arguments: GpuArguments;

  constructor(name: string, args: { gpu: GpuChoice }, options?: pulumi.ComponentResourceOptions) {
    super("ums:gpu:GpuDevice", name, {}, options);
    this.arguments = gpuArguments(args.gpu);
    this.registerOutputs({ vendor: args.gpu.vendor });
  }
}
