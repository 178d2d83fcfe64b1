import { loadCatalog } from "../../stacks/catalog/load.ts";
import { loadEnvironments, type StackConfig } from "../../stacks/config/load.ts";
import { loadStack } from "../../stacks/load.ts";
import { rehearse } from "../../stacks/rehearsal.ts";
import type { ResolvedStack } from "../../targets/declare.ts";
import { declareStack } from "../../targets/declare.ts";
import type { DeclaredProgram, RegisteredResource } from "../../targets/resources.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { found, type PlatformInput, platformOf } from "../fixtures/platforms.ts";
import { catalog, type RecordFields } from "../fixtures/records.ts";
import { stackConfig } from "../fixtures/stackConfigs.ts";

/** The whole catalogue in rehearsal. */
export function devStack(): ResolvedStack {
  return loadStack(projectRoot, "dev");
}

/** Every service of the catalogue that has a digest and whose required providers have one, with its real image. */
export function realStack(config: PlatformInput["config"] = {}): ResolvedStack {
  const all = loadCatalog(projectRoot, ["catalog"]);
  const excluded = new Set<string>();
  for (let before = -1; before < excluded.size; ) {
    before = excluded.size;
    for (const [name, { value }] of all) {
      const needs = value.links.filter((link) => link.required).map((link) => link.provider ?? "");
      if (value.image.digest === undefined || needs.some((need) => excluded.has(need))) excluded.add(name);
    }
  }
  const keys = [...all.values()].flatMap(({ value }) =>
    value.secrets.flatMap((secret) => secret.config ?? []),
  );
  const of = withSecrets(
    stackConfig(
      {
        environment: "production",
        images: "real",
        services: { include: "all", exclude: [...excluded] },
        tunnel: { id: "3f1b6c1e-4f0a-4c59-9d7e-5a2b8c6d1e0f" },
        ...config,
      },
      { stack: "real", secrets: keys },
    ),
  );
  return { platform: platformOf(all, of, loadEnvironments(projectRoot)), config: of };
}

/** A stack of a few records. */
export function stackOf(
  records: Readonly<Record<string, RecordFields>>,
  { config, stack, environments }: PlatformInput = {},
): ResolvedStack {
  const of = withSecrets(stackConfig(config, stack));
  return { platform: platformOf(catalog(records), of, environments), config: of };
}

/** The same stack with the stand-in for every image. */
export function rehearsed({ platform, config }: ResolvedStack): ResolvedStack {
  return { platform: rehearse(platform, "ums-standin:test"), config };
}

/** Encrypted values for the keys a config says are set. */
function withSecrets(config: StackConfig): StackConfig {
  return {
    ...config,
    encryptedSecrets: Object.fromEntries(config.secretKeys.map((key) => [key, `v1:encrypted:${key}`])),
  };
}

export function declared(loaded: ResolvedStack): Promise<DeclaredProgram> {
  return declareStack(projectRoot, loaded);
}

/** The one resource of a type (its last word, such as `Container`) and name. */
export function resource({ resources }: DeclaredProgram, type: string, name: string): RegisteredResource {
  return found(
    resources.find((one) => one.type.endsWith(`:${type}`) && one.name === name),
    `${type} ${name}`,
  );
}

/** Inputs of the container of a service, or of its one-shot container under `<service>-seed`. */
export function container(program: DeclaredProgram, name: string): Record<string, unknown> {
  return resource(program, "Container", `${name}-container`).inputs;
}
