import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { parseDocument } from "yaml";
import { loadEnvironments } from "../../stacks/config/load.ts";
import { InputError } from "../../stacks/errors.ts";
import { refuseWeak } from "../../stacks/password.ts";
import { resolvePlatform } from "../../stacks/resolve/index.ts";
import { newEncryptionSalt, sealPulumiSecret } from "../../targets/inProcess/cipher.ts";
import { openSession, root, type StackOptions } from "../session.ts";

/**
 * The `secret set` command: encrypts a value into the stack's config file, in the format of Pulumi's passphrase
 * provider. The value comes from standard input, so that it is in no shell history and no process list.
 */
export async function setSecret(name: string, options: StackOptions): Promise<void> {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name))
    throw new InputError([{ message: `"${name}" is no name of a secret: use camelCase` }]);
  const { loaded, state, stack } = openSession(options);
  const passphrase = state.passphrase(loaded.config.platform.environment);
  const value = await readValue(`value of ${name}: `);
  if (value === "") throw new InputError([{ message: "the value is empty: nothing was set" }]);
  const secretKeys = [...new Set([...loaded.config.secretKeys, name])].sort();
  const known = resolvePlatform(loaded.catalog, { ...loaded.config, secretKeys }, loadEnvironments(root));
  await refuseWeak(known, { [name]: value });
  const path = resolve(root, loaded.config.file);
  const document = parseDocument(readFileSync(path, "utf8"));
  if (document.hasIn(["secretsprovider"])) {
    throw new InputError([
      {
        place: { file: loaded.config.file },
        message: "has another secrets provider: use pulumi config set --secret",
      },
    ]);
  }
  const salt = loaded.config.encryptionSalt ?? newEncryptionSalt(passphrase);
  document.setIn(["encryptionsalt"], salt);
  document.setIn(
    ["config", "ums:secrets", name],
    document.createNode({ secure: sealPulumiSecret(value, salt, passphrase) }),
  );
  writeFileSync(path, document.toString({ lineWidth: 0 }));
  process.stdout.write(`${name} is set in ${loaded.config.file} for the stack ${stack}\n`);
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
