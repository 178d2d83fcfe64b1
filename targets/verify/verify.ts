import type Docker from "dockerode";
import { type Cidr, formatCidr, overlaps, parseCidr } from "../../stacks/cidr.ts";
import type { Link, Platform } from "../../stacks/platform.ts";
import { stackContainers } from "../docker/host.ts";
import { inParallel } from "../inParallel.ts";
import { hasRoom, requireSent } from "./neighbours.ts";
import { neighboursOf, probeFrom, routesOf } from "./probe.ts";
import { isConfined, isRoutable, meaningOf, type Namespace, type Target, targetsFrom } from "./targets.ts";

/** An address outside the platform that services without a way out must not reach. */
export interface Outside {
  address: string;
  port: number;
}

export interface Finding {
  from: string;
  to: string;
  port: number;
  protocol: "tcp" | "udp";
  address: string;
}

/** What was measured. `ok` unless something undeclared is open, something declared is closed, or a service is missing. */
export interface Verification {
  stack: string;
  ok: boolean;
  /** Ordered pairs of network namespaces that were tried. */
  pairs: number;
  probes: number;
  /** Connections not tried because the host has no route to the address, so that none can open. */
  unroutable: number;
  /** Ports that declared links call. */
  declared: number;
  /** Connections that opened, of any meaning. */
  open: number;
  undeclaredOpen: Finding[];
  declaredClosed: Finding[];
  /** Connections a provider can open to its consumer over their link. */
  reverseOnLink: number;
  /** Connections to a port of the provider that the link was not declared for. */
  otherPortOnLink: number;
  /** Services without a way out that got an answer from outside. */
  escaped: Finding[];
  /** Services tried for a way out. */
  confined: number;
  /** Services that go through another one but have a network of their own, or another's. */
  ownNetwork: string[];
  notRunning: string[];
  /** One row a namespace, one cell a namespace. */
  matrix: { names: string[]; cells: Cell[][] };
}

export type Cell = "self" | "closed" | "declared" | "reverse" | "undeclared" | "missing";

/** Probers at work at the same time, where the host's table of neighbours has room for all they look for. */
const atOnce = 12;
/** Tries for a connection that must be open. */
const declaredTries = 6;

/**
 * Measures what the running containers of a stack can reach, from inside each of them. On a host whose table of
 * neighbours is too small for it, one service at a time: the kernel then forgets the neighbours of the one before.
 * @throws EnvironmentFault when that table was full all the same, so that what seemed closed may be open
 */
export async function verifyStack(
  docker: Docker,
  platform: Platform,
  options: { image: string; outside: readonly Outside[]; progress(message: string): void },
): Promise<Verification> {
  const { namespaces, notRunning, ownNetwork } = await observe(docker, platform);
  const index = new Map(namespaces.map((namespace, position) => [namespace.host, position]));
  const cells: Cell[][] = namespaces.map((row) =>
    namespaces.map((column) => (row === column ? "self" : "closed")),
  );
  const mark = (target: Pick<Target, "host" | "to">, cell: Cell) => {
    const row = cells[index.get(target.host) ?? -1];
    const column = index.get(target.to) ?? -1;
    if (row && cellRank[cell] > cellRank[row[column] ?? "closed"]) row[column] = cell;
  };
  const result = {
    probes: 0,
    unroutable: 0,
    open: 0,
    undeclaredOpen: [] as Finding[],
    declaredClosed: [] as Finding[],
    reverseOnLink: 0,
    otherPortOnLink: 0,
    escaped: [] as Finding[],
    confined: 0,
  };
  const where = { image: options.image, stack: platform.stack };
  const hostRoutes = await localRoutes(docker, where);
  const table = await neighboursOf(docker, where);
  const roomy = hasRoom(table, platform);
  const outside = [...egressGateway(platform), ...options.outside];
  const pace = roomy ? "" : ", one at a time: the host's table of neighbours is small";
  let done = 0;
  const measure = async (source: Namespace) => {
    const all = targetsFrom(source, namespaces, platform);
    const targets = all.filter(({ address }) => isRoutable(source, address, hostRoutes));
    result.unroutable += all.length - targets.length;
    const confined = isConfined(source, platform);
    if (confined) result.confined++;
    const escapes = confined ? outside : [];
    const answers = await probeFrom(docker, {
      containerId: source.containerId,
      ...where,
      ...(source.wayOut ? { within: [...source.subnets, ...hostRoutes].map(formatCidr) } : {}),
      targets: [
        ...targets.map((target) => ({ ...target, tries: target.declared ? declaredTries : 1 })),
        ...escapes.map((target) => ({ ...target, protocol: "tcp" as const, tries: 1 })),
      ],
    });
    result.probes += targets.length + escapes.length;
    const opened = new Set<number>();
    for (const answer of answers) {
      const target = targets[answer.index];
      if (!target) {
        // Outside, a refusal is an answer too: the packet got there.
        const leak = escapes[answer.index - targets.length];
        if (leak) result.escaped.push({ from: source.host, to: "outside", protocol: "tcp", ...leak });
        continue;
      }
      if (answer.result !== "open") continue;
      opened.add(answer.index);
      result.open++;
      const meaning = meaningOf(target, answer.address, platform);
      if (meaning === "undeclared") result.undeclaredOpen.push(findingOf(target, answer.address));
      if (meaning === "reverse-on-link") result.reverseOnLink++;
      if (meaning === "other-port-on-link") result.otherPortOnLink++;
      mark(
        target,
        meaning === "reverse-on-link" ? "reverse" : meaning === "undeclared" ? "undeclared" : "declared",
      );
    }
    for (const [position, target] of targets.entries()) {
      if (!target.declared || opened.has(position)) continue;
      result.declaredClosed.push(findingOf(target, target.address));
      mark(target, "missing");
    }
    options.progress(`${++done} of ${namespaces.length} services measured, ${result.probes} probes${pace}`);
  };
  await inParallel(namespaces, measure, roomy ? atOnce : 1);
  requireSent(table, await neighboursOf(docker, where));

  const { undeclaredOpen, declaredClosed, escaped } = result;
  for (const list of [undeclaredOpen, declaredClosed, escaped]) list.sort(byEnds);
  return {
    stack: platform.stack,
    ok: [undeclaredOpen, declaredClosed, escaped, ownNetwork, notRunning].every((list) => list.length === 0),
    pairs: namespaces.length * (namespaces.length - 1),
    declared: platform.links.reduce((sum, link) => sum + portsOf(link).size, 0),
    ...result,
    ownNetwork,
    notRunning,
    matrix: { names: namespaces.map((namespace) => namespace.host), cells },
  };
}

