import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Link as ResolvedLink } from "../../stacks/platform.ts";
import { labelsOf } from "../labels.ts";
import { noHost } from "./segment.ts";

export interface LinkArgs {
  stack: string;
  link: ResolvedLink;
}

/**
 * The declared edge between a consumer and a provider: an internal /29 network with these two as its only members. The
 * provider's name is an alias on it, and on no other network; so are the link's host names.
 */
export class Link extends pulumi.ComponentResource {
  readonly network: docker.Network;
  /** The network's name in Docker: `<stack>-<consumer>_to_<provider>`. */
  readonly networkName: string;

  constructor(name: string, args: LinkArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:network:Link", name, {}, options);
    const { stack, link } = args;
    this.networkName = linkNetworkName(stack, link);
    this.network = new docker.Network(
      `${name}-network`,
      {
        name: this.networkName,
        driver: "bridge",
        internal: true,
        options: noHost,
        ipamConfigs: [{ subnet: link.cidr, gateway: link.gateway }],
        labels: labelsOf(stack, { "ums.consumer": link.consumer, "ums.provider": link.provider }),
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.registerOutputs({ networkName: this.networkName });
  }
}

export function linkNetworkName(stack: string, link: Pick<ResolvedLink, "consumer" | "provider">): string {
  return `${stack}-${link.consumer}_to_${link.provider}`;
}
