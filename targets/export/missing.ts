import type { Platform } from "../../stacks/platform.ts";
import type { ExportedStack } from "./exported.ts";
import { describeSecret } from "./fill.ts";

/** A secret that the export leaves to a person. */
export interface MissingSecret {
  name: string;
  /** How to make one up. */
  what: string;
  /** Variables and files it belongs to: `sonarr API_KEY`, `sonarr /run/secrets/api_key`. */
  where: readonly string[];
}

/** Every secret that an export without secrets lacks, sorted by name. */
export function missingSecrets(
  platform: Platform,
  { services, withSecrets }: ExportedStack,
): MissingSecret[] {
  if (withSecrets) return [];
  const places = new Map<string, string[]>();
  for (const { name, variables, files } of services) {
    const texts = [
      ...variables.map((variable) => ({ ...variable, where: `${name} ${variable.name}` })),
      ...files.map((file) => ({ ...file, where: `${name} ${file.path}` })),
    ];
    for (const { secrets, where } of texts)
      for (const secret of secrets) places.set(secret, [...(places.get(secret) ?? []), where]);
  }
  return [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, where]) => ({ name, what: describeSecret(platform, name), where }));
}
