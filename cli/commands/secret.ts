import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseDocument } from "yaml";
import { loadEnvironments, type StackConfig } from "../../stacks/config/load.ts";
import { changeVersions } from "../../stacks/config/versions.ts";
import { InputError } from "../../stacks/errors.ts";
import { refuseWeak } from "../../stacks/password.ts";
import { resolvePlatform } from "../../stacks/resolve/index.ts";
import { dayOf } from "../../stacks/secrets/inventory.ts";
import { writeKept } from "../../targets/files.ts";
import { newEncryptionSalt, sealPulumiSecret } from "../../targets/inProcess/cipher.ts";
import { saveState } from "../backup/state.ts";
import { audit } from "../secrets/audit.ts";
import { readValues } from "../secrets/input.ts";
import { openConfig, openSession, root, type Session, type StackOptions } from "../session.ts";

/**
 * The `secrets set` command: encrypts a value into the stack's config file, in the format of Pulumi's passphrase
 * provider. The value comes from standard input, so that it is in no shell history and no process list.
 */
export async function setSecret(name: string, options: StackOptions): Promise<void> {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name))
    throw new InputError([{ message: `"${name}" is no name of a secret: use camelCase` }]);
  const { config, catalog, state, stack } = openConfig(options);
  if (state.readRotation()?.secrets.some((secret) => secret.name === name))
    throw new InputError([
      {
        message: `a rotation of ${name} was interrupted: npx ums secrets rotate --stack ${stack} goes on with it`,
      },
    ]);
  const passphrase = state.passphrase(config.platform.environment);
  const [value = ""] = await readValues([`value of ${name}: `]);
  if (value === "") throw new InputError([{ message: "the value is empty: nothing was set" }]);
  await refuseWeak(resolvePlatform(catalog, asRehearsal(config, name), loadEnvironments(root)), {
    [name]: value,
  });
  const path = resolve(root, config.file);
  const document = parseDocument(readFileSync(path, "utf8"));
  if (document.hasIn(["secretsprovider"])) {
    throw new InputError([
      {
        place: { file: config.file },
        message: "has another secrets provider: use pulumi config set --secret",
      },
    ]);
  }
  const salt = config.encryptionSalt ?? newEncryptionSalt(passphrase);
  document.setIn(["encryptionsalt"], salt);
  const before = config.platform.secretVersions[name]?.version ?? 1;
  const version = config.secretKeys.includes(name) ? before + 1 : before;
  const after = changeVersions(document.toString({ lineWidth: 0 }), {
    versions: { [name]: { version, since: dayOf(new Date()) } },
    ciphertexts: { [name]: sealPulumiSecret(value, salt, passphrase) },
  });
  writeKept(path, after);
  audit(state.auditPath, { action: "set", stack, secrets: [{ name, to: version }] });
  process.stdout.write(`${name} is set in ${config.file} for the stack ${stack}\n`);
  const session = deployable(options);
  if (session) await saveState(session);
}

/** Undefined for a stack whose config still lacks something, so that it cannot be deployed yet. */
function deployable(options: StackOptions): Session | undefined {
  try {
    return openSession(options, { unsetSecrets: "refuse" });
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The stack with a key set, and without its other secrets and images, which may be set later. */
function asRehearsal(config: StackConfig, key: string): StackConfig {
  const secretKeys = [...new Set([...config.secretKeys, key])].sort();
  return { ...config, secretKeys, platform: { ...config.platform, images: "rehearsal", real: [] } };
}
