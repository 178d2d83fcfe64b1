import { type SegmentName, segmentNames } from "../catalog/record.ts";
import { type Cidr, formatAddress, formatCidr, overlaps, parseCidr, subnet } from "../cidr.ts";
import type { StackConfig } from "../config/load.ts";
import type { Problem } from "../errors.ts";
import type { Segment } from "../platform.ts";

/**
 * Third octet of each segment inside the pool. proxy to dmz are the seed documents'
 * (10.10.0.0/24 to 10.10.4.0/24); the rest follow on. Permanent: a change replaces networks.
 */
const segmentIndex: Readonly<Record<Segment["name"], number>> = {
  proxy: 0,
  media: 1,
  admin: 2,
  data: 3,
  dmz: 4,
  downloads: 5,
  "medianest-frontend": 6,
  "medianest-backend": 7,
  egress: 8,
};
/** Records are numbered 0 to 127; a link's /29 is number consumer * 128 + provider of its pool. */
const numbers = 128;
const linkPrefix = 29;
/** Address of the service numbered 0 in a segment; the first ones are left to the gateway and to people. */
const firstHost = 10;

export interface Pools {
  segments: Cidr;
  links: Cidr;
}

/** The stack's two address pools. Problems go to `report`. */
export function readPools(config: StackConfig, report: (problem: Problem) => void): Pools | undefined {
  const { network } = config.platform;
  const segments = parseCidr(network.segments);
  const links = parseCidr(network.links);
  if (!segments || !links) return undefined;
  let fits = true;
  const refuse = (key: "segments" | "links", message: string) => {
    fits = false;
    report({ place: config.locate(["network", key]), message: `network.${key} ${network[key]} ${message}` });
  };
  if (segments.prefix > 20) refuse("segments", "is exhausted by the segments: they need a /20 or larger");
  if (links.prefix > 15)
    refuse("links", "is exhausted by the links: 128 x 128 pairs of services need a /15 or larger");
  if (overlaps(segments, links)) refuse("links", `overlaps network.segments ${network.segments}`);
  return fits ? { segments, links } : undefined;
}

/** True for the networks with a way out of the host. A container is on one of them at most. */
export function leadsOut(name: Segment["name"]): boolean {
  return name === "egress" || name === "dmz";
}

export function segmentNetwork(pools: Pools, name: Segment["name"]): Segment {
  const cidr = subnet(pools.segments, 24, segmentIndex[name]);
  return {
    name,
    cidr: formatCidr(cidr),
    gateway: formatAddress(cidr.base + 1),
    internal: !leadsOut(name),
  };
}

/** The address of a service in a segment, from its permanent number alone. */
export function segmentAddress(pools: Pools, name: Segment["name"], number: number): string {
  return formatAddress(subnet(pools.segments, 24, segmentIndex[name]).base + firstHost + number);
}

/** The /29 of a link and its two addresses, from the permanent numbers of its two services alone. */
export function linkNetwork(pools: Pools, consumer: number, provider: number) {
  const cidr = subnet(pools.links, linkPrefix, consumer * numbers + provider);
  return {
    cidr: formatCidr(cidr),
    gateway: formatAddress(cidr.base + 1),
    consumerAddress: formatAddress(cidr.base + 2),
    providerAddress: formatAddress(cidr.base + 3),
  };
}

/** Segments anyone lives in, and the egress network when anyone uses it. */
export function usedSegments(pools: Pools, used: ReadonlySet<Segment["name"]>): Segment[] {
  const names: Segment["name"][] = [...(segmentNames as readonly SegmentName[]), "egress"];
  return names
    .filter((name) => used.has(name))
    .sort()
    .map((name) => segmentNetwork(pools, name));
}
