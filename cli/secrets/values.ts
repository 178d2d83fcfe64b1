import { deriveSecret } from "../../components/secret/derive.ts";
import type { StackConfig } from "../../stacks/config/load.ts";
import { InputError } from "../../stacks/errors.ts";
import type { PlatformSecret, TemplatePart } from "../../stacks/platform.ts";
import { openPulumiSecrets } from "../../targets/inProcess/cipher.ts";
import { chooseEngine } from "../engines/choose.ts";
import type { GeneratedSecret } from "../engines/engine.ts";
import { root, type Session } from "../session.ts";

/** Generated secrets of a stack, as its engine keeps them. */
export interface GeneratedSecrets {
  find(secret: PlatformSecret): GeneratedSecret | undefined;
  /** Why none can be found. */
  why?: string;
}

/** Reads the generated secrets of a stack. That they cannot be read is no error: then the reason is given. */
export async function generatedSecrets({ loaded, state }: Session): Promise<GeneratedSecrets> {
  const none = (why: string) => ({ find: () => undefined, why });
  if (!state.readSnapshot())
    return none(`the stack ${state.stack} is not up: its first up makes what is generated`);
  try {
    const engine = await chooseEngine(undefined, state);
    return { find: await engine.generatedSecrets({ root, loaded, state }) };
  } catch (error) {
    return none((error as Error).message);
  }
}

/** Values of the secrets of a stack. */
export class SecretValues {
  private readonly byId: ReadonlyMap<string, PlatformSecret>;

  constructor(
    private readonly session: Session,
    private readonly generated: GeneratedSecrets,
  ) {
    this.byId = new Map(session.loaded.platform.secrets.map((secret) => [secret.id, secret]));
  }

  /** @throws InputError where the secret has no value, or it cannot be read */
  of(id: string): string {
    const secret = this.byId.get(id);
    if (!secret) throw new Error(`no secret ${id} in the platform`);
    const { source } = secret;
    switch (source.kind) {
      case "generate": {
        const value = this.generated.find(secret)?.value;
        if (value === undefined)
          throw new InputError([
            {
              message: `${id}: ${this.generated.why ?? `no value was made for it yet: npx ums up --stack ${this.session.stack}`}`,
            },
          ]);
        return value;
      }
      case "config":
        return this.ofConfig(source.key);
      case "template":
        return source.parts.map((part) => this.piece(part)).join("");
    }
  }

  private piece(part: TemplatePart): string {
    if (typeof part === "string") return part;
    const { secret, form, salt } = part;
    const value = this.of(secret);
    return form === undefined ? value : deriveSecret(form, value, salt === undefined ? "" : this.of(salt));
  }

  private ofConfig(key: string): string {
    const { loaded, state, stack } = this.session;
    const { config } = loaded;
    const ciphertext = config.encryptedSecrets[key];
    if (ciphertext === undefined)
      throw new InputError([{ message: `${key} is not set: npx ums secrets set ${key} --stack ${stack}` }]);
    const passphrase = state.passphrase(config.platform.environment);
    return openPulumiSecrets({ [key]: ciphertext }, encryptionSalt(config), passphrase)[key] ?? "";
  }
}

/** What the values of ums:secrets are encrypted with, besides the passphrase. @throws InputError where there is none */
export function encryptionSalt({ encryptionSalt, file }: StackConfig): string {
  if (encryptionSalt !== undefined) return encryptionSalt;
  throw new InputError([
    {
      place: { file },
      message: "has another secrets provider than a passphrase: use pulumi config get and set --secret",
    },
  ]);
}
