import type { StackConfig } from "../../stacks/config/load.ts";
import { InputError } from "../../stacks/errors.ts";
import { refuseWeak } from "../../stacks/password.ts";
import type { Platform, Warning } from "../../stacks/platform.ts";
import { openPulumiSecrets } from "../../targets/inProcess/cipher.ts";
import type { Session } from "../session.ts";

/**
 * The values of ums:secrets, of which those that people type are none that others would guess.
 * @throws InputError with each that is weak, or when the passphrase does not open them
 */
export async function judgedSecrets(
  platform: Platform,
  config: StackConfig,
  passphrase: string,
): Promise<Record<string, string>> {
  const values = openSecrets(config, passphrase);
  await refuseWeak(platform, values);
  return values;
}

function openSecrets({ encryptedSecrets, encryptionSalt }: StackConfig, passphrase: string) {
  return Object.keys(encryptedSecrets).length > 0
    ? openPulumiSecrets(encryptedSecrets, encryptionSalt ?? "", passphrase)
    : {};
}

/**
 * Judges the passwords that people type where they can be decrypted: a plan needs no passphrase, and makes none.
 * @returns why each of the others was not judged
 * @throws InputError with each that is weak
 */
export async function judgeReadable({ loaded, state }: Session): Promise<Warning[]> {
  const { platform, config } = loaded;
  const typed = typedKeys(platform).filter((key) => config.encryptedSecrets[key] !== undefined);
  if (typed.length === 0) return [];
  const unjudged = (why: string): Warning[] =>
    typed.map((key) => ({ message: `the password ${key} was not judged: ${why}` }));
  if (config.encryptionSalt === undefined)
    return unjudged(`${config.file} has another secrets provider than a passphrase`);
  let values: Record<string, string>;
  try {
    const passphrase = state.knownPassphrase(config.platform.environment);
    if (passphrase === undefined)
      return unjudged("no passphrase (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE)");
    const encryptedSecrets = pick(config.encryptedSecrets, typed);
    values = openSecrets({ ...config, encryptedSecrets }, passphrase);
  } catch (error) {
    if (error instanceof InputError) return unjudged(error.message);
    throw error;
  }
  await refuseWeak(platform, values);
  return [];
}

function pick<T>(all: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)));
}

/** Keys of ums:secrets whose values people type at a sign-in, sorted. */
function typedKeys({ secrets }: Platform): string[] {
  const keys = secrets.flatMap(({ source }) =>
    source.kind === "config" && source.typed ? [source.key] : [],
  );
  return [...new Set(keys)].sort();
}
