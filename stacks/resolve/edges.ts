import type { CatalogEntry } from "../catalog/entry.ts";
import type { Place, Problem } from "../errors.ts";
import type { LinkUse } from "../platform.ts";
import type { SignIn } from "./available.ts";
import { checkCopies, servedBy } from "./copies.ts";

/** A consumer-provider pair with everything it is used for; not yet a network. */
export interface Edge {
  consumer: string;
  provider: string;
  required: boolean;
  /** Required, and the stack has no alternative to it. */
  indispensable: boolean;
  ordered: boolean;
  uses: LinkUse[];
  /** Where the first use is written. */
  place: Place;
}

type Enabled = ReadonlyMap<string, CatalogEntry>;

/** The service in whose network namespace a service is: itself, unless it goes through another. */
export function hostOf({ name, through }: { name: string; through?: string | undefined }): string {
  return through ?? name;
}

/**
 * All edges of the stack: declared ones, and those that routes, load balancing, metrics, single sign-on and widgets
 * imply. Sorted.
 */
export function resolveEdges(enabled: Enabled, report: (problem: Problem) => void, signIn?: SignIn): Edge[] {
  checkHosts(enabled, report);
  checkCopies(enabled, report);
  const edges = new Map<string, Edge>();
  const host = (name: string) => hostOf(enabled.get(name)?.value ?? { name });
  const add = (
    consumer: string,
    provider: string,
    use: LinkUse,
    place: Place,
    flags = { required: true, ordered: false, alternative: false },
  ) => {
    if (host(consumer) === host(provider)) {
      const shared = `${consumer} and ${provider} share ${host(consumer)}'s network namespace`;
      const fix =
        use.origin === "declared"
          ? "use 127.0.0.1, and no link"
          : `there can be no link for what ${use.origin} implies; let one of them out of it`;
      report({ place, message: `${shared}: ${fix}` });
      return;
    }
    const key = `${consumer}>${provider}`;
    const edge = edges.get(key) ?? {
      consumer,
      provider,
      required: false,
      indispensable: false,
      ordered: false,
      uses: [],
      place,
    };
    edges.set(key, edge);
    edge.required ||= flags.required;
    edge.indispensable ||= flags.required && !flags.alternative;
    edge.ordered ||= flags.ordered;
    if (
      !edge.uses.some(
        (known) => known.port === use.port && known.protocol === use.protocol && known.origin === use.origin,
      )
    ) {
      edge.uses.push(use);
    }
  };

  for (const [consumer, entry] of enabled) {
    for (const [index, link] of entry.value.links.entries()) {
      const candidates = link.anyOf ?? (link.provider === undefined ? [] : [link.provider]);
      for (const provider of candidates) {
        const target = enabled.get(provider);
        if (!target) continue;
        const place = entry.locate(["links", index]);
        const port = link.port ?? target.value.route?.port;
        if (port === undefined) {
          report({ place, message: `links[${index}]: "${provider}" has no route, so say the port` });
          continue;
        }
        if (!target.value.ports.some((own) => own.port === port && own.protocol === link.protocol)) {
          const known =
            target.value.ports.map((own) => `${own.port}/${own.protocol}`).join(", ") || "no port";
          report({
            place,
            message: `links[${index}]: "${provider}" does not listen on ${port}/${link.protocol}; it listens on ${known}`,
          });
          continue;
        }
        const use: LinkUse = { port, protocol: link.protocol, why: link.why, origin: "declared" };
        const alternative = candidates.filter((name) => enabled.has(name)).length > 1;
        add(consumer, provider, use, place, { required: link.required, ordered: link.ordered, alternative });
      }
    }
  }

  const gateway = soleHolder(enabled, "gateway", report);
  const sso = soleHolder(enabled, "sso", report);
  const collector = soleHolder(enabled, "metrics", report);
  const portal = soleHolder(enabled, "portal", report);
  const balancer = behind(enabled, gateway, soleHolder(enabled, "balancer", report));
  for (const [name, entry] of enabled) {
    const { value: record, locate } = entry;
    const served = servedBy(enabled, entry)?.value;
    if (gateway && served?.route && name !== gateway) {
      const { subdomain, port } = served.route;
      const why = `serves ${subdomain === "@" ? "the domain itself" : `${subdomain}.`}`;
      const place = locate([record.replicaOf === undefined ? "route" : "replicaOf"]);
      if (balancer !== undefined && served.balance && name !== balancer) {
        add(balancer, name, { port, protocol: "tcp", why, origin: "balance" }, place);
      } else add(gateway, name, { port, protocol: "tcp", why, origin: "route" }, place);
    }
    if (signIn && record.oidc) {
      const why = "exchanges sign-in codes at the sign-in's public address";
      const use: LinkUse = { port: signIn.port, protocol: "tcp", why, origin: "sso" };
      add(name, signIn.gateway, use, locate(["oidc"]));
    }
    if (collector && record.metrics && name !== collector) {
      for (const { port } of [record.metrics, ...(record.metrics.also ?? [])]) {
        const why = "collects its metrics";
        add(collector, name, { port, protocol: "tcp", why, origin: "metrics" }, locate(["metrics"]));
      }
    }
    const widgetPort = record.widget?.port ?? record.route?.port;
    if (portal && record.widget && widgetPort !== undefined && name !== portal) {
      const why = "shows its numbers on a tile";
      add(portal, name, { port: widgetPort, protocol: "tcp", why, origin: "portal" }, locate(["widget"]));
    }
  }
  const ssoEntry = sso === undefined ? undefined : enabled.get(sso);
  if (ssoEntry && !ssoEntry.value.route) {
    const message = `${sso} has the role sso but no route, so no one can sign in there; give it a route`;
    report({ place: ssoEntry.locate(["roles"]), message });
  }
  if (gateway && sso && ssoEntry?.value.route) {
    const why = "asks whether a request is signed in";
    const use: LinkUse = { port: ssoEntry.value.route.port, protocol: "tcp", why, origin: "sso" };
    add(gateway, sso, use, ssoEntry.locate(["roles"]));
  }
  const sorted = [...edges.values()].sort(
    (a, b) => compare(a.consumer, b.consumer) || compare(a.provider, b.provider),
  );
  for (const edge of sorted) edge.uses.sort((a, b) => a.port - b.port || compare(a.origin, b.origin));
  return sorted;
}

