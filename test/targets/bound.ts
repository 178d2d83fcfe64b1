import { join } from "node:path";
import { type BoundProgram, bindSecrets } from "../../targets/inProcess/bind.ts";
import { SecretStore } from "../../targets/inProcess/secretStore.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { folder } from "../fixtures/folders.ts";

/** A new store in a folder that goes when the test ends. */
export function newStore(): SecretStore {
  return SecretStore.open(join(folder(), "secrets.json"), "passphrase");
}

export function bound(
  program: DeclaredProgram,
  configSecrets: Record<string, string> = {},
  store = newStore(),
): BoundProgram {
  return bindSecrets(program, store, configSecrets);
}
