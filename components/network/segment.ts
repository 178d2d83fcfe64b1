import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Segment } from "../../stacks/platform.ts";
import { labelsOf } from "../labels.ts";

/** Members of the bridge cannot reach each other. */
const noNeighbours = { "com.docker.network.bridge.enable_icc": "false" };

/**
 * The bridge gets no address. With one, a container on an internal network still has a default route to it, and over it
 * to every port the host listens on, on any of the host's addresses (seen on Docker 20.10).
 */
export const noHost = { "com.docker.network.bridge.inhibit_ipv4": "true" };

export interface NetworkSegmentArgs {
  stack: string;
  segment: Segment;
}

/**
 * A network that gives its members addresses but no neighbours: inter-container communication is off. It leads out of
 * the host only when the segment is not internal.
 */
export class NetworkSegment extends pulumi.ComponentResource {
  readonly network: docker.Network;
  /** The network's name in Docker: `<stack>-<segment>`. */
  readonly networkName: string;

  constructor(name: string, args: NetworkSegmentArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:network:NetworkSegment", name, {}, options);
    const { stack, segment } = args;
    this.networkName = segmentNetworkName(stack, segment.name);
    this.network = new docker.Network(
      `${name}-network`,
      {
        name: this.networkName,
        driver: "bridge",
        internal: segment.internal,
        ipamConfigs: [{ subnet: segment.cidr, gateway: segment.gateway }],
        options: { ...noNeighbours, ...(segment.internal ? noHost : {}) },
        labels: labelsOf(stack, { "ums.segment": segment.name }),
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.registerOutputs({ networkName: this.networkName });
  }
}

export function segmentNetworkName(stack: string, segment: Segment["name"]): string {
  return `${stack}-${segment}`;
}
