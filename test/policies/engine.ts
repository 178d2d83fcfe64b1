import { createRequire } from "node:module";
import { join } from "node:path";
import type { PolicyResource, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { crossGuard } from "../../policies/lib/crossguard.ts";
import type { Policy } from "../../policies/lib/policy.ts";
import type { RegisteredResource, ResourceReference } from "../../targets/resources.ts";
import { projectRoot } from "../fixtures/folders.ts";

/** The proxy that the engine's policy runtime puts around inputs, and its sign for a string that is not known yet. */
const { unknownCheckingProxy, unknownStringValue } = createRequire(
  join(projectRoot, "policies/package.json"),
)("@pulumi/policy/proxy") as { unknownCheckingProxy<Of>(inputs: Of): Of; unknownStringValue: string };

export const unknown = unknownStringValue;
export const proxied = unknownCheckingProxy;

/** A resource with what the engine knows of its inputs: the resources whose outputs they are made from. */
export interface EngineResource extends RegisteredResource {
  propertyDependencies?: Readonly<Record<string, readonly ResourceReference[]>>;
}

/** What a policy reports in the engine's runtime, and the errors with which it says what it could not decide, by line. */
export interface Reported {
  messages: string[];
  undecided: string | undefined;
}

/** Runs one policy as the engine does: inputs behind the proxy, resource by resource or all together. */
export function inEngine(policy: Policy, resources: readonly EngineResource[]): Reported {
  const [form] = crossGuard([policy]);
  const messages: string[] = [];
  const report = (message: string) => messages.push(message);
  const config = {
    getConfig: <Of extends object>() => ({}) as Of,
    stackTags: new Map(),
    notApplicable: () => undefined as never,
  };
  const parts = resources.map((resource) => policyResource(resource));
  const undecided: string[] = [];
  const guarded = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if ((error as Error).constructor.name !== "UnknownValueError") throw error;
      undecided.push((error as Error).message);
    }
  };
  if (form && "validateStack" in form) {
    guarded(() => (form as StackValidationPolicy).validateStack({ ...config, resources: parts }, report));
  } else {
    const validate = (form as ResourceValidationPolicy).validateResource;
    for (const part of parts) {
      guarded(() => typeof validate === "function" && validate({ ...config, ...part } as never, report));
    }
  }
  return { messages, undecided: undecided.length > 0 ? undecided.join("\n") : undefined };
}

function policyResource(resource: EngineResource): PolicyResource {
  const { type, name, inputs, protect, propertyDependencies = {} } = resource;
  return {
    type,
    name,
    urn: `urn:pulumi:test::ums::${type}::${name}`,
    props: proxied(inputs),
    opts: { protect, ignoreChanges: [], aliases: [], additionalSecretOutputs: [] } as never,
    dependencies: [],
    propertyDependencies: propertyDependencies as unknown as PolicyResource["propertyDependencies"],
    isType: () => false,
    asType: () => undefined,
  };
}

/**
 * The resources as a provider plans them that tells everything it knows of: null for what is not set, of all that a policy
 * reads and all that others of the same type have.
 */
export function withNulls(
  resources: readonly EngineResource[],
  policies: readonly Policy[],
): EngineResource[] {
  const keys = new Map<string, Set<string>>();
  const keysAt = (place: string) => {
    const known = keys.get(place) ?? new Set<string>();
    keys.set(place, known);
    return known;
  };
  const collect = (value: unknown, place: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (!Array.isArray(value)) keysAt(place).add(key);
      collect(inner, Array.isArray(value) ? place : `${place}.${key}`);
    }
  };
  const filled = (value: unknown, place: string): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((inner) => filled(inner, place));
    const inner = value as Record<string, unknown>;
    return Object.fromEntries(
      [...new Set([...Object.keys(inner), ...keysAt(place)])].map((key) => [
        key,
        inner[key] === undefined ? null : filled(inner[key], `${place}.${key}`),
      ]),
    );
  };
  for (const { type, inputs } of resources) collect(inputs, type);
  for (const type of new Set(resources.map((resource) => resource.type)))
    for (const path of policies.flatMap(({ reads }) => reads))
      collect(
        path.split(".").reduceRight((inner, name) => ({ [name]: inner }), {}),
        type,
      );
  return resources.map((resource) => ({
    ...resource,
    inputs: filled(resource.inputs, resource.type) as EngineResource["inputs"],
  }));
}
