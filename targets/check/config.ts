import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PackConfig } from "../../policies/lib/settings.ts";
import { checkPackConfig } from "../../policies/pack.ts";
import { InputError } from "../../stacks/errors.ts";
import type { LoadedStack } from "../../stacks/load.ts";

/** Where the levels and settings of policies are kept, one file a stack or an environment. */
const folder = "policies/config";

/**
 * The pack's config for a stack: the file of the stack, else of its environment, and never more than the stack's own
 * budget. The same files serve `pulumi --policy-pack-config`.
 * @throws InputError for a file that is no JSON, or names a policy or setting that does not exist
 */
export function packConfigOf(root: string, { platform, config }: LoadedStack): PackConfig {
  const { budget } = config.platform;
  const written = readPackConfig(root, [platform.stack, platform.environment]);
  return atMost(written, {
    "limit-budget": { memory: budget.memory, cpus: budget.cpus },
    "host-budget": { memory: budget.memory },
  });
}

function readPackConfig(root: string, names: readonly string[]): PackConfig {
  const file = names.map((name) => `${folder}/${name}.json`).find((path) => existsSync(join(root, path)));
  if (file === undefined) return {};
  try {
    const config = JSON.parse(readFileSync(join(root, file), "utf8")) as PackConfig;
    checkPackConfig(config);
    return config;
  } catch (error) {
    throw new InputError([{ place: { file }, message: (error as Error).message }]);
  }
}

/** The config with numbers no higher than the given ones. */
function atMost(config: PackConfig, limits: Readonly<Record<string, Record<string, number>>>): PackConfig {
  const lowered = Object.entries(limits).map(([name, numbers]) => {
    const written = config[name];
    if (typeof written === "string") return [name, { enforcementLevel: written, ...numbers }] as const;
    const lower = Object.entries(numbers).map(([key, limit]) => {
      const value = written?.[key];
      return [key, typeof value === "number" ? Math.min(value, limit) : limit];
    });
    return [name, { ...written, ...Object.fromEntries(lower) }] as const;
  });
  return { ...config, ...Object.fromEntries(lowered) };
}
