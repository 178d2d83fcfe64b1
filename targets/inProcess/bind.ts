import { deriveSecret } from "../../components/secret/derive.ts";
import { containerInputs, isOneShot } from "../compose/render.ts";
import { type DeclaredProgram, dockerTypes, type RegisteredResource } from "../resources.ts";
import { fillSecrets, plannedId } from "./provision.ts";
import type { SecretStore } from "./secretStore.ts";

export interface BoundProgram {
  program: DeclaredProgram;
  /** Identity of a container: a fingerprint of all it is made of, secrets included. */
  idOf(container: RegisteredResource): string;
  /** Every secret value in the program. */
  secretValues: string[];
}

/** Puts the secrets of a store, and those of the config, where a planned program has placeholders. */
export function bindSecrets(
  planned: DeclaredProgram,
  store: SecretStore,
  configSecrets: Readonly<Record<string, string>>,
): BoundProgram {
  const find = secretsOf(planned, (resource) => store.valueOf(resource), configSecrets);
  const values = new Set<string>();
  const secretOf = (type: string, name: string, form: string): string => {
    const value = find(type, name, form);
    if (value === undefined) throw new Error(`no value for the secret ${name}`);
    values.add(value);
    return value;
  };

  const ids = new Map<string, string>();
  const bound = new Map<RegisteredResource, RegisteredResource>();
  const idOfBound = new Map<RegisteredResource, string>();
  // One-shot containers first: services carry their ids; then those whose namespace others join.
  const sorted = [...planned.resources].sort((a, b) => depth(a) - depth(b));
  for (const resource of sorted) {
    const inputs = mapStrings(resource.inputs, (text) => {
      const filled = fillSecrets(text, secretOf, deriveSecret);
      const shared = filled.startsWith("container:") ? "container:" : "";
      const id = ids.get(filled.slice(shared.length));
      return id === undefined ? filled : `${shared}${id}`;
    }) as Record<string, unknown>;
    const copy = { ...resource, inputs };
    bound.set(resource, copy);
    if (resource.type !== dockerTypes.container) continue;
    const id = store.fingerprint(JSON.stringify(inputs));
    ids.set(plannedId(resource), id);
    idOfBound.set(copy, id);
  }
  return {
    program: { ...planned, resources: planned.resources.map((resource) => bound.get(resource) ?? resource) },
    idOf: (container) => {
      const id = idOfBound.get(container);
      if (id === undefined) throw new Error(`${container.name} is not a container of this program`);
      return id;
    },
    secretValues: [...values],
  };
}

/** Inputs of planned resources with the secrets that a store and the config have. Nothing is generated. */
export function fillKnown(
  planned: DeclaredProgram,
  store: SecretStore,
  configSecrets: Readonly<Record<string, string>>,
): (resource: RegisteredResource) => Record<string, unknown> {
  const find = secretsOf(planned, (resource) => store.knownValueOf(resource), configSecrets);
  return ({ inputs }) =>
    mapStrings(inputs, (text) => fillSecrets(text, find, deriveSecret)) as Record<string, unknown>;
}

/** What a placeholder's type, name and form stand for. */
export type SecretOf = (type: string, name: string, form: string) => string | undefined;

/** Finds what a placeholder stands for: a secret of the config, or a generated one in the form that is asked for. */
export function secretsOf(
  planned: DeclaredProgram,
  generatedFor: (resource: RegisteredResource) => string | undefined,
  configSecrets: Readonly<Record<string, string>>,
): SecretOf {
  const byKey = new Map(
    planned.resources.map((resource) => [`${resource.type}::${resource.name}`, resource]),
  );
  return (type, name, form) => {
    if (type === "config") return configSecrets[name];
    const resource = byKey.get(`${type}::${name}`);
    const value = resource && generatedFor(resource);
    return value && inForm(value, form);
  };
}

/** A value of the store as an output of the resource that generates it: bytes are kept as hexadecimal. */
export function inForm(value: string, form: string): string {
  return form === "base64" ? Buffer.from(value, "hex").toString("base64") : value;
}

function depth(resource: RegisteredResource): number {
  if (resource.type !== dockerTypes.container || isOneShot(resource)) return 0;
  return containerInputs(resource).networkMode.startsWith("container:") ? 2 : 1;
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}
