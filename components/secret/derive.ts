import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { hashSync } from "@node-rs/argon2";
import type { SecretForm } from "../../stacks/platform.ts";
import { rsaKey } from "./rsa.ts";

/**
 * A secret's value in another form. The same value and salt give the same text, so a file with a hash in it changes
 * only when the secret does.
 */
export function deriveSecret(form: SecretForm, value: string, salt: string): string {
  switch (form) {
    case "json":
      // A dollar by its code too: Homepage puts the text in with String.replaceAll, to which "$&" is no text.
      return JSON.stringify(value).slice(1, -1).replaceAll("$", "\\u0024");
    case "sha256":
      return createHash("sha256").update(value).digest("hex");
    case "argon2id":
      // Argon2id is the default. Costs as Authelia recommends them (docs/content/reference/guides/passwords.md): 64 MiB, 3 passes, 4 lanes.
      return hashSync(value, {
        memoryCost: 65_536,
        timeCost: 3,
        parallelism: 4,
        outputLen: 32,
        salt: saltBytes(salt, 16),
      });
    case "pbkdf2-sha512": {
      // The digest of a client's secret as `authelia crypto hash generate pbkdf2` makes it (docs/content/configuration/first-factor/file.md).
      const bytes = saltBytes(salt, 16);
      const key = pbkdf2Sync(value, bytes, 310_000, 64, "sha512");
      return `$pbkdf2-sha512$310000$${adaptedBase64(bytes)}$${adaptedBase64(key)}`;
    }
    case "rsa-key":
      // In a document, inside double quotes.
      return JSON.stringify(rsaKey(value)).slice(1, -1);
    case "qbittorrent-pbkdf2": {
      // src/base/utils/password.cpp of qBittorrent: PBKDF2 with SHA-512, 100,000 rounds, 16 and 64 bytes.
      const bytes = saltBytes(salt, 16);
      const key = pbkdf2Sync(value, bytes, 100_000, 64, "sha512");
      return `@ByteArray(${bytes.toString("base64")}:${key.toString("base64")})`;
    }
    case "scram-sha-256": {
      // RFC 5803, as in scram_build_secret of PostgreSQL's src/common/scram-common.c: 4,096 rounds, 16 bytes of salt.
      const bytes = saltBytes(salt, 16);
      const salted = pbkdf2Sync(value.normalize("NFKC"), bytes, 4096, 32, "sha256");
      const key = (name: string) => createHmac("sha256", salted).update(name).digest();
      const stored = createHash("sha256").update(key("Client Key")).digest("base64");
      return `SCRAM-SHA-256$4096:${bytes.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
    }
    case "transmission-sha1": {
      // libtransmission/crypto-utils.cc: a brace, SHA-1 of password and salt in hexadecimal, and the salt's 8 characters.
      const characters = saltBytes(salt, 4).toString("hex");
      return `{${createHash("sha1").update(value).update(characters).digest("hex")}${characters}`;
    }
  }
}

/** Base64 of passlib's modular crypt format: '.' for '+', and no padding. */
function adaptedBase64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("+", ".").replaceAll("=", "");
}

/** @throws Error without a salt: equal passwords would have equal hashes */
function saltBytes(salt: string, length: number): Buffer {
  if (salt === "") throw new Error("a hash needs a salt");
  return createHash("sha256").update(salt).digest().subarray(0, length);
}
