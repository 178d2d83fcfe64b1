import type { Comparison, Difference } from "./fact.ts";
import { unknownInputs } from "./inputs.ts";
import type { Part } from "./part.ts";

/** A property that does not run as it is declared. */
export type Drift = Part & Difference;

/** A property that was not compared, and why; or only around the secret in it. */
export type NotCompared = Part & { property: string; secret: boolean; why: string };

/** What was found of one part. */
export interface Finding {
  part: Part;
  comparison: Comparison;
  notCompared: { property: string; why: string }[];
}

/** Nothing passes for equal because nobody looked: inputs that no fact is made of are named. */
export function finding(
  part: Part,
  inputs: object,
  comparison: Comparison,
  leftOut: Finding["notCompared"] = [],
): Finding {
  const unknown = unknownInputs(part.kind, inputs);
  const notCompared = unknown.map((property) => ({ property, why: "drift does not know this input" }));
  return { part, comparison, notCompared: [...notCompared, ...leftOut] };
}

/** Something that is there and should not be, or the other way round. */
export function presence(part: Part, declared: string | null, running: string | null): Finding {
  const differences = [{ property: "state", declared, running }];
  return finding(part, {}, { differences, unread: [], secrets: [], properties: 1 });
}

/** The service that labels name. */
export function serviceOf(labels: Readonly<Record<string, string>> | null | undefined): string | null {
  return labels?.["ums.service"] ?? labels?.["ums.seeds"] ?? null;
}

export function labelsOf(
  labels: readonly { label: string; value: string }[] | null | undefined,
): Record<string, string> {
  return Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value]));
}

/** Labels without those that Compose puts on what it makes. */
export function withoutCompose(
  labels: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).filter(([label]) => !label.startsWith("com.docker.compose.")),
  );
}
