import { existsSync } from "node:fs";
import { z } from "zod";
import { deriveSecret } from "../../components/secret/derive.ts";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import { type SecretOf, secretsOf } from "../../targets/inProcess/bind.ts";
import { openPulumiSecrets } from "../../targets/inProcess/cipher.ts";
import { fillSecrets } from "../../targets/inProcess/provision.ts";
import { SecretStore } from "../../targets/inProcess/secretStore.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { root, type Session } from "../session.ts";
import type { EngineName } from "./engine.ts";
import { decrypted, reason } from "./known.ts";
import { existingStack, findPulumi, usePulumiOf } from "./pulumi.ts";
import { shortName } from "./recover.ts";

/**
 * Puts the values of secrets in the place of a planned text's placeholders: those that the engine which deployed the
 * stack keeps. For a stack that none has deployed they are generated and kept, as the embedded engine's `up` does.
 * @throws InputError when the passphrase is wrong, or the deployment lacks a secret
 */
export async function secretFiller(
  session: Session,
  program: DeclaredProgram,
  engine: EngineName | undefined,
): Promise<(text: string) => string> {
  const find = await (engine === "compose" ? ofStore(session, program) : ofEither(session, program, engine));
  return (text) =>
    fillSecrets(
      text,
      (type, name, form) => {
        const value = find(type, name, form);
        if (value !== undefined) return value;
        throw new InputError([
          {
            message: `the stack ${session.stack} was deployed without the secret ${name}; deploy it as it is declared now: npx ums up --stack ${session.stack}`,
          },
        ]);
      },
      deriveSecret,
    );
}

/** Pulumi's where it has deployed the stack; else the store's, unless Pulumi's are asked for. */
async function ofEither(
  session: Session,
  program: DeclaredProgram,
  engine: "pulumi" | undefined,
): Promise<SecretOf> {
  if (engine === undefined && existsSync(session.state.secretsPath)) return ofStore(session, program);
  const deployed = await ofPulumi(session, engine === "pulumi");
  if (deployed) return deployed;
  if (engine === undefined) return ofStore(session, program);
  throw new InputError([
    {
      message: `Pulumi has not deployed the stack ${session.stack} from here: npx ums up --stack ${session.stack}`,
    },
  ]);
}

/** Undefined where Pulumi has deployed nothing of the stack. What keeps us from knowing is an error. */
async function ofPulumi({ loaded, state }: Session, required: boolean): Promise<SecretOf | undefined> {
  usePulumiOf(state.home);
  if (!(await findPulumi())) {
    if (!required) return undefined;
    throw new EnvironmentFault(
      "the Pulumi CLI, which decrypts the stack's secrets, is not on PATH",
      "install it (https://www.pulumi.com/docs/install/)",
    );
  }
  const { StackNotFoundError } = await import("@pulumi/pulumi/automation/index.js");
  const stack = await existingStack({ root, loaded, state }).catch((error: unknown) => {
    if (error instanceof StackNotFoundError) return undefined;
    throw new EnvironmentFault(
      `whether Pulumi deployed the stack ${loaded.platform.stack} cannot be told: ${reason(error)}`,
      "pulumi login, or --engine compose for the secrets of the embedded engine",
    );
  });
  const generated = valuesOfState((await stack?.exportStack())?.deployment);
  if (!stack || generated.size === 0) return undefined;
  const hasConfig = Object.keys(loaded.config.encryptedSecrets).length > 0;
  return ofState(generated, hasConfig ? await stack.getConfig("ums:secrets") : undefined);
}

function ofStore({ loaded, state }: Session, program: DeclaredProgram): SecretOf {
  const { encryptedSecrets, encryptionSalt = "", platform } = loaded.config;
  const passphrase = state.passphrase(platform.environment);
  const store = SecretStore.open(state.secretsPath, passphrase);
  const config =
    Object.keys(encryptedSecrets).length > 0
      ? openPulumiSecrets(encryptedSecrets, encryptionSalt, passphrase)
      : {};
  // Kept before they are used.
  for (const resource of program.resources) if (isGenerated(resource)) store.valueOf(resource);
  store.save();
  return secretsOf(program, (resource) => store.knownValueOf(resource), config);
}

function isGenerated({ type }: { type: string }): boolean {
  return type.startsWith("random:");
}

const stateSchema = z.object({
  resources: z
    .array(
      z.object({ urn: z.string(), type: z.string(), outputs: z.record(z.string(), z.unknown()).default({}) }),
    )
    .default([]),
});

/** Generated secrets in an exported state: outputs of the resources of the random provider. */
export function valuesOfState(deployment: unknown): ReadonlyMap<string, Record<string, unknown>> {
  const { resources } = stateSchema.parse(deployment ?? {});
  return new Map(
    resources
      .filter(isGenerated)
      .map(({ urn, type, outputs }) => [
        `${type}::${shortName(urn)}`,
        decrypted(outputs) as Record<string, unknown>,
      ]),
  );
}

function ofState(
  generated: ReadonlyMap<string, Record<string, unknown>>,
  config: { value: string } | undefined,
): SecretOf {
  const set = z.record(z.string(), z.string()).parse(JSON.parse(config?.value ?? "{}"));
  return (type, name, form) => {
    if (type === "config") return set[name];
    const value = generated.get(`${type}::${name}`)?.[form];
    return typeof value === "string" ? value : undefined;
  };
}
