import type { Protocol } from "../../stacks/catalog/record.ts";
import { type Cidr, overlaps, parseCidr } from "../../stacks/cidr.ts";
import type { Link, Platform, Service } from "../../stacks/platform.ts";

/** A network namespace of the stack: a service with the services that live in its network. */
export interface Namespace {
  /** The service whose network it is. */
  host: string;
  members: readonly Service[];
  containerId: string;
  containerName: string;
  /** Addresses Docker gave it, on every network. */
  addresses: readonly string[];
  /** Subnets of the networks it is on. */
  subnets: readonly Cidr[];
  /** One of its networks is not internal: what it sends elsewhere goes through the host, and may leave it. */
  wayOut: boolean;
}

/** One connection to try. */
export interface Target {
  host: string;
  to: string;
  address: string;
  port: number;
  protocol: Protocol;
  /** Must be open. */
  declared: boolean;
}

/**
 * Ports every container is tried on besides the declared ones: remote shells, name service, web servers, Docker's API,
 * databases and caches.
 */
export const commonPorts = [22, 53, 80, 443, 2375, 3306, 5432, 6379, 8080, 9090] as const;

/**
 * True when a packet to the address can arrive at a container: over a network both are on, or through the host. From a
 * namespace with a way out, an address the host has no route to would leave the machine, so nothing is sent there.
 */
export function isRoutable(source: Namespace, address: string, hostRoutes: readonly Cidr[]): boolean {
  const host = parseCidr(`${address}/32`);
  if (!host || !source.wayOut) return true;
  return [...source.subnets, ...hostRoutes].some((subnet) => overlaps(subnet, host));
}

/**
 * Every connection to try from one namespace: to every other namespace, by alias, container name and every address, on
 * every declared and every common port. Sorted, without repeats.
 */
export function targetsFrom(
  source: Namespace,
  namespaces: readonly Namespace[],
  platform: Platform,
): Target[] {
  const targets: Target[] = [];
  for (const other of namespaces) {
    if (other.host === source.host) continue;
    const links = platform.links.filter(
      (link) => link.consumerHost === source.host && link.providerHost === other.host,
    );
    const declared = links.flatMap(declaredTargets(source, other));
    const seen = new Set<string>();
    const add = (target: Target) => {
      if (seen.has(keyOf(target))) return;
      seen.add(keyOf(target));
      targets.push(target);
    };
    declared.forEach(add);
    const names = [...other.members.map((member) => member.name), other.containerName, ...other.addresses];
    for (const address of names) {
      for (const { port, protocol } of portsOf(other)) {
        add({ host: source.host, to: other.host, address, port, protocol, declared: false });
      }
    }
  }
  return targets;
}

function declaredTargets(source: Namespace, other: Namespace): (link: Link) => Target[] {
  return (link) =>
    link.uses.flatMap(({ port, protocol }) =>
      // By the alias, which is how services call each other, and by the address it stands for.
      [link.provider, link.providerAddress].map((address) => ({
        host: source.host,
        to: other.host,
        address,
        port,
        protocol,
        declared: true,
      })),
    );
}

function portsOf(namespace: Namespace): { port: number; protocol: Protocol }[] {
  const own = namespace.members.flatMap((member) =>
    member.ports.map(({ port, protocol }) => ({ port, protocol })),
  );
  const common = commonPorts.map((port) => ({ port, protocol: "tcp" as const }));
  const seen = new Set<string>();
  return [...own, ...common].filter(({ port, protocol }) => {
    const key = `${port}/${protocol}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function keyOf({ to, address, port, protocol }: Target): string {
  return `${to} ${address} ${port}/${protocol}`;
}

/** What an open connection means: allowed by a link, on a link but against its direction or port, or a leak. */
export type Meaning = "declared" | "other-port-on-link" | "reverse-on-link" | "undeclared";

/** Judges an open connection by the address it went to: only the two ends of a link are ever allowed. */
export function meaningOf(target: Target, reached: string, platform: Platform): Meaning {
  for (const link of platform.links) {
    if (
      link.consumerHost === target.host &&
      link.providerHost === target.to &&
      reached === link.providerAddress
    ) {
      const used = link.uses.some((use) => use.port === target.port && use.protocol === target.protocol);
      return used ? "declared" : "other-port-on-link";
    }
    if (
      link.providerHost === target.host &&
      link.consumerHost === target.to &&
      reached === link.consumerAddress
    ) {
      return "reverse-on-link";
    }
  }
  return "undeclared";
}

/** Declared without a way out of the host: its attempts to leave must get no answer at all. */
export function isConfined(namespace: Namespace, platform: Platform): boolean {
  const internal = new Map(platform.segments.map((segment) => [segment.name, segment.internal]));
  const host = namespace.members.find((member) => member.name === namespace.host);
  return host?.addresses.every(({ segment }) => internal.get(segment) === true) === true;
}
