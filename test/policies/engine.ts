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
