import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError, type Problem } from "../errors.ts";
import { showPath, type YamlPath } from "../issues.ts";
import { didYouMean } from "../suggest.ts";
import { parseYaml, readYaml, type YamlFile } from "../yaml.ts";
import {
  type Environments,
  environmentsSchema,
  type PlatformConfig,
  platformConfigSchema,
  stackFileSchema,
} from "./schema.ts";

/** A stack's checked config, with the places of its values. */
export interface StackConfig {
  stack: string;
  /** File it was read from, relative to the project unless it was given otherwise. */
  file: string;
  platform: PlatformConfig;
  /** Names set under ums:secrets, sorted; the values stay with the engine. */
  secretKeys: string[];
  /** Encrypted values as they stand in the file, by name. */
  encryptedSecrets: Readonly<Record<string, string>>;
  encryptionSalt?: string;
  /** Place of a value of ums:platform; the file alone where the value did not come from it. */
  locate(path: YamlPath): { file: string; line?: number; column?: number };
}

export interface StackConfigOptions {
  /** Instead of `Pulumi.<stack>.yaml`; relative to the project. */
  file?: string;
  /** Text to read in place of the file's, to try out a change. */
  text?: string;
  /** ums:platform as the engine has it: it may come from elsewhere than the file, and then has no positions. */
  engineValue?: unknown;
}

/**
 * Reads `Pulumi.<stack>.yaml` of the project, or the file given.
 * @throws InputError with file, line and column of everything wrong
 */
export function loadStackConfig(root: string, stack: string, options: StackConfigOptions = {}): StackConfig {
  const file = options.file ?? `Pulumi.${stack}.yaml`;
  const path = resolve(root, file);
  if (!existsSync(path)) {
    const known = readdirSync(root).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
    const hint = didYouMean(stack, known) || `; stacks here: ${known.join(", ") || "none"}`;
    throw new InputError([{ message: `${file} does not exist, so there is no stack "${stack}"${hint}` }]);
  }
  const result =
    options.text === undefined
      ? readYaml(path, file, stackFileSchema, { isSecret })
      : parseYaml(file, options.text, stackFileSchema, { isSecret });
  if (!result.ok) throw new InputError(result.problems);
  const config = toStackConfig(stack, result.yaml);
  if (options.engineValue === undefined) return config;
  const platform = platformConfigSchema.safeParse(options.engineValue);
  if (platform.success) {
    return isDeepStrictEqual(platform.data, config.platform)
      ? config
      : { ...config, platform: platform.data, locate: () => ({ file: config.file }) };
  }
  throw new InputError(
    platform.error.issues.map((issue) => ({
      message: `ums:platform.${showPath(issue.path)}: ${issue.message}`,
    })),
  );
}

function isSecret([section, key]: YamlPath): boolean {
  return section === "config" && key === "ums:secrets";
}

function toStackConfig(stack: string, yaml: YamlFile<ReturnType<typeof stackFileSchema.parse>>): StackConfig {
  if (!/^[a-z][a-z0-9]{0,20}$/.test(stack)) {
    const message = `the stack name "${stack}" becomes part of container names: use at most 21 lower-case letters and digits`;
    throw new InputError([{ message }]);
  }
  const secrets = yaml.value.config["ums:secrets"];
  return {
    stack,
    file: yaml.file,
    platform: yaml.value.config["ums:platform"],
    secretKeys: Object.keys(secrets).sort(),
    encryptedSecrets: Object.fromEntries(Object.entries(secrets).map(([key, { secure }]) => [key, secure])),
    ...(yaml.value.encryptionsalt === undefined ? {} : { encryptionSalt: yaml.value.encryptionsalt }),
    locate: (at) => yaml.locate(["config", "ums:platform", ...at]),
  };
}

export const environmentsFile = "catalog/environments.yaml";

/** @throws InputError when the file is missing or wrong, or environments inherit in a circle */
export function loadEnvironments(root: string, file = environmentsFile): Environments {
  const result = readYaml(join(root, file), file, environmentsSchema);
  if (!result.ok) throw new InputError(result.problems);
  const { value, locate } = result.yaml;
  const problems: Problem[] = [];
  for (const name of Object.keys(value.environments) as (keyof typeof value.environments)[]) {
    const seen = new Set<string>([name]);
    let parent = value.environments[name].inherits;
    while (parent !== undefined) {
      if (seen.has(parent)) {
        problems.push({
          place: locate(["environments", name, "inherits"]),
          message: `${name} inherits from itself`,
        });
        break;
      }
      seen.add(parent);
      parent = value.environments[parent]?.inherits;
    }
  }
  if (problems.length > 0) throw new InputError(problems);
  return value;
}
