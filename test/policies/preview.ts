import * as pulumi from "@pulumi/pulumi";
import { declarePlatform } from "../../components/program.ts";
import type { ResolvedStack } from "../../targets/declare.ts";
import { configPlaceholder } from "../../targets/inProcess/provision.ts";
import { unwrapSecrets } from "../../targets/inProcess/run.ts";
import type { ResourceReference } from "../../targets/resources.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { type EngineResource, unknown } from "./engine.ts";

/** Secrets of the config are known in a preview: placeholders stand for them, with which nothing is derived. */
const placeholders = { derive: (_: unknown, value: string) => value, judge: async () => {} };

/**
 * The resources of a stack as the engine shows them to policies in its first preview: no id and no generated value is
 * known, and Pulumi's own runtime finds out what else is not, because it is made from one. What the provider leaves open
 * itself is not in it: a policy over the whole stack sees that too, and test/docker/policies.test.ts has it. One run at a
 * time.
 */
export async function previewed({ platform, config }: ResolvedStack): Promise<EngineResource[]> {
  // As in the in-process runner: stack traces of every promise would be most of the run.
  Error.stackTraceLimit = 0;
  const declared: Omit<
    EngineResource,
    "dependsOn" | "protect" | "retainOnDelete" | "propertyDependencies"
  >[] = [];
  const options = new Map<string, pulumi.CustomResourceOptions>();
  const references = new Map<pulumi.Resource, ResourceReference>();
  const modes = new Map<string, pulumi.Output<unknown>>();
  await pulumi.runtime.setMocks(
    {
      call: ({ inputs }) => inputs,
      newResource: ({ type, name, inputs, custom }) => {
        const shown = withSigns(unwrapSecrets(inputs)) as Record<string, unknown>;
        if (custom === true) declared.push({ type, name, custom, inputs: shown });
        return { id: undefined, state: inputs };
      },
    },
    "ums",
    platform.stack,
    true,
  );
  const secrets = Object.fromEntries(config.secretKeys.map((key) => [key, configPlaceholder(key, "")]));
  pulumi.runtime.setAllConfig({ "ums:secrets": JSON.stringify(secrets) }, ["ums:secrets"]);
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
      references.set(resource, { type, name });
      options.set(`${type}::${name}`, opts);
      if (pulumi.Output.isInstance(props.networkMode)) modes.set(`${type}::${name}`, props.networkMode);
      return undefined;
    });
    declarePlatform(projectRoot, platform, placeholders);
  });
  await pulumi.runtime.disconnect();
  return Promise.all(
    declared.map(async (resource) => {
      const key = `${resource.type}::${resource.name}`;
      const origins = [...((await (modes.get(key) as Traced | undefined)?.allResources?.()) ?? [])];
      return {
        ...resource,
        dependsOn: [],
        protect: options.get(key)?.protect === true,
        retainOnDelete: options.get(key)?.retainOnDelete === true,
        propertyDependencies: { networkMode: origins.flatMap((origin) => references.get(origin) ?? []) },
      };
    }),
  );
}

/** An output knows the resources it is made from, which its type does not tell. */
interface Traced {
  allResources?(): Promise<ReadonlySet<pulumi.Resource>>;
}

/** The sign that policies get in place of a value that is not known. */
function withSigns(value: unknown): unknown {
  if (pulumi.isUnknown(value)) return unknown;
  if (Array.isArray(value)) return value.map(withSigns);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSigns(inner)]));
}
