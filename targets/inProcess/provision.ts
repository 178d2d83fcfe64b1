import { createHash } from "node:crypto";
import { changedInPlace } from "../resources.ts";
import type { Provision } from "./run.ts";

const randomTypes = /^random:index\/random(Password|Bytes|Uuid):/;

/** Stands for a secret in a planned program: `[ums-secret TYPE NAME FORM FINGERPRINT]`. */
const placeholderPattern = /\[ums-secret (\S+) (\S+) (result|hex|base64) [0-9a-f]{16}\]/g;

export function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

/**
 * Identities for a program run in this process. No secret is read or made: each stands as a placeholder with its name
 * and a fingerprint of what it is generated from, so that a plan shows a changed secret and never its value.
 */
export const provision: Provision = ({ type, name, inputs }) => {
  const placeholder = (form: string) => `[ums-secret ${type} ${name} ${form} ${hashOf(inputs)}]`;
  return {
    id: plannedId({ name, inputs }),
    state: randomTypes.test(type)
      ? { result: placeholder("result"), hex: placeholder("hex"), base64: placeholder("base64") }
      : {},
  };
};

/** Identity of a resource in a planned program: another one as soon as inputs differ that make it a new one. */
export function plannedId({ name, inputs }: { name: string; inputs: Record<string, unknown> }): string {
  const lasting = Object.entries(inputs).filter(([input]) => !changedInPlace.has(input));
  return `${name}-${hashOf(lasting)}`;
}

/** Placeholder of a value the user set, with a fingerprint of its ciphertext. */
export function configPlaceholder(key: string, ciphertext: string): string {
  return `[ums-secret config ${key} result ${hashOf(ciphertext)}]`;
}

/** Replaces every placeholder in a text. */
export function fillSecrets(
  text: string,
  secretOf: (type: string, name: string, form: string) => string,
): string {
  return text.replace(placeholderPattern, (_, type: string, name: string, form: string) =>
    secretOf(type, name, form),
  );
}
