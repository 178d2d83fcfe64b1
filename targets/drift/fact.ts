import { compare } from "../../stacks/resolve/edges.ts";
import { aroundSecrets } from "../inProcess/provision.ts";

/** What holds of one property. Texts are equal where the engine does the same. */
export interface Fact {
  text: string;
  /** What a person is shown of it; the text where it is left out. */
  shown?: string;
}

/** What holds of a container, network or volume, by property. A property nothing is said of is absent. */
export type Facts = ReadonlyMap<string, Fact>;

/** A property that is not as declared. Null stands for what is absent. */
export interface Difference {
  property: string;
  declared: string | null;
  running: string | null;
}

export interface Comparison {
  differences: Difference[];
  /** Properties whose secret part is not known: they are the same around it. */
  unread: string[];
  /** Values of the secrets that were compared. */
  secrets: string[];
  properties: number;
}

/** What stands for a declared secret, and for what runs in its place. */
export const hidden = { declared: "a secret", running: "differs" } as const;

/**
 * Compares property by property. A declared text with placeholders of secrets is compared by its value in `known`, or
 * around the placeholders where that has none; neither side of it is ever shown.
 */
export function compareFacts(declared: Facts, running: Facts, known?: Facts): Comparison {
  const properties = [...new Set([...declared.keys(), ...running.keys()])].sort(compare);
  const result: Comparison = { differences: [], unread: [], secrets: [], properties: properties.length };
  for (const property of properties) {
    const wanted = declared.get(property);
    const found = running.get(property);
    const around = aroundSecrets(wanted?.text ?? "");
    if (around.length === 1) {
      if (wanted?.text === found?.text) continue;
      result.differences.push({ property, declared: show(wanted), running: show(found) });
      continue;
    }
    const value = known?.get(property)?.text;
    const isKnown = value !== undefined && aroundSecrets(value).length === 1;
    const secrets = isKnown ? between(around, value) : undefined;
    result.secrets.push(...(secrets ?? []));
    const same = secrets
      ? found?.text === value
      : found !== undefined && between(around, found.text) !== undefined;
    if (!same) {
      result.differences.push({
        property,
        declared: hidden.declared,
        running: found ? hidden.running : null,
      });
    } else if (!secrets) result.unread.push(property);
  }
  return result;
}

function show(fact: Fact | undefined): string | null {
  return fact === undefined ? null : (fact.shown ?? fact.text);
}

/** What stands between parts of a text; undefined where the text is not made of these parts. */
function between(parts: readonly string[], text: string): string[] | undefined {
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("(.+?)");
  return new RegExp(`^${pattern}$`, "s").exec(text)?.slice(1);
}

/** Facts of the properties something is said of. */
export function factsOf(
  entries: Iterable<readonly [property: string, fact: Fact | string | undefined]>,
): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  for (const [property, fact] of entries) {
    if (fact === undefined || fact === "") continue;
    facts.set(property, typeof fact === "string" ? { text: fact } : fact);
  }
  return facts;
}

/** A fact for each entry of a record, under a property of its own. */
export function factOfEach(
  kind: string,
  record: Readonly<Record<string, string>> | null | undefined,
): [string, Fact][] {
  return Object.entries(record ?? {}).map(([name, text]) => [`${kind} ${name}`, { text }]);
}

/** A fact for each line `NAME=value`. */
export function variablesOf(lines: readonly string[] | null | undefined): [string, Fact][] {
  return (lines ?? []).map((line) => {
    const [name = "", ...value] = line.split("=");
    return [`env ${name}`, { text: value.join("=") }];
  });
}
