import { isDeepStrictEqual } from "node:util";
import { changedInPlace, type DeclaredProgram, type RegisteredResource } from "./resources.ts";

export type ChangeKind = "create" | "update" | "replace" | "delete";

export interface Change {
  kind: ChangeKind;
  type: string;
  name: string;
  /** Inputs that differ, sorted; empty for create and delete. */
  inputs: string[];
}

/** The custom resources of a program in planning form: what is kept of the last `up` to compare the next plan with. */
export interface Snapshot {
  version: 1;
  engine: "pulumi" | "compose";
  resources: Pick<RegisteredResource, "type" | "name" | "inputs">[];
}

export function snapshotOf(program: DeclaredProgram, engine: Snapshot["engine"]): Snapshot {
  const resources = program.resources
    .filter((resource) => resource.custom)
    .map(({ type, name, inputs }) => ({ type, name, inputs }));
  return { version: 1, engine, resources };
}

/** What an `up` would do, compared with the last one. Sorted by type and name. */
export function changesSince(last: Snapshot | undefined, next: Snapshot): Change[] {
  const keyOf = ({ type, name }: { type: string; name: string }) => `${type}::${name}`;
  const before = new Map((last?.resources ?? []).map((resource) => [keyOf(resource), resource]));
  const changes: Change[] = [];
  for (const resource of next.resources) {
    const earlier = before.get(keyOf(resource));
    before.delete(keyOf(resource));
    const { type, name } = resource;
    if (!earlier) {
      changes.push({ kind: "create", type, name, inputs: [] });
      continue;
    }
    const inputs = changedInputs(earlier.inputs, resource.inputs);
    if (inputs.length === 0) continue;
    const kind =
      type.endsWith(":Container") && inputs.every((input) => changedInPlace.has(input))
        ? "update"
        : "replace";
    changes.push({ kind, type, name, inputs });
  }
  for (const { type, name } of before.values()) changes.push({ kind: "delete", type, name, inputs: [] });
  return changes.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function changedInputs(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key])).sort();
}

export function countChanges(changes: readonly Change[]): Record<ChangeKind, number> {
  const counts: Record<ChangeKind, number> = { create: 0, update: 0, replace: 0, delete: 0 };
  for (const { kind } of changes) counts[kind]++;
  return counts;
}
