import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { parseDocument } from "yaml";
import { loadEnvironments, type StackConfig } from "../../stacks/config/load.ts";
import { InputError } from "../../stacks/errors.ts";
import { refuseWeak } from "../../stacks/password.ts";
import { resolvePlatform } from "../../stacks/resolve/index.ts";
import { newEncryptionSalt, sealPulumiSecret } from "../../targets/inProcess/cipher.ts";
import { openConfig, root, type StackOptions } from "../session.ts";

/**
 * The `secret set` command: encrypts a value into the stack's config file, in the format of Pulumi's passphrase
 * provider. The value comes from standard input, so that it is in no shell history and no process list.
 */
export async function setSecret(name: string, options: StackOptions): Promise<void> {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name))
    throw new InputError([{ message: `"${name}" is no name of a secret: use camelCase` }]);
  const { config, catalog, state, stack } = openConfig(options);
  const passphrase = state.passphrase(config.platform.environment);
  const value = await readValue(`value of ${name}: `);
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
  document.setIn(
    ["config", "ums:secrets", name],
    document.createNode({ secure: sealPulumiSecret(value, salt, passphrase) }),
  );
  writeFileSync(path, document.toString({ lineWidth: 0 }));
  process.stdout.write(`${name} is set in ${config.file} for the stack ${stack}\n`);
}

/** The stack with a key set, and without its other secrets and images, which may be set later. */
function asRehearsal(config: StackConfig, key: string): StackConfig {
  const secretKeys = [...new Set([...config.secretKeys, key])].sort();
  return { ...config, secretKeys, platform: { ...config.platform, images: "rehearsal", real: [] } };
}

/** One line from standard input; not echoed on a terminal. */
function readValue(prompt: string): Promise<string> {
  const terminal = process.stdin.isTTY === true;
  if (terminal) process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, written) => written() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal });
  return new Promise((done) => {
    let line = "";
    reader.once("line", (text) => {
      line = text;
      reader.close();
    });
    reader.once("close", () => {
      if (terminal) process.stderr.write("\n");
      done(line);
    });
  });
}
