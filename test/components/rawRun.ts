import * as pulumi from "@pulumi/pulumi";
import { declarePlatform } from "../../components/program.ts";
import type { Platform } from "../../stacks/platform.ts";
import type { ResolvedStack } from "../../targets/declare.ts";
import { unwrapSecrets } from "../../targets/inProcess/run.ts";
import { projectRoot } from "../fixtures/folders.ts";

/** A resource as the engine would get it: secrets still in their wrappers, and with its options. */
export interface RawResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  options: pulumi.CustomResourceOptions;
}

/** Begins every secret value of a raw run: whatever is generated, and whatever the config holds. */
export const secretMark = "top-secret-";

/** Runs the program as Pulumi would, with values in place of placeholders. One run at a time. */
export async function rawRun(
  loaded: ResolvedStack,
  program: () => unknown = () => declarePlatform(projectRoot, loaded.platform),
): Promise<RawResource[]> {
  // As in the in-process runner: stack traces of every promise would be most of the run.
  Error.stackTraceLimit = 0;
  const registered = new Map<string, Omit<RawResource, "options">>();
  const options = new Map<string, pulumi.CustomResourceOptions>();
  await pulumi.runtime.setMocks(
    {
      call: ({ inputs }) => inputs,
      newResource: ({ type, name, inputs }) => {
        registered.set(`${type}::${name}`, { type, name, inputs });
        const value = `${secretMark}${name}`;
        const generated = type.startsWith("random:") ? { result: value, hex: value, base64: value } : {};
        return { id: `${name}-id`, state: { ...(unwrapSecrets(inputs) as object), ...generated } };
      },
    },
    "ums",
    loaded.platform.stack,
    false,
  );
  const set = Object.fromEntries(loaded.config.secretKeys.map((key) => [key, `${secretMark}${key}`]));
  pulumi.runtime.setAllConfig({ "ums:secrets": JSON.stringify(set) }, ["ums:secrets"]);
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(`${type}::${name}`, opts);
      return undefined;
    });
    program();
  });
  await pulumi.runtime.disconnect();
  return [...registered].map(([key, resource]) => ({ ...resource, options: options.get(key) ?? {} }));
}

/** Key and value by which the engine knows a secret (pulumi/pulumi, sdk/nodejs/runtime/rpc.ts). */
const signature = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"] as const;

/** Where a secret value stands in inputs without being marked as one. */
export function exposedSecrets(resources: readonly RawResource[]): string[] {
  const walk = (value: unknown, path: string): string[] => {
    if (typeof value === "string") return value.includes(secretMark) ? [path] : [];
    if (typeof value !== "object" || value === null) return [];
    if ((value as Record<string, unknown>)[signature[0]] === signature[1]) return [];
    return Object.entries(value).flatMap(([key, inner]) => walk(inner, `${path}.${key}`));
  };
  return resources.flatMap(({ name, inputs }) => walk(inputs, name));
}

/** Where a secret value stands in inputs, marked or not. */
export function secretPlaces(resources: readonly RawResource[]): string[] {
  return exposedSecrets(
    resources.map((one) => ({ ...one, inputs: unwrapSecrets(one.inputs) as Record<string, unknown> })),
  );
}

/** Data volumes that the engine would delete with their resource, or would not protect where their data is real. */
export function unkeptData(resources: readonly RawResource[], platform: Platform): string[] {
  return platform.volumes.flatMap(({ name }) => {
    const volume = resources.find(({ type, inputs }) => type.endsWith(":Volume") && inputs.name === name);
    return [
      ...(volume?.options.retainOnDelete === true ? [] : [`${name} goes with its resource`]),
      ...(volume?.options.protect === (platform.environment !== "development")
        ? []
        : [`${name} is ${volume?.options.protect ? "" : "not "}protected`]),
    ];
  });
}
