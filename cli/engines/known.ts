import { existsSync } from "node:fs";
import { InputError } from "../../stacks/errors.ts";
import type { LoadedStack } from "../../stacks/load.ts";
import { type ContainerInputs, containerInputs } from "../../targets/compose/render.ts";
import type { KnownSecrets } from "../../targets/drift/stack.ts";
import { fillKnown } from "../../targets/inProcess/bind.ts";
import { openPulumiSecrets } from "../../targets/inProcess/cipher.ts";
import { SecretStore } from "../../targets/inProcess/secretStore.ts";
import { type DeclaredProgram, dockerTypes } from "../../targets/resources.ts";
import { root, type Session } from "../session.ts";
import type { EngineName } from "./engine.ts";
import { existingStack, findPulumi, usePulumiOf } from "./pulumi.ts";
import { shortName } from "./recover.ts";

/**
 * The secrets of a stack as its engine keeps them, read and never made. What cannot be read is no error: the reason is
 * given instead, for whoever works without the values.
 */
export async function knownSecrets(
  session: Session,
  program: DeclaredProgram,
  engine: EngineName,
): Promise<KnownSecrets> {
  try {
    return engine === "compose" ? ofStore(session, program) : await ofState(session);
  } catch (error) {
    return { inputsOf: () => undefined, why: reason(error) };
  }
}

/** The embedded engine's: generated ones in its store, the user's in the stack's config. */
function ofStore({ loaded, state }: Session, program: DeclaredProgram): KnownSecrets {
  if (!existsSync(state.secretsPath)) throw new Error(`${state.secretsPath} is not there`);
  const passphrase = state.passphrase(loaded.config.platform.environment);
  const store = SecretStore.open(state.secretsPath, passphrase);
  const ofConfig = configSecrets(loaded, passphrase);
  const fill = fillKnown(program, store, ofConfig.values);
  return {
    inputsOf: (container) => containerInputs({ ...container, inputs: fill(container) }),
    why: ofConfig.why ?? "no value was made for them yet (npx ums up)",
  };
}

function configSecrets(
  { config }: LoadedStack,
  passphrase: string,
): { values: Record<string, string>; why?: string } {
  const { encryptedSecrets, encryptionSalt = "" } = config;
  if (Object.keys(encryptedSecrets).length === 0) return { values: {} };
  try {
    return { values: openPulumiSecrets(encryptedSecrets, encryptionSalt, passphrase) };
  } catch (error) {
    return { values: {}, why: reason(error) };
  }
}

/** The Pulumi engine's: in the inputs of the containers it deployed, decrypted by its CLI. */
async function ofState({ loaded, state }: Session): Promise<KnownSecrets> {
  usePulumiOf(state.home);
  if (!(await findPulumi())) throw new Error("the Pulumi CLI, which decrypts them, is not on PATH");
  const { workspace } = await existingStack({ root, loaded, state });
  const exported = await workspace.exportStack(loaded.platform.stack);
  const { resources = [] } = (exported.deployment ?? {}) as {
    resources?: { type: string; urn: string; inputs?: Record<string, unknown> }[];
  };
  const deployed = new Map(
    resources
      .filter(({ type }) => type === dockerTypes.container)
      .map(({ urn, inputs }) => [shortName(urn), decrypted(inputs ?? {}) as Partial<ContainerInputs>]),
  );
  return {
    inputsOf: (container) => {
      const { envs, uploads } = deployed.get(container.name) ?? {};
      return { ...containerInputs(container), envs: envs ?? [], uploads: uploads ?? [] };
    },
    why: "the state has other values around them, or none (npx ums up)",
  };
}

/** Marks a secret in a state (pulumi/pulumi, sdk/go/common/resource/stack: its key and value in the serialised form). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Takes secrets out of their wrappers, where they stand as JSON. */
export function decrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decrypted);
  if (typeof value !== "object" || value === null) return value;
  const { [signatureKey]: signature, plaintext } = value as Record<string, unknown>;
  if (signature === secretSignature)
    return typeof plaintext === "string" ? decrypted(JSON.parse(plaintext)) : undefined;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decrypted(inner)]));
}

/** What an error says, without what the Pulumi CLI prints around it. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = /^\s*(?:stderr: )?error: (.+)$/m.exec(message)?.[1] ?? message.split("\n")[0] ?? "";
  return error instanceof InputError ? message : line.trim();
}
