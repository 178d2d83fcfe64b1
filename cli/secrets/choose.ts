import { InputError, type Problem } from "../../stacks/errors.ts";
import { entryNamed, type SecretEntry } from "../../stacks/secrets/inventory.ts";

/** What is to be rotated, and what is due but takes a person. */
export interface Chosen {
  entries: SecretEntry[];
  /** Due, and set by the user: a new value has to come from where it was issued. */
  byHand: SecretEntry[];
}

/** Every secret that is due. */
export function dueSecrets(all: readonly SecretEntry[]): Chosen {
  const due = all.filter(({ isDue, isSet }) => isDue && isSet);
  return {
    entries: due.filter(({ kind }) => kind === "generated"),
    byHand: due.filter(({ kind }) => kind === "set"),
  };
}

/** The secrets that are named, each once. @throws InputError for names that are none, and for what cannot be rotated */
export function namedSecrets(names: readonly string[], all: readonly SecretEntry[], stack: string): Chosen {
  const problems: Problem[] = [];
  const entries = new Map<string, SecretEntry>();
  for (const name of names) {
    try {
      const entry = entryNamed(name, all, stack);
      const why = whyNot(entry, all, stack);
      if (why === undefined) entries.set(entry.name, entry);
      else problems.push({ message: `${entry.name} cannot be rotated: ${why}` });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return { entries: [...entries.values()], byHand: [] };
}

function whyNot(entry: SecretEntry, all: readonly SecretEntry[], stack: string): string | undefined {
  if (entry.fixed !== undefined) return entry.fixed;
  if (!entry.isSet) return `it is not set; npx ums secrets set ${entry.name} --stack ${stack} does that`;
  if (entry.kind !== "derived") return undefined;
  const sources = all.filter(({ derived, kind }) => kind !== "derived" && derived.includes(entry.name));
  return sources.length > 0
    ? `it is made of ${sources.map(({ name }) => name).join(" and ")}; rotate that`
    : "it is a text without a secret in it";
}
