import type { Link, Platform, Segment, Service } from "../../stacks/platform.ts";
import type { Affected, LinkFate, ServiceFate } from "./affected.ts";

/** A service in the picture. */
export interface DrawnService {
  name: string;
  segment: string;
  /** The service whose network namespace it lives in. */
  through?: string;
  gateway: boolean;
  publish: readonly { address: string; host: number; protocol: string }[];
  fate?: ServiceFate;
}

/** An arrow from a consumer to a provider. */
export interface DrawnLink {
  consumer: string;
  provider: string;
  optional: boolean;
  /** Ports the consumer calls, shown where the link is new. */
  ports: readonly string[];
  fate?: LinkFate;
}

/** The links by which a service routes requests to others, as one arrow to their segment. */
export interface DrawnRoutes {
  service: string;
  segment: string;
  count: number;
}

/** What there is to draw; segments and services sorted by name, links by consumer and provider. */
export interface Picture {
  segments: readonly { name: string; cidr?: string; services: readonly DrawnService[] }[];
  links: readonly DrawnLink[];
  routes: readonly DrawnRoutes[];
  /** Links between drawn services that are neither drawn nor counted in `routes`. */
  leftOut: number;
}

/**
 * The whole platform. Links that nearly every service has hide the others: those of routes are drawn together, and those
 * by which metrics are read are left out, unless they change.
 */
export function drawWhole(platform: Platform, affected: Affected): Picture {
  const segmentOf = new Map(platform.services.map(({ name, segment }) => [name, segment]));
  const isRoute = (link: Link) =>
    originOf(link) === "route" && segmentOf.get(link.consumer) !== segmentOf.get(link.provider);
  const isQuiet = (link: Link) => isRoute(link) || originOf(link) === "metrics";
  const picture = draw(platform, affected, {
    hasService: () => true,
    hasLink: (link) => affected.links.has(keyOf(link)) || !isQuiet(link),
  });
  const routes = new Map<string, number>();
  for (const link of platform.links) {
    if (affected.links.has(keyOf(link)) || !isRoute(link)) continue;
    const key = `${link.consumer} ${segmentOf.get(link.provider)}`;
    routes.set(key, (routes.get(key) ?? 0) + 1);
  }
  const drawn = [...routes].sort().map(([key, count]) => {
    const [service = "", segment = ""] = key.split(" ");
    return { service, segment, count };
  });
  return {
    ...picture,
    routes: drawn,
    leftOut: picture.leftOut - drawn.reduce((sum, { count }) => sum + count, 0),
  };
}

/** The services that change for a reason of their own, all their links, and what is at the other ends. */
export function drawChanges(platform: Platform, affected: Affected): Picture {
  const own = new Set([...affected.services].filter(([, fate]) => fate !== "follows").map(([name]) => name));
  const shown = new Set([
    ...affected.services.keys(),
    ...[...affected.links.keys()].flatMap((key) => key.split(" ")),
  ]);
  const drawn = (link: Pick<Link, "consumer" | "provider">) =>
    own.has(link.consumer) || own.has(link.provider) || affected.links.has(keyOf(link));
  for (const link of platform.links) if (drawn(link)) shown.add(link.consumer).add(link.provider);
  return draw(platform, affected, { hasService: (name) => shown.has(name), hasLink: drawn });
}

interface Choice {
  hasService(name: string): boolean;
  hasLink(link: Link): boolean;
}

function draw(platform: Platform, affected: Affected, { hasService, hasLink }: Choice): Picture {
  const services = [
    ...platform.services
      .filter(({ name }) => hasService(name))
      .map((service) => drawnService(service, affected)),
    ...affected.removed.map(
      ({ name, segment }): DrawnService => ({ name, segment, gateway: false, publish: [], fate: "removed" }),
    ),
  ].sort(byName);
  const names = new Set(services.map(({ name }) => name));
  const between = platform.links.filter(
    ({ consumer, provider }) => names.has(consumer) && names.has(provider),
  );
  const links = [
    ...between.filter(hasLink).map((link) => drawnLink(link, affected)),
    ...removedLinks(affected).filter(({ consumer, provider }) => names.has(consumer) && names.has(provider)),
  ].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const leftOut = between.filter((link) => !hasLink(link)).length;
  return { segments: segmentsOf(services, platform.segments), links, routes: [], leftOut };
}

function drawnService(service: Service, { services }: Affected): DrawnService {
  const fate = services.get(service.name);
  return {
    name: service.name,
    segment: service.segment,
    ...(service.through === undefined ? {} : { through: service.through }),
    gateway: service.roles.includes("gateway"),
    publish: service.publish.map(({ address, host, protocol }) => ({ address, host, protocol })),
    ...(fate === undefined ? {} : { fate }),
  };
}

function drawnLink(link: Link, { links }: Affected): DrawnLink {
  const fate = links.get(keyOf(link));
  const ports = new Set(
    link.uses.map(({ port, protocol }) => (protocol === "udp" ? `${port}/udp` : `${port}`)),
  );
  return {
    consumer: link.consumer,
    provider: link.provider,
    optional: !link.required,
    ports: fate === "added" ? [...ports] : [],
    ...(fate === undefined ? {} : { fate }),
  };
}

function removedLinks({ links }: Affected): DrawnLink[] {
  return [...links]
    .filter(([, fate]) => fate === "removed")
    .map(([key, fate]) => {
      const [consumer = "", provider = ""] = key.split(" ");
      return { consumer, provider, optional: false, ports: [], fate };
    });
}

/** A link that exists for several reasons is drawn for the most telling one. */
function originOf({ uses }: Link): Link["uses"][number]["origin"] {
  const origins = new Set(uses.map(({ origin }) => origin));
  return (
    (["declared", "sso", "route", "metrics"] as const).find((origin) => origins.has(origin)) ?? "declared"
  );
}

function segmentsOf(services: readonly DrawnService[], segments: readonly Segment[]): Picture["segments"] {
  const cidrs = new Map<string, string>(segments.map(({ name, cidr }) => [name, cidr]));
  return [...new Set(services.map(({ segment }) => segment))].sort().map((name) => {
    const cidr = cidrs.get(name);
    return {
      name,
      ...(cidr === undefined ? {} : { cidr }),
      services: services.filter(({ segment }) => segment === name),
    };
  });
}

function keyOf({ consumer, provider }: Pick<Link, "consumer" | "provider">): string {
  return `${consumer} ${provider}`;
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
