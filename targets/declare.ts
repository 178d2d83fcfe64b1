import { declarePlatform } from "../components/program.ts";
import type { LoadedStack } from "../stacks/load.ts";
import { configPlaceholder, derivePlaceholder, provision } from "./inProcess/provision.ts";
import { runInProcess } from "./inProcess/run.ts";
import type { DeclaredProgram } from "./resources.ts";

/** Name of the Pulumi project, as in Pulumi.yaml. */
export const projectName = "ums";

/** Values are placeholders here, which nobody can judge: a command that has the passphrase judges what it decrypts. */
const placeholders = { derive: derivePlaceholder, judge: async () => {} };

/** A stack whose platform is resolved. */
export type ResolvedStack = Pick<LoadedStack, "platform" | "config">;

/** The resources of a stack, declared by the same program that Pulumi runs, with placeholders for secrets. */
export function declareStack(root: string, { platform, config }: ResolvedStack): Promise<DeclaredProgram> {
  const secrets = Object.fromEntries(
    Object.entries(config.encryptedSecrets).map(([key, ciphertext]) => [
      key,
      configPlaceholder(key, ciphertext),
    ]),
  );
  return runInProcess({
    project: projectName,
    stack: platform.stack,
    config: { "ums:secrets": JSON.stringify(secrets) },
    secretKeys: ["ums:secrets"],
    provision,
    program: () => declarePlatform(root, platform, placeholders),
  });
}
