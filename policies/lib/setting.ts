/** One configurable value of a policy, in the words of CrossGuard's config schema. */
export type Setting =
  | { type: "array"; items: { type: "string" }; description: string; default: string[] }
  | { type: "number"; minimum: number; description: string; default: number };

export function listSetting(description: string, value: string[]): Setting {
  return { type: "array", items: { type: "string" }, description, default: value };
}

export function numberSetting(description: string, value: number): Setting {
  return { type: "number", minimum: 0, description, default: value };
}
