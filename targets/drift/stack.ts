import { compare } from "../../stacks/resolve/edges.ts";
import type { DeclaredProgram } from "../resources.ts";
import { compareContainers, type KnownInputs } from "./container/compare.ts";
import { hidden } from "./fact.ts";
import type { Drift, NotCompared } from "./finding.ts";
import type { InspectedStack } from "./inspected.ts";
import { compareNetworks } from "./network.ts";
import type { Part } from "./part.ts";
import { compareVolumes } from "./volume.ts";

/** What of a stack's secrets can be read. */
export interface KnownSecrets {
  inputsOf: KnownInputs;
  /** Why a value is not known. */
  why: string;
}

export interface DriftReport {
  /** Sorted by kind, name and property. */
  drift: Drift[];
  notCompared: NotCompared[];
  /** How much was compared. */
  compared: Record<Part["kind"] | "property", number>;
}

/** Compares a planned program with what is on the host. No value of a secret is in the result. */
export function compareStack(
  program: DeclaredProgram,
  stack: InspectedStack,
  secrets: KnownSecrets,
): DriftReport {
  const findings = [
    ...compareContainers(program, stack, secrets.inputsOf),
    ...compareNetworks(program, stack),
    ...compareVolumes(program, stack),
  ];
  const values = new Set(findings.flatMap(({ comparison }) => comparison.secrets));
  const drift = findings.flatMap(({ part, comparison }) =>
    comparison.differences.map((difference) => withoutSecrets({ ...part, ...difference }, values)),
  );
  const notCompared = findings.flatMap(({ part, comparison, notCompared: left }) => [
    ...comparison.unread.map((property) => ({ ...part, property, secret: true, why: secrets.why })),
    ...left.map((one) => ({ ...part, ...one, secret: false })),
  ]);
  const count = (kind: Part["kind"]) => findings.filter(({ part }) => part.kind === kind).length;
  return {
    drift: drift.sort(inOrder),
    notCompared: notCompared.sort(inOrder),
    compared: {
      container: count("container"),
      network: count("network"),
      volume: count("volume"),
      property: findings.reduce((sum, { comparison }) => sum + comparison.properties, 0),
    },
  };
}

/** A secret may also stand where none was declared. */
function withoutSecrets(entry: Drift, values: ReadonlySet<string>): Drift {
  const shown = [entry.declared, entry.running].join("\n");
  return [...values].some((value) => shown.includes(value)) ? { ...entry, ...hidden } : entry;
}

function inOrder(a: Part & { property: string }, b: typeof a): number {
  return compare(a.kind, b.kind) || compare(a.name, b.name) || compare(a.property, b.property);
}
