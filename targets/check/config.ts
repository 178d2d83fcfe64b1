import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PackConfig } from "../../policies/lib/settings.ts";
import { loosened } from "../../policies/pack.ts";
import type { PlatformConfig } from "../../stacks/config/schema.ts";
import { InputError } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";

/** Where the levels and settings of policies are kept, one file a stack or an environment. */
const folder = "policies/config";

/**
 * The pack's config for a stack: the file of the stack, else of its environment, and never more than the stack's own
 * budget. The same files serve `pulumi --policy-pack-config`.
 * @throws InputError for a file that is no JSON, names a policy or setting that does not exist, or relaxes the pack
 */
export function packConfigOf(
  root: string,
  { platform, config }: { platform: Pick<Platform, "stack" | "environment">; config: Budgeted },
): PackConfig {
  const { budget } = config.platform;
  return atMost(readPackConfig(root, platform), {
    "limit-budget": { memory: budget.memory, cpus: budget.cpus },
    "host-budget": { memory: budget.memory },
  });
}

interface Budgeted {
  platform: Pick<PlatformConfig, "budget">;
}

function readPackConfig(
  root: string,
  { stack, environment }: Pick<Platform, "stack" | "environment">,
): PackConfig {
  const file = [stack, environment]
    .map((name) => `${folder}/${name}.json`)
    .find((path) => existsSync(join(root, path)));
  if (file === undefined) return {};
  const place = { file };
  let config: PackConfig;
  let looser: string[];
  try {
    config = JSON.parse(readFileSync(join(root, file), "utf8")) as PackConfig;
    looser = loosened(config, environment);
  } catch (error) {
    throw new InputError([{ place, message: (error as Error).message }]);
  }
  if (looser.length > 0) {
    const rule = "a config may not relax the pack, but for image policies in development";
    throw new InputError(looser.map((problem) => ({ place, message: `${problem}: ${rule}` })));
  }
  return config;
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
