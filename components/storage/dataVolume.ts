import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PlatformPlacement, DataVolume as ResolvedVolume } from "../../stacks/platform.ts";
import { labelsOf } from "../labels.ts";

export interface DataVolumeArgs {
  stack: string;
  volume: ResolvedVolume;
  /** Refuse to delete or replace it. */
  protectData: boolean;
}

/**
 * A named volume that outlives its containers, and its stack: deleting the resource leaves the volume on the host, and
 * creating it again takes the volume up as it is. Nearly every change to a volume replaces it, so nothing here varies
 * with settings.
 */
export class DataVolume extends pulumi.ComponentResource {
  readonly volume: docker.Volume;
  readonly volumeName: string;

  constructor(name: string, args: DataVolumeArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:storage:DataVolume", name, {}, options);
    const { stack, volume, protectData } = args;
    this.volumeName = volume.name;
    this.volume = new docker.Volume(
      `${name}-volume`,
      {
        name: volume.name,
        driver: "local",
        ...driverOptions(volume.placement),
        labels: labelsOf(stack, { "ums.class": volume.class }),
      },
      { parent: this, protect: protectData, retainOnDelete: true },
    );
    this.registerOutputs({ volumeName: this.volumeName });
  }
}

function driverOptions(placement: PlatformPlacement): { driverOpts?: Record<string, string> } {
  switch (placement.kind) {
    case "local":
      return {};
    case "bind":
      return { driverOpts: { device: placement.path, o: "bind", type: "none" } };
    case "nfs":
      return {
        driverOpts: {
          device: `:${placement.path}`,
          o: `addr=${placement.server},${placement.options}`,
          type: "nfs",
        },
      };
  }
}
