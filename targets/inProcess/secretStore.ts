import { createHmac, randomBytes, randomInt, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { unversioned } from "../../components/secret/generated.ts";
import { InputError } from "../../stacks/errors.ts";
import { writePrivate } from "../files.ts";
import type { RegisteredResource } from "../resources.ts";
import { open, seal } from "./cipher.ts";

const base64 = z.base64().min(1);
const sealedSchema = z.object({
  version: z.literal(1),
  salt: base64,
  nonce: base64,
  tag: base64,
  data: base64,
});

interface StoredSecret {
  /** What it was generated for; a change makes a new value. */
  inputs: string;
  value: string;
  /** When it was generated, in ISO 8601; absent in stores of before that was written down. */
  at?: string;
}

interface Contents {
  /** Key for fingerprints of content that holds secrets. */
  fingerprintKey: string;
  secrets: Record<string, StoredSecret>;
}

/** A resource that generates a secret. */
type SecretResource = Pick<RegisteredResource, "type" | "name" | "inputs">;

function keyOf({ type, name }: Pick<SecretResource, "type" | "name">): string {
  return `${type}::${name}`;
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Generated secrets of one stack on the embedded engine: encrypted at rest, mode 0600. */
export class SecretStore {
  private constructor(
    private readonly path: string,
    private readonly passphrase: string,
    private readonly contents: Contents,
    private dirty: boolean,
  ) {}

  /** @throws InputError when the passphrase is wrong or the file is damaged */
  static open(path: string, passphrase: string): SecretStore {
    if (!existsSync(path)) {
      const contents = { fingerprintKey: randomBytes(32).toString("hex"), secrets: {} };
      return new SecretStore(path, passphrase, contents, true);
    }
    const damaged = () =>
      new InputError([
        {
          place: { file: path },
          message: "is not a secret store: restore it from a backup, or remove it to generate new secrets",
        },
      ]);
    let text: unknown;
    try {
      text = JSON.parse(readFileSync(path, "utf8"));
    } catch {
      throw damaged();
    }
    const sealed = sealedSchema.safeParse(text);
    if (!sealed.success) throw damaged();
    return new SecretStore(path, passphrase, JSON.parse(open(sealed.data, passphrase)) as Contents, false);
  }

  /** The value generated for a resource; the same on every run while its inputs stay the same. */
  valueOf(resource: SecretResource): string {
    const known = this.knownValueOf(resource);
    if (known !== undefined) return known;
    const value = generate(resource.type, Number(resource.inputs.length ?? 0));
    this.contents.secrets[keyOf(resource)] = {
      inputs: JSON.stringify(resource.inputs),
      value,
      at: new Date().toISOString(),
    };
    this.dirty = true;
    return value;
  }

  /** The value a resource has; undefined where none was generated for its inputs yet. */
  knownValueOf(resource: SecretResource): string | undefined {
    const known = this.contents.secrets[keyOf(resource)];
    return known?.inputs === JSON.stringify(resource.inputs) ? known.value : undefined;
  }

  /** The value that was generated for a resource, and when; undefined where none was. */
  known(resource: Pick<SecretResource, "type" | "name">): { value: string; at?: Date } | undefined {
    const known = this.contents.secrets[keyOf(resource)];
    return known && { value: known.value, ...(known.at === undefined ? {} : { at: new Date(known.at) }) };
  }

  /**
   * Forgets versions of secrets that are not declared any more, where another version of the same secret is. What is
   * not declared at all stays: its service may come back to its data.
   */
  retire(declared: readonly Pick<SecretResource, "type" | "name">[]): void {
    const kept = new Set(declared.map(keyOf));
    const secrets = new Set([...kept].map(unversioned));
    for (const key of Object.keys(this.contents.secrets)) {
      if (kept.has(key) || !secrets.has(unversioned(key))) continue;
      delete this.contents.secrets[key];
      this.dirty = true;
    }
  }

  /** A fingerprint nobody can test guesses against without the passphrase. */
  fingerprint(text: string): string {
    return createHmac("sha256", this.contents.fingerprintKey).update(text).digest("hex").slice(0, 32);
  }

  /** Every value in the store. */
  values(): string[] {
    return Object.values(this.contents.secrets).map((secret) => secret.value);
  }

  save(): void {
    if (!this.dirty) return;
    writePrivate(
      this.path,
      `${JSON.stringify(seal(JSON.stringify(this.contents), this.passphrase), null, 2)}\n`,
    );
    this.dirty = false;
  }
}

/** Password: letters and digits. Bytes: hexadecimal. */
function generate(type: string, length: number): string {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return Array.from({ length }, () => alphanumeric[randomInt(alphanumeric.length)]).join("");
    case "random:index/randomBytes:RandomBytes":
      return randomBytes(length).toString("hex");
    case "random:index/randomUuid:RandomUuid":
      return randomUUID();
    default:
      throw new Error(`no secret is generated for ${type}`);
  }
}
