import type { CatalogEntry } from "../catalog/entry.ts";
import type { Problem } from "../errors.ts";
import type { Edge } from "./edges.ts";

/** Services each service waits for. */
export type Waits = ReadonlyMap<string, ReadonlySet<string>>;

/** What must be healthy before each service starts: ordered links, and the service it goes through. */
export function waitsOf(enabled: ReadonlyMap<string, CatalogEntry>, edges: readonly Edge[]): Waits {
  const waits = new Map<string, Set<string>>([...enabled.keys()].map((name) => [name, new Set<string>()]));
  for (const edge of edges) if (edge.ordered) waits.get(edge.consumer)?.add(edge.provider);
  for (const [name, { value }] of enabled) {
    if (value.through !== undefined && enabled.has(value.through)) waits.get(name)?.add(value.through);
  }
  return waits;
}

/** Waves of a topological order. Every cycle is reported with the links that make it; the order then means nothing. */
export function startWaves(
  enabled: ReadonlyMap<string, CatalogEntry>,
  edges: readonly Edge[],
  waits: Waits,
  report: (problem: Problem) => void,
): string[][] {
  const waves: string[][] = [];
  const done = new Set<string>();
  const left = new Set(waits.keys());
  while (left.size > 0) {
    const wave = [...left]
      .filter((name) => [...(waits.get(name) ?? [])].every((need) => done.has(need)))
      .sort();
    if (wave.length === 0) {
      const cycle = cycleAmong(waits, left);
      reportCycle(enabled, edges, cycle, report);
      // Without this service the cycle is gone, and the next one shows.
      wave.push(...cycle.slice(0, 1));
    }
    for (const name of wave) {
      left.delete(name);
      done.add(name);
    }
    waves.push(wave);
  }
  return waves;
}

/** A cycle among services of which each waits for another of them: from its first service back to it. */
function cycleAmong(waits: Waits, left: ReadonlySet<string>): string[] {
  const path: string[] = [];
  let name = [...left].sort()[0] ?? "";
  while (!path.includes(name)) {
    path.push(name);
    name = [...(waits.get(name) ?? [])].filter((need) => left.has(need)).sort()[0] ?? "";
  }
  return [...path.slice(path.indexOf(name)), name];
}

function reportCycle(
  enabled: ReadonlyMap<string, CatalogEntry>,
  edges: readonly Edge[],
  cycle: readonly string[],
  report: (problem: Problem) => void,
): void {
  const written = cycle.slice(0, -1).map((consumer, index) => {
    const provider = cycle[index + 1] ?? "";
    const edge = edges.find(
      (candidate) => candidate.consumer === consumer && candidate.provider === provider,
    );
    const place = edge?.place ?? enabled.get(consumer)?.locate(["through"]);
    return place ? `${place.file}:${place.line}` : consumer;
  });
  const place = enabled.get(cycle[0] ?? "")?.locate(["links"]);
  report({
    ...(place ? { place } : {}),
    message: `these services wait for each other: ${cycle.join(" -> ")} (${written.join(", ")}); set ordered: false on one of the links`,
  });
}
