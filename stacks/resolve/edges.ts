import type { CatalogEntry } from "../catalog/load.ts";
import type { Place, Problem } from "../errors.ts";
import type { LinkUse } from "../platform.ts";

/** A consumer-provider pair with everything it is used for; not yet a network. */
export interface Edge {
  consumer: string;
  provider: string;
  required: boolean;
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

/** All edges of the stack: declared ones, and those that routes, metrics and single sign-on imply. Sorted. */
export function resolveEdges(enabled: Enabled, report: (problem: Problem) => void): Edge[] {
  checkHosts(enabled, report);
  const edges = new Map<string, Edge>();
  const host = (name: string) => hostOf(enabled.get(name)?.value ?? { name });
  const add = (
    consumer: string,
    provider: string,
    use: LinkUse,
    place: Place,
    flags = { required: true, ordered: false },
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
    const edge = edges.get(key) ?? { consumer, provider, required: false, ordered: false, uses: [], place };
    edges.set(key, edge);
    edge.required ||= flags.required;
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
        add(consumer, provider, use, place, { required: link.required, ordered: link.ordered });
      }
    }
  }

  const gateway = soleHolder(enabled, "gateway", report);
  const sso = soleHolder(enabled, "sso", report);
  const collector = soleHolder(enabled, "metrics", report);
  for (const [name, { value: record, locate }] of enabled) {
    if (gateway && record.route && name !== gateway) {
      const why = `serves ${record.route.subdomain === "@" ? "the domain itself" : `${record.route.subdomain}.`}`;
      add(
        gateway,
        name,
        { port: record.route.port, protocol: "tcp", why, origin: "route" },
        locate(["route"]),
      );
    }
    if (collector && record.metrics && name !== collector) {
      const use: LinkUse = {
        port: record.metrics.port,
        protocol: "tcp",
        why: "collects its metrics",
        origin: "metrics",
      };
      add(collector, name, use, locate(["metrics"]));
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
