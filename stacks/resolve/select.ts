import type { Catalog, CatalogEntry } from "../catalog/load.ts";
import type { StackConfig } from "../config/load.ts";
import type { Place, Problem } from "../errors.ts";
import { didYouMean } from "../suggest.ts";

export interface Selection {
  /** Enabled records by name, sorted. */
  enabled: ReadonlyMap<string, CatalogEntry>;
  /** Why a service is in the stack though nobody named it: the chain that needs it. */
  pulledIn: ReadonlyMap<string, readonly string[]>;
}

/** The services of the stack: those named, and what they require. Problems go to `report`. */
export function selectServices(
  catalog: Catalog,
  config: StackConfig,
  report: (problem: Problem) => void,
): Selection {
  const { include, exclude } = config.platform.services;
  const names = include === "all" ? [...catalog.keys()] : include;
  const excluded = new Set(exclude);
  const checkKnown = (name: string, place: Place) => {
    if (catalog.has(name)) return true;
    report({ place, message: `no service is called "${name}"${didYouMean(name, catalog.keys())}` });
    return false;
  };
  for (const [index, name] of exclude.entries())
    checkKnown(name, config.locate(["services", "exclude", index]));
  for (const name of Object.keys(config.platform.overrides))
    checkKnown(name, config.locate(["overrides", name]));

  const chains = new Map<string, readonly string[]>();
  const queue: string[] = [];
  for (const [index, name] of names.entries()) {
    if (excluded.has(name) || chains.has(name)) continue;
    if (include !== "all" && !checkKnown(name, config.locate(["services", "include", index]))) continue;
    chains.set(name, []);
    queue.push(name);
  }
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const entry = catalog.get(name);
    if (!entry) continue;
    const chain = [...(chains.get(name) ?? []), name];
    for (const need of requirements(entry)) {
      const known = need.oneOf.filter((candidate) => {
        if (catalog.has(candidate)) return true;
        const message = `${need.what} names "${candidate}", which is in no catalogue${didYouMean(candidate, catalog.keys())}`;
        report({ place: need.place, message });
        return false;
      });
      if (!need.required || known.some((candidate) => chains.has(candidate))) continue;
      const chosen = known.find((candidate) => !excluded.has(candidate));
      if (chosen !== undefined) {
        chains.set(chosen, chain);
        queue.push(chosen);
      } else if (known.length > 0) {
        const wanted = known.map((candidate) => `"${candidate}"`).join(" or ");
        report({
          place: need.place,
          message: `${chain.join(" -> ")} requires ${wanted}, which the stack's config excludes; drop it from services.exclude or exclude "${chain[0]}" too`,
        });
      }
    }
  }
  const enabled = new Map(
    [...chains.keys()].sort().flatMap((name) => {
      const entry = catalog.get(name);
      return entry ? [[name, entry] as const] : [];
    }),
  );
  const pulledIn = new Map([...chains].filter(([, chain]) => chain.length > 0));
  checkConflicts(catalog, enabled, report);
  return { enabled, pulledIn };
}

interface Requirement {
  what: string;
  oneOf: readonly string[];
  required: boolean;
  place: Place;
}

function requirements(entry: CatalogEntry): Requirement[] {
  const { links, through } = entry.value;
  const needs: Requirement[] = links.map((link, index) => ({
    what: `links[${index}]`,
    oneOf: link.anyOf ?? (link.provider === undefined ? [] : [link.provider]),
    required: link.required,
    place: entry.locate(["links", index, link.anyOf ? "anyOf" : "provider"]),
  }));
  if (through !== undefined) {
    needs.push({ what: "through", oneOf: [through], required: true, place: entry.locate(["through"]) });
  }
  return needs;
}

function checkConflicts(
  catalog: Catalog,
  enabled: ReadonlyMap<string, CatalogEntry>,
  report: (problem: Problem) => void,
): void {
  for (const [name, entry] of enabled) {
    for (const [index, conflict] of entry.value.conflicts.entries()) {
      const place = entry.locate(["conflicts", index, "service"]);
      if (!catalog.has(conflict.service)) {
        const hint = didYouMean(conflict.service, catalog.keys());
        report({
          place,
          message: `conflicts[${index}] names "${conflict.service}", which is in no catalogue${hint}`,
        });
      } else if (enabled.has(conflict.service)) {
        report({ place, message: `${name} and ${conflict.service} cannot run together: ${conflict.reason}` });
      }
    }
    const { successor } = entry.value.lifecycle;
    if (successor !== undefined && !catalog.has(successor)) {
      const hint = didYouMean(successor, catalog.keys());
      report({
        place: entry.locate(["lifecycle", "successor"]),
        message: `the successor "${successor}" is in no catalogue${hint}`,
      });
    }
  }
}
