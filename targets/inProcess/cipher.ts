import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes, scryptSync } from "node:crypto";
import { InputError } from "../../stacks/errors.ts";

/** Text encrypted with AES-256-GCM under a key derived from a passphrase with scrypt. All fields base64. */
export interface Sealed {
  version: 1;
  salt: string;
  nonce: string;
  tag: string;
  data: string;
}

const keyBytes = 32;
const tagBytes = 16;
const wrongPassphrase = () =>
  new InputError([
    {
      message:
        "the passphrase is wrong: it does not open this stack's secrets; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    },
  ]);

export function seal(text: string, passphrase: string): Sealed {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", scryptSync(passphrase, salt, keyBytes), nonce);
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return {
    version: 1,
    salt: salt.toString("base64"),
    nonce: nonce.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    data: data.toString("base64"),
  };
}

/** @throws InputError when the passphrase is not the one it was sealed with, or the text was changed or cut */
export function open(sealed: Sealed, passphrase: string): string {
  const bytes = (text: string) => Buffer.from(text, "base64");
  const key = scryptSync(passphrase, bytes(sealed.salt), keyBytes);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes(sealed.nonce), { authTagLength: tagBytes });
    decipher.setAuthTag(bytes(sealed.tag));
    return Buffer.concat([decipher.update(bytes(sealed.data)), decipher.final()]).toString("utf8");
  } catch {
    throw wrongPassphrase();
  }
}

/** Rounds of PBKDF2-SHA256 in Pulumi's passphrase provider (pulumi/pulumi, sdk/go/common/resource/config/crypt.go). */
const pulumiRounds = 1_000_000;

function pulumiKey(encryptionSalt: string, passphrase: string): Buffer {
  const [version, salt = ""] = encryptionSalt.split(":");
  if (version !== "v1")
    throw new InputError([{ message: `encryptionsalt has the unknown version "${version}"` }]);
  return pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), pulumiRounds, keyBytes, "sha256");
}

/** Value that an encryptionsalt ends with, encrypted: it tells a right passphrase from a wrong one. */
const saltCheck = "pulumi";

function encryptWith(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${data.toString("base64")}`;
}

function decryptWith(key: Buffer, value: string): string {
  const [, nonce = "", text = ""] = value.split(":");
  const bytes = Buffer.from(text, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString("utf8");
  } catch {
    throw wrongPassphrase();
  }
}

/** A new `encryptionsalt` for a Pulumi.<stack>.yaml. */
export function newEncryptionSalt(passphrase: string): string {
  const salt = `v1:${randomBytes(8).toString("base64")}`;
  return `${salt}:${encryptWith(pulumiKey(salt, passphrase), saltCheck)}`;
}

/**
 * Encrypts a value for `secure:` as Pulumi's passphrase provider does.
 * @throws InputError when the passphrase does not fit the file's encryptionsalt
 */
export function sealPulumiSecret(value: string, encryptionSalt: string, passphrase: string): string {
  const key = pulumiKey(encryptionSalt, passphrase);
  decryptWith(key, checkOf(encryptionSalt));
  return encryptWith(key, value);
}

function checkOf(encryptionSalt: string): string {
  return encryptionSalt.split(":").slice(2).join(":");
}

/**
 * Decrypts the `secure:` values of a Pulumi.<stack>.yaml made with the passphrase provider.
 * @throws InputError when the passphrase does not fit the file's encryptionsalt
 */
export function openPulumiSecrets(
  encrypted: Readonly<Record<string, string>>,
  encryptionSalt: string,
  passphrase: string,
): Record<string, string> {
  const key = pulumiKey(encryptionSalt, passphrase);
  decryptWith(key, checkOf(encryptionSalt));
  return Object.fromEntries(
    Object.entries(encrypted).map(([name, value]) => {
      try {
        return [name, decryptWith(key, value)];
      } catch {
        // The passphrase is right: the check above passed.
        throw new InputError([
          { message: `the encrypted value of ums:secrets.${name} is damaged: set it again` },
        ]);
      }
    }),
  );
}
