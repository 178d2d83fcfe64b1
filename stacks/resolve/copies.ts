import type { CatalogEntry } from "../catalog/entry.ts";
import type { Problem } from "../errors.ts";

type Enabled = ReadonlyMap<string, CatalogEntry>;

/** The service whose route a service answers under: its own, or that of the one it is a copy of. */
export function servedBy(enabled: Enabled, entry: CatalogEntry): CatalogEntry | undefined {
  const { replicaOf } = entry.value;
  return replicaOf === undefined ? entry : enabled.get(replicaOf);
}

/** A copy listens where the service it copies does, and that one says how requests are shared. */
export function checkCopies(enabled: Enabled, report: (problem: Problem) => void): void {
  for (const [name, { value, locate }] of enabled) {
    const original = value.replicaOf === undefined ? undefined : enabled.get(value.replicaOf)?.value;
    if (!original) continue;
    const refuse = (message: string) => report({ place: locate(["replicaOf"]), message });
    if (original.replicaOf !== undefined) {
      refuse(`${name} is a copy of ${original.name}, which is a copy itself: name ${original.replicaOf}`);
      continue;
    }
    const { route, balance } = original;
    if (!route || !balance) {
      const lacks = route ? "balance" : "route";
      refuse(
        `${name} is a copy of ${original.name}, which has no ${lacks}: requests are shared where the original has a route and says in balance how`,
      );
      continue;
    }
    if (!value.ports.some(({ port, protocol }) => port === route.port && protocol === "tcp")) {
      refuse(
        `${name} is a copy of ${original.name}, but does not listen on ${route.port}/tcp, where its requests arrive`,
      );
    }
  }
}
