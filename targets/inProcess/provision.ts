import { createHash } from "node:crypto";
import type { Derive } from "../../components/secret/secret.ts";
import type { SecretForm } from "../../stacks/platform.ts";
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

/** Stands for a secret in another form in a planned program: `[ums-derived FORM PLACEHOLDER PLACEHOLDER]`. */
const derivedPattern = /\[ums-derived (\S+) (\[ums-secret [^\]]*\])(?: (\[ums-secret [^\]]*\]))?\]/g;

const eitherPattern = new RegExp(`${derivedPattern.source}|${placeholderPattern.source}`, "g");

/** Stands for a secret of the config that is not set, with which a preview goes on. */
const unsetPattern = /\[\S+ is not set\]/g;

/** A secret's other form while planning, when its value is a placeholder. A text around one cannot be derived from. */
export const derivePlaceholder: Derive = (form, value, salt) => {
  // A preview goes on with what is not set.
  if (/^\[\S+ is not set\]$/.test(value)) return value;
  const placeholder = `[ums-derived ${form} ${value}${salt === "" ? "" : ` ${salt}`}]`;
  if (placeholder.replace(derivedPattern, "") !== "")
    throw new Error(`the form ${form} is for a secret of its own, not for one made of others`);
  return placeholder;
};

/** Replaces every placeholder in a text; one of a secret that is not known stays. */
export function fillSecrets(
  text: string,
  secretOf: (type: string, name: string, form: string) => string | undefined,
  derive: Derive = (_, value) => value,
): string {
  const plain = (placeholders: string): string | undefined => {
    let known = true;
    const filled = placeholders.replace(placeholderPattern, (_, type: string, name: string, form: string) => {
      const value = secretOf(type, name, form);
      if (value === undefined) known = false;
      return value ?? "";
    });
    return known ? filled : undefined;
  };
  // In one pass: a value that looks like a placeholder is not replaced again.
  return text.replace(
    eitherPattern,
    (whole: string, form?: SecretForm, first?: string, second?: string): string => {
      if (form === undefined || first === undefined) return plain(whole) ?? whole;
      const [value, salt] = [plain(first), plain(second ?? "")];
      return value === undefined || salt === undefined ? whole : derive(form, value, salt);
    },
  );
}

/** The parts of a text around its placeholders and secrets that are not set; the text alone where it has none. */
export function aroundSecrets(text: string): string[] {
  return text.replace(eitherPattern, "\0").replace(unsetPattern, "\0").split("\0");
}
