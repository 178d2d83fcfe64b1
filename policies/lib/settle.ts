/** An input that is not known before the update, and the error that the proxy threw for it. */
export interface Unknown {
  /** As in `networksAdvanced.0.name`. */
  path: string;
  error: Error;
}

/**
 * Copies inputs out of @pulumi/policy's `unknownCheckingProxy`, which throws on the first unknown value. What is not
 * known is left out of the copy and listed, so that one unknown does not hide what is wrong elsewhere. Null is left out,
 * too: policies of a whole stack see a resource as its provider plans it, with null for all that is not set.
 */
export function settle(inputs: unknown): { plain: Record<string, unknown>; unknowns: Unknown[] } {
  const unknowns: Unknown[] = [];
  const copy = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.keys(value).flatMap((key): [string, unknown][] => {
      try {
        const inner = copy((value as Record<string, unknown>)[key], [...path, key]);
        return inner === null ? [] : [[key, inner]];
      } catch (error) {
        if (!isUnknown(error)) throw error;
        unknowns.push({ path: [...path, key].join("."), error });
        return [];
      }
    });
    return Array.isArray(value) ? entries.map(([, element]) => element) : Object.fromEntries(entries);
  };
  return { plain: copy(inputs, []) as Record<string, unknown>, unknowns };
}

/** Told by its field and not by its class, so that the rules run without @pulumi/policy. */
function isUnknown(error: unknown): error is Error {
  return error instanceof Error && "unknownTypeSentinel" in error;
}
