import * as pulumi from "@pulumi/pulumi";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable.js";
import { compare } from "../../stacks/resolve/edges.ts";
import type { DeclaredProgram, RegisteredResource, ResourceReference } from "../resources.ts";

/** Gives a resource its identity and outputs, in place of a provider. */
export type Provision = (resource: { type: string; name: string; inputs: Record<string, unknown> }) => {
  id: string;
  state: Record<string, unknown>;
};

export interface RunArgs {
  project: string;
  stack: string;
  /** Whole config keys and their values; structured values as JSON. */
  config: Record<string, string>;
  /** Keys of `config` that are secret. */
  secretKeys: string[];
  provision: Provision;
  program(): Record<string, unknown>;
}

/**
 * Runs a Pulumi program in this process, with no engine, provider or network, and returns the resources it
 * registers. One run at a time, since Pulumi's runtime is global: one that is asked for meanwhile waits.
 */
export function runInProcess(args: RunArgs): Promise<DeclaredProgram> {
  const result = before.then(() => runAlone(args));
  before = result.catch(() => {});
  return result;
}

/** The end of the run before, good or bad. */
let before: Promise<unknown> = Promise.resolve();

async function runAlone(args: RunArgs): Promise<DeclaredProgram> {
  const watchAgain = leaveUnwatched();
  // A resource that cannot be declared shows as an unhandled rejection alone, and would be missing from the result.
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  process.on("unhandledRejection", onRejection);
  try {
    const declared = await run(args);
    // Rejections are announced once the queue of promises is empty.
    await new Promise((resolve) => setImmediate(resolve));
    if (rejections.length > 0) throw rejections[0];
    return declared;
  } finally {
    process.off("unhandledRejection", onRejection);
    watchAgain();
  }
}

/** The module through which Pulumi's runtime calls this function: declared for nobody, and its own object. */
const { default: watch } = debuggable as unknown as {
  default: { debuggablePromise<T>(promise: Promise<T>, context: unknown): Promise<T> };
};

/**
 * Pulumi makes a stack trace for every resource, and for every property a promise that watches for leaks, with another
 * one: that would be half of the run. A promise that never resolves shows here as an await that Node ends with code 13.
 * @returns what puts it all back
 */
function leaveUnwatched(): () => void {
  const { prepareStackTrace } = Error;
  const { debuggablePromise } = watch;
  Error.prepareStackTrace = (error) => String(error);
  watch.debuggablePromise = (promise) => promise;
  return () => {
    Error.prepareStackTrace = prepareStackTrace;
    watch.debuggablePromise = debuggablePromise;
  };
}

async function run(args: RunArgs): Promise<DeclaredProgram> {
  const resources = new Map<string, RegisteredResource>();
  const options = new Map<string, pulumi.ResourceOptions>();
  const references = new Map<pulumi.Resource, ResourceReference>();

  await pulumi.runtime.setMocks(
    {
      call: ({ inputs }) => inputs,
      newResource: ({ type, name, inputs, custom }) => {
        const plain = unwrapSecrets(inputs) as Record<string, unknown>;
        if (type !== "pulumi:pulumi:Stack") {
          if (resources.has(keyOf({ type, name }))) throw new Error(`two resources are ${type} ${name}`);
          resources.set(keyOf({ type, name }), {
            type,
            name,
            custom: custom === true,
            inputs: plain,
            dependsOn: [],
            protect: false,
            retainOnDelete: false,
          });
        }
        const { id, state } = args.provision({ type, name, inputs: plain });
        // Outputs that are not named here are the inputs.
        return { id, state };
      },
    },
    args.project,
    args.stack,
    false,
  );
  pulumi.runtime.setAllConfig(args.config, args.secretKeys);
  let outputs: Record<string, unknown> = {};
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation((resource) => {
      const reference = { type: resource.type, name: resource.name };
      references.set(resource.resource, reference);
      options.set(keyOf(reference), resource.opts);
      return undefined;
    });
    outputs = args.program();
    return outputs;
  });
  await pulumi.runtime.disconnect();
  for (const [key, resource] of resources) applyOptions(resource, options.get(key), references);
  const sorted = [...resources.values()].sort((a, b) => compare(a.type, b.type) || compare(a.name, b.name));
  return { resources: sorted, outputs };
}

function keyOf({ type, name }: ResourceReference): string {
  return `${type}::${name}`;
}

function applyOptions(
  resource: RegisteredResource,
  options: pulumi.ResourceOptions | undefined,
  references: ReadonlyMap<pulumi.Resource, ResourceReference>,
): void {
  if (!options) return;
  const wanted = Array.isArray(options.dependsOn)
    ? options.dependsOn
    : options.dependsOn
      ? [options.dependsOn]
      : [];
  resource.dependsOn = wanted
    .flatMap((dependency) => references.get(dependency as pulumi.Resource) ?? [])
    .sort((a, b) => compare(a.type, b.type) || compare(a.name, b.name));
  resource.protect = options.protect === true;
  resource.retainOnDelete = options.retainOnDelete === true;
  const parent = options.parent && references.get(options.parent);
  if (parent) resource.parent = parent;
}

/** Marks a secret in serialised inputs (pulumi/pulumi, sdk/nodejs/runtime/rpc: specialSigKey and specialSecretSig). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Takes secrets out of their wrappers, which the runtime also puts around a whole list with one secret in it. */
export function unwrapSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string, unknown>;
  if (object[signatureKey] === secretSignature) return unwrapSecrets(object.value);
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, unwrapSecrets(inner)]));
}
