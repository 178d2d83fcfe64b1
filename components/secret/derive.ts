import { createHash, pbkdf2Sync } from "node:crypto";
import { hashSync } from "@node-rs/argon2";
import type { SecretForm } from "../../stacks/platform.ts";

/**
 * A secret's value in another form. The same value and salt give the same text, so a file with a hash in it changes
 * only when the secret does.
 */
export function deriveSecret(form: SecretForm, value: string, salt: string): string {
  switch (form) {
    case "json":
      return JSON.stringify(value).slice(1, -1);
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
    case "qbittorrent-pbkdf2": {
      // src/base/utils/password.cpp of qBittorrent: PBKDF2 with SHA-512, 100,000 rounds, 16 and 64 bytes.
      const bytes = saltBytes(salt, 16);
      const key = pbkdf2Sync(value, bytes, 100_000, 64, "sha512");
      return `@ByteArray(${bytes.toString("base64")}:${key.toString("base64")})`;
    }
    case "transmission-sha1": {
      // libtransmission/crypto-utils.cc: a brace, SHA-1 of password and salt in hexadecimal, and the salt's 8 characters.
      const characters = saltBytes(salt, 4).toString("hex");
      return `{${createHash("sha1").update(value).update(characters).digest("hex")}${characters}`;
    }
  }
}

/** @throws Error without a salt: equal passwords would have equal hashes */
function saltBytes(salt: string, length: number): Buffer {
  if (salt === "") throw new Error("a hash needs a salt");
  return createHash("sha256").update(salt).digest().subarray(0, length);
}
