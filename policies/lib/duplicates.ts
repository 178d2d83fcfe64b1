import type { Subject } from "./graph";

interface Entry {
  subject: Subject;
  key: string;
  /** Host address; entries of different ones do not meet, unless one is for all. */
  scope?: string;
}

/** Entries whose key an earlier one has, with that one. */
export function duplicates(entries: readonly Entry[]): { subject: Subject; key: string; other: Subject }[] {
  return entries.flatMap(({ subject, key, scope }, index) => {
    const other = entries
      .slice(0, index)
      .find((one) => one.key === key && (one.scope === scope || isAll(one.scope) || isAll(scope)));
    return other ? [{ subject, key, other: other.subject }] : [];
  });
}

function isAll(scope: string | undefined): boolean {
  return scope === undefined || ["", "0.0.0.0", "::"].includes(scope);
}
