import type { Catalog, CatalogEntry } from "./catalog/entry.ts";
import type { StackConfig } from "./config/load.ts";
import type { SelectionChange } from "./config/selection.ts";
import { fallingWith } from "./dependants.ts";
import type { Problem } from "./errors.ts";
import { limitsOf } from "./resolve/limits.ts";
import { selectServices } from "./resolve/select.ts";

/** Services as people choose them: those somebody named; what these require comes with them. */
export type Named = ReadonlySet<string>;

/** Services of the stack, each with the chain that pulls it in; an empty chain where it was named. */
export type Present = ReadonlyMap<string, readonly string[]>;

/** Limits of all services together, and the processors of the one that may use most. */
export interface Totals {
  /** MiB */
  memory: number;
  cpus: number;
  mostCpus: number;
}

/** A service that another one cannot run beside. */
export interface Clash {
  service: string;
  reason: string;
}

/** What choosing and leaving out services of a stack means, before any of it is written. Pure. */
export class Chooser {
  readonly before: Named;
  /** Every key on a terminal asks anew for the same sets. */
  private readonly known = new WeakMap<Named, Present>();

  constructor(
    readonly catalog: Catalog,
    readonly config: StackConfig,
  ) {
    const { include, exclude } = config.platform.services;
    const included = include === "all" ? [...catalog.keys()] : include;
    this.before = new Set(included.filter((name) => !exclude.includes(name)));
  }

  present(named: Named): Present {
    const known = this.known.get(named) ?? this.select(named, this.excluded(named)).present;
    this.known.set(named, known);
    return known;
  }

  /** Services that choosing another one brings along, sorted; without those that are there. */
  joining(named: Named, name: string): string[] {
    const there = this.present(named);
    return [...this.present(this.with(named, name)).keys()].filter(
      (other) => other !== name && !there.has(other),
    );
  }

  /** With a service, and with what the config excludes of that which it requires. */
  with(named: Named, name: string): Named {
    const wanted = new Set([...named, name]);
    const excluded = this.excluded(wanted);
    if (this.select(wanted, excluded).problems.length === 0) return wanted;
    const all = this.select(wanted, []).present;
    return new Set([...wanted, ...excluded.filter((other) => all.has(other))]);
  }

  /** Services that cannot do without another one, sorted. */
  falling(named: Named, name: string): string[] {
    return fallingWith(this.catalog, this.present(named).keys(), [name]);
  }

  /** Without a service and those that cannot do without it. */
  without(named: Named, name: string): Named {
    const gone = new Set([name, ...this.falling(named, name)]);
    let left = new Set([...named].filter((other) => !gone.has(other)));
    // Whoever still pulls it in, as a copy of it does, goes too.
    for (
      let chain = this.present(left).get(name);
      chain?.[0] !== undefined;
      chain = this.present(left).get(name)
    ) {
      const [first] = chain;
      // What is there to measure another was not named, and what it requires stays with it.
      if (!left.has(first)) break;
      left = new Set([...left].filter((other) => other !== first));
    }
    return left;
  }

  /** Present services that a service cannot run beside, by its record or theirs. */
  clashes(present: Present, name: string): Clash[] {
    const own = this.catalog.get(name)?.value.conflicts ?? [];
    const theirs = [...present.keys()].flatMap((other) =>
      (this.catalog.get(other)?.value.conflicts ?? [])
        .filter(({ service }) => service === name)
        .map(({ reason }) => ({ service: other, reason })),
    );
    return [...own.filter(({ service }) => present.has(service)), ...theirs];
  }

  totals(present: Present): Totals {
    const limits = [...present.keys()].flatMap((name) => {
      const entry = this.catalog.get(name);
      return entry ? [limitsOf(entry, this.config)] : [];
    });
    return {
      memory: limits.reduce((sum, { memory }) => sum + memory, 0),
      cpus: limits.reduce((sum, { cpus }) => sum + cpus, 0),
      mostCpus: Math.max(0, ...limits.map(({ cpus }) => cpus)),
    };
  }

  /** What the stack's config has to say differently. */
  change(named: Named): SelectionChange {
    return {
      add: [...named].filter((name) => !this.before.has(name)).sort(),
      remove: [...this.before].filter((name) => !named.has(name)).sort(),
    };
  }

  /** Why a service cannot be in this stack at all. */
  unavailable({ value: { name, image } }: CatalogEntry): string | undefined {
    const { images, overrides } = this.config.platform;
    if (images !== "real" || image.digest !== undefined || overrides[name]?.image) return undefined;
    return `its image has no digest, so it cannot be in a stack with real images; overrides.${name}.image in the config gives it one`;
  }

  private excluded(named: Named): string[] {
    const { include, exclude } = this.config.platform.services;
    const all = include === "all" ? [...this.catalog.keys()] : exclude;
    return all.filter((name) => !named.has(name));
  }

  private select(named: Named, exclude: readonly string[]): { present: Present; problems: Problem[] } {
    const problems: Problem[] = [];
    const services = { include: [...named], exclude: [...exclude] };
    const config = { ...this.config, platform: { ...this.config.platform, services } };
    const { enabled, pulledIn } = selectServices(this.catalog, config, (problem) => problems.push(problem));
    return {
      present: new Map([...enabled.keys()].map((name) => [name, pulledIn.get(name) ?? []])),
      problems,
    };
  }
}
