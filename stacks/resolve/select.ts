import type { Catalog, CatalogEntry } from "../catalog/entry.ts";
import type { StackConfig } from "../config/load.ts";
import type { Place, Problem } from "../errors.ts";
import type { YamlPath } from "../issues.ts";
import { didYouMean } from "../suggest.ts";
import { compare } from "./edges.ts";

export interface Selection {
  /** Enabled records by name, sorted. */
  enabled: ReadonlyMap<string, CatalogEntry>;
  /** Why a service is in the stack though nobody named it: the chain that needs it. */
  pulledIn: ReadonlyMap<string, readonly string[]>;
  /** Services that are in the stack because they measure one of it, each with that one. */
  measuring: ReadonlyMap<string, string>;
}

/**
 * The services of the stack: those named, what they require, and what measures them where something collects metrics.
 * What leaves a choice comes last, one at a time, so that a provider which is there anyway is taken. The order of names
 * in the config means nothing. Problems go to `report`.
 */
export function selectServices(
  catalog: Catalog,
  config: StackConfig,
  report: (problem: Problem) => void,
): Selection {
  const excluded = new Set(config.platform.services.exclude);
  const chains = new Map<string, readonly string[]>();
  const queue: string[] = [];
  const choices: Requirement[] = [];
  const enable = (name: string, chain: readonly string[]) => {
    if (chains.has(name)) return;
    chains.set(name, chain);
    queue.push(name);
  };
  const pullIn = ({ consumer, oneOf, place }: Requirement) => {
    if (oneOf.some((name) => chains.has(name))) return;
    const chain = [...(chains.get(consumer) ?? []), consumer];
    const chosen = oneOf.find((name) => !excluded.has(name));
    if (chosen !== undefined) return enable(chosen, chain);
    const wanted = oneOf.map((name) => `"${name}"`).join(" or ");
    report({
      place,
      message: `${chain.join(" -> ")} requires ${wanted}, which the stack's config excludes; drop it from services.exclude or exclude "${chain[0]}" too`,
    });
  };
  const measuring = new Map<string, string>();
  /** True where something that measures a service of the stack came into it. */
  const joinMeasuring = () => {
    if (![...chains.keys()].some((name) => catalog.get(name)?.value.roles.includes("metrics"))) return false;
    const joining = [...catalog].filter(
      ([name, { value }]) =>
        value.measures !== undefined &&
        chains.has(value.measures) &&
        !chains.has(name) &&
        !excluded.has(name),
    );
    for (const [name, { value }] of joining) {
      if (value.measures !== undefined) measuring.set(name, value.measures);
      enable(name, []);
    }
    return joining.length > 0;
  };
  const pullInPlain = () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const entry = catalog.get(name);
      for (const need of entry ? requirements(entry, catalog, report) : []) {
        if (need.choice) choices.push(need);
        else pullIn(need);
      }
    }
  };

  for (const name of namedServices(catalog, config, report)) enable(name, []);
  do {
    pullInPlain();
    while (choices.length > 0) {
      choices.sort((a, b) => compare(a.consumer, b.consumer));
      const [next] = choices.splice(0, 1);
      if (next) pullIn(next);
      pullInPlain();
    }
  } while (joinMeasuring());

  const enabled = new Map(
    [...chains.keys()].sort().flatMap((name) => {
      const entry = catalog.get(name);
      return entry ? [[name, entry] as const] : [];
    }),
  );
  const pulledIn = new Map([...chains].filter(([, chain]) => chain.length > 0));
  checkConflicts(catalog, enabled, report);
  return { enabled, pulledIn, measuring };
}

/** Names the config includes and does not exclude, sorted. Unknown names in it go to `report`. */
function namedServices(catalog: Catalog, config: StackConfig, report: (problem: Problem) => void): string[] {
  const { services, overrides } = config.platform;
  const isKnown = (name: string, path: YamlPath) => {
    if (catalog.has(name)) return true;
    const message = `no service is called "${name}"${didYouMean(name, catalog.keys())}`;
    report({ place: config.locate(path), message });
    return false;
  };
  const known = (key: "include" | "exclude", names: readonly string[]) =>
    names.filter((name, index) => isKnown(name, ["services", key, index]));
  const excluded = new Set(known("exclude", services.exclude));
  for (const name of Object.keys(overrides)) isKnown(name, ["overrides", name]);
  const included = services.include === "all" ? [...catalog.keys()] : known("include", services.include);
  return included.filter((name) => !excluded.has(name)).sort();
}

/** Something a service requires: one of these services. */
interface Requirement {
  consumer: string;
  oneOf: readonly string[];
  /** Any of several will do. */
  choice: boolean;
  place: Place;
}

/** What an entry requires. Providers that are in no catalogue go to `report`, those of optional links, too. */
function requirements(
  entry: CatalogEntry,
  catalog: Catalog,
  report: (problem: Problem) => void,
): Requirement[] {
  const { name: consumer, links, through, replicaOf } = entry.value;
  const known = (names: readonly string[], what: string, place: Place) =>
    names.filter((name) => {
      if (catalog.has(name)) return true;
      const message = `${what} names "${name}", which is in no catalogue${didYouMean(name, catalog.keys())}`;
      report({ place, message });
      return false;
    });
  const needs = links.flatMap((link, index): Requirement[] => {
    const place = entry.locate(["links", index, link.anyOf ? "anyOf" : "provider"]);
    const names = link.anyOf ?? (link.provider === undefined ? [] : [link.provider]);
    const oneOf = known(names, `links[${index}]`, place);
    return link.required ? [{ consumer, oneOf, choice: link.anyOf !== undefined, place }] : [];
  });
  if (through !== undefined) {
    const place = entry.locate(["through"]);
    needs.push({ consumer, oneOf: known([through], "through", place), choice: false, place });
  }
  if (replicaOf !== undefined) {
    const place = entry.locate(["replicaOf"]);
    needs.push({ consumer, oneOf: known([replicaOf], "replicaOf", place), choice: false, place });
  }
  return needs.filter(({ oneOf }) => oneOf.length > 0);
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
