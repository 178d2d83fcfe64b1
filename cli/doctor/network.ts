import type { Protocol } from "../../stacks/catalog/record.ts";
import { type Cidr, formatCidr, overlaps, parseCidr } from "../../stacks/cidr.ts";
import type { Platform } from "../../stacks/platform.ts";
import { neighbourFix, neighboursNeeded } from "../../targets/verify/neighbours.ts";
import { type Check, listed, names, shellWord } from "./check.ts";

/** Switch by which packets between neighbours on a bridge pass the host's packet filter. */
export const bridgeSwitch = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** The kernel's bridge filter, without which `enable_icc=false` separates nobody. `value` is the switch's content. */
export function bridgeFilter(value: string | undefined): Check {
  const name = names.bridge;
  if (value?.trim() === "1") return { name, state: "ok", found: "bridged packets pass the packet filter" };
  return {
    name,
    state: "failed",
    found: `${value === undefined ? "not loaded" : "switched off"}: neighbours on a segment would reach each other`,
    fix: "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1",
  };
}

/** The kernel's table of neighbours against what a measurement of the stack fills it with. `limit` is gc_thresh3's content. */
export function neighbourTable(platform: Platform, limit: string | undefined): Check {
  const name = names.neighbours;
  const needed = neighboursNeeded(platform);
  if (limit === undefined) return { name, state: "skipped", found: "this kernel does not show its limit" };
  const entries = Number(limit);
  const takes = `takes ${entries} entries`;
  if (entries >= needed) return { name, state: "ok", found: `${takes}, the stack has up to ${needed}` };
  return {
    name,
    state: "warning",
    found: `${takes}, and the stack has up to ${needed}: where it is full, services do not reach each other, and verify measures one at a time`,
    fix: neighbourFix,
  };
}

/** Addresses in use, and by whom. */
export interface Taken {
  owner: string;
  cidr: Cidr;
}

const dockerOwner = "the Docker network ";

/**
 * The stack's networks against those of others. `taken` stops an `up`; a route does not, but what lies behind it cannot
 * be reached any more.
 */
export function addressPools(
  platform: Pick<Platform, "segments" | "links">,
  taken: readonly Taken[],
  routes: readonly Taken[],
  file: string,
): Check {
  const name = names.pools;
  const wanted = [
    ...platform.segments.map((segment) => ({
      what: `segment ${segment.name}`,
      cidr: parseCidr(segment.cidr),
    })),
    ...platform.links.map((link) => ({
      what: `link ${link.consumer}-to-${link.provider}`,
      cidr: parseCidr(link.cidr),
    })),
  ].flatMap(({ what, cidr }) => (cidr ? [{ what, cidr }] : []));
  const clashesWith = (others: readonly Taken[]) =>
    others.flatMap((other) => {
      const clash = wanted.find(({ cidr }) => overlaps(cidr, other.cidr));
      return clash ? [{ ...clash, other }] : [];
    });
  const show = ({ what, cidr, other }: ReturnType<typeof clashesWith>[number]) =>
    `${formatCidr(cidr)} of ${what} overlaps ${formatCidr(other.cidr)} of ${other.owner}`;
  const move = `set network.segments and network.links to free pools in ${file}`;

  const clashes = clashesWith(taken);
  if (clashes.length > 0) {
    const owners = [...new Set(clashes.map(({ other }) => other.owner))];
    const removable = owners.every(
      (owner) => owner.startsWith(dockerOwner) && owner !== `${dockerOwner}bridge`,
    );
    const removal = owners.map((owner) => shellWord(owner.slice(dockerOwner.length))).join(" ");
    const fix = removable ? `docker network rm ${removal}  # where nothing needs it; or ${move}` : move;
    return { name, state: "failed", found: listed(clashes.map(show)), fix };
  }
  const known = new Set(taken.map(({ cidr }) => formatCidr(cidr)));
  const shadowed = clashesWith(routes.filter(({ cidr }) => !known.has(formatCidr(cidr))));
  if (shadowed.length > 0) return { name, state: "warning", found: listed(shadowed.map(show)), fix: move };
  return { name, state: "ok", found: `${wanted.length} networks, none taken by another` };
}

/** Interfaces whose routes lead to Docker's own networks, or to this machine itself. */
const ownInterface = /^(br-|docker|veth|lo$)/;

/** Routes of /proc/net/route that lead to other networks; the default route is none. */
export function routesOf(text: string): Taken[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .flatMap(([device = "", destination = "", , , , , , mask = ""]) => {
      const base = littleEndian(destination);
      const size = 2 ** 32 - littleEndian(mask);
      if (ownInterface.test(device) || mask === "" || size >= 2 ** 32) return [];
      return [
        { owner: `the route over ${device}`, cidr: { base, prefix: 32 - Math.round(Math.log2(size)) } },
      ];
    });
}

/** 0x0A6E0000 for 00006E0A, as the kernel prints 10.110.0.0 on a little-endian machine. */
function littleEndian(hex: string): number {
  return Number.parseInt(hex.match(/../g)?.reverse().join("") ?? "0", 16);
}

export interface HostPort {
  service: string;
  host: number;
  protocol: Protocol;
  /** ours: a running service of the stack holds it. */
  state: "free" | "taken" | "ours";
}

/** Host ports the stack publishes. */
export function publishedPorts(ports: readonly HostPort[], file: string): Check {
  const name = names.ports;
  const show = ({ host, protocol }: HostPort) => `${host}/${protocol}`;
  const taken = ports.filter(({ state }) => state === "taken");
  if (taken.length > 0) {
    const first = taken[0]?.host;
    const flags = taken[0]?.protocol === "udp" ? "-lunp" : "-ltnp";
    return {
      name,
      state: "failed",
      found: `${listed(taken.map((port) => `${show(port)} of ${port.service}`))}: taken by another program`,
      fix: `ss ${flags} 'sport = :${first}'  # shows the program to stop; or set publish.offset in ${file}`,
    };
  }
  const group = (state: HostPort["state"], what: string) => {
    const some = ports.filter((port) => port.state === state).map(show);
    return some.length > 0 ? [`${some.join(", ")} ${what}`] : [];
  };
  const found = [...group("free", "free"), ...group("ours", "held by this stack")].join("; ");
  return { name, state: "ok", found: found || "the stack publishes none" };
}