/** The load balancer, if the gateway's record has a link to it: over that it hands requests on. */
function behind(
  enabled: Enabled,
  gateway: string | undefined,
  balancer: string | undefined,
): string | undefined {
  const links = gateway === undefined ? [] : enabled.get(gateway)?.value.links;
  return links?.some(({ provider }) => provider === balancer) ? balancer : undefined;
}

/** A service goes through one that has a network itself. */
function checkHosts(enabled: Enabled, report: (problem: Problem) => void): void {
  for (const [name, { value, locate }] of enabled) {
    const outer = value.through === undefined ? undefined : enabled.get(value.through)?.value.through;
    // Two that go through each other, or one through itself, wait for each other: the start order tells.
    if (outer === undefined || value.through === name || outer === name) continue;
    const message = `${name} goes through "${value.through}", which has no network of its own: it goes through "${outer}"; name that here`;
    report({ place: locate(["through"]), message });
  }
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The one enabled service with a role. */
export function soleHolder(
  enabled: Enabled,
  role: CatalogEntry["value"]["roles"][number],
  report: (problem: Problem) => void,
): string | undefined {
  const holders = [...enabled.values()].filter((entry) => entry.value.roles.includes(role));
  for (const extra of holders.slice(1)) {
    const message = `${extra.value.name} and ${holders[0]?.value.name} both have the role ${role}; a stack has one`;
    report({ place: extra.locate(["roles"]), message });
  }
  return holders[0]?.value.name;
}