/** Ports a link is declared for; several uses may share one. */
function portsOf(link: Link): Set<string> {
  return new Set(link.uses.map(({ port, protocol }) => `${port}/${protocol}`));
}

/** Which of two things about a pair is shown: the graver one. */
const cellRank: Record<Cell, number> = {
  self: 9,
  undeclared: 5,
  missing: 4,
  declared: 3,
  reverse: 2,
  closed: 1,
};

/** Docker networks the host has a route to: those whose bridge has an address. */
async function localRoutes(docker: Docker, where: { image: string; stack: string }): Promise<Cidr[]> {
  const networks = await docker.listNetworks();
  const subnets = networks.flatMap(({ IPAM }) =>
    (IPAM?.Config ?? []).flatMap(({ Subnet }) => parseCidr(Subnet ?? "") ?? []),
  );
  const routes = await routesOf(docker, { host: true, ...where });
  return routes.flatMap(({ destination, gateway }) => {
    const cidr = parseCidr(destination);
    return cidr &&
      gateway === "0.0.0.0" &&
      subnets.some((subnet) => overlaps(subnet, cidr)) &&
      cidr.prefix > 0
      ? [cidr]
      : [];
  });
}

/** The egress network's own gateway, that is, the host: it stands for everything outside. */
function egressGateway(platform: Platform): Outside[] {
  return platform.segments
    .filter((segment) => !segment.internal)
    .flatMap((segment) => [22, 80, 443].map((port) => ({ address: segment.gateway, port })));
}

function findingOf({ host, to, port, protocol }: Target, address: string): Finding {
  return { from: host, to, port, protocol, address };
}

function byEnds(a: Finding, b: Finding): number {
  const key = ({ from, to, port, address }: Finding) =>
    `${from} ${to} ${String(port).padStart(5, "0")} ${address}`;
  return key(a) < key(b) ? -1 : 1;
}

/** The stack's namespaces as they run, and what is wrong with them before any probe. */
async function observe(
  docker: Docker,
  platform: Platform,
): Promise<{ namespaces: Namespace[]; notRunning: string[]; ownNetwork: string[] }> {
  const networks = new Map(
    (await docker.listNetworks()).map((network) => [
      network.Name,
      {
        internal: network.Internal,
        subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => parseCidr(Subnet ?? "") ?? []),
      },
    ]),
  );
  const containers = await stackContainers(docker, platform.stack);
  const idOf = new Map(containers.map(({ service, id }) => [service, id]));
  const running = new Set(
    containers.filter(({ state }) => state === "running").map(({ service }) => service),
  );
  const notRunning = platform.services.map(({ name }) => name).filter((name) => !running.has(name));
  const namespaces: Namespace[] = [];
  const ownNetwork: string[] = [];
  for (const service of platform.services) {
    const id = idOf.get(service.name);
    if (id === undefined || !running.has(service.name)) continue;
    const { NetworkSettings, HostConfig, Name } = await docker.getContainer(id).inspect();
    const ends = Object.entries(NetworkSettings.Networks).filter(([, end]) => end.IPAddress !== "");
    if (service.through !== undefined) {
      const joins = HostConfig.NetworkMode === `container:${idOf.get(service.through)}`;
      if (!joins || ends.length > 0) ownNetwork.push(service.name);
      if (joins) continue;
    }
    namespaces.push({
      host: service.name,
      members: platform.services.filter(
        ({ name, through }) => name === service.name || through === service.name,
      ),
      containerId: id,
      containerName: Name.replace(/^\//, ""),
      addresses: ends.map(([, end]) => end.IPAddress).sort(),
      subnets: ends.flatMap(([name]) => networks.get(name)?.subnets ?? []),
      wayOut: ends.some(([name]) => networks.get(name)?.internal !== true),
    });
  }
  return { namespaces, notRunning, ownNetwork };
}
