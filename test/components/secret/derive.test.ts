import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { verifySync } from "@node-rs/argon2";
import { describe, expect, it } from "vitest";
import { deriveSecret } from "../../../components/secret/derive.ts";
import { derivePlaceholder, fillSecrets } from "../../../targets/inProcess/provision.ts";

describe("a derived secret", () => {
  it("is an argon2id hash of the value", () => {
    const hash = deriveSecret("argon2id", "correct horse", "grain");
    expect(verifySync(hash, "correct horse")).toBe(true);
    expect(verifySync(hash, "wrong horse")).toBe(false);
  });

  it("is a digest as Authelia makes it for a client's secret", () => {
    // The example of its documentation: docs/content/configuration/identity-providers/openid-connect/clients.md.
    const [, , rounds, salt = "", key = ""] =
      "$pbkdf2-sha512$310000$c8p78n7pUMln0jzvd4aK4Q$JNRBzwAo0ek5qKn50cFzzvE9RXV88h1wJn5KGiHrD0YKtZaR/nCb2CJPOsKaPK0hjf.9yHxzQGZziziccp6Yng".split(
        "$",
      );
    const [, , ourRounds, ourSalt = "", ourKey = ""] = deriveSecret("pbkdf2-sha512", "value", "grain").split(
      "$",
    );
    const bytes = (text: string) => Buffer.from(text.replaceAll(".", "+"), "base64");
    const made = (password: string, grain: string) =>
      pbkdf2Sync(password, bytes(grain), 310_000, 64, "sha512");
    expect(bytes(key)).toEqual(made("insecure_secret", salt));
    expect(bytes(ourKey)).toEqual(made("value", ourSalt));
    expect([ourRounds, ourSalt.length, ourKey.length]).toEqual([rounds, salt.length, key.length]);
    expect(`${ourSalt}${ourKey}`).toMatch(/^[A-Za-z0-9./]+$/);
  });

  it("is as Redis and qBittorrent expect it", () => {
    expect(deriveSecret("sha256", "abc", "")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(deriveSecret("qbittorrent-pbkdf2", "abc", "grain")).toMatch(
      /^@ByteArray\([A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{86}==\)$/,
    );
  });

  it("is a verifier by which PostgreSQL knows who has the password, and who does not", () => {
    const verifier = deriveSecret("scram-sha-256", "correct horse", "grain");
    expect(signsIn(verifier, "correct horse")).toBe(true);
    expect(signsIn(verifier, "wrong horse")).toBe(false);
  });

  it.each(["argon2id", "pbkdf2-sha512", "qbittorrent-pbkdf2", "scram-sha-256", "transmission-sha1"] as const)(
    "%s is the same for the same salt, and another for another",
    (form) => {
      expect(deriveSecret(form, "value", "grain")).toBe(deriveSecret(form, "value", "grain"));
      expect(deriveSecret(form, "value", "grain")).not.toBe(deriveSecret(form, "value", "other"));
      expect(() => deriveSecret(form, "value", "")).toThrow("a hash needs a salt");
    },
  );
});

/** Whether a sign-in with the password succeeds, as RFC 5802 has client and server go through it. */
function signsIn(verifier: string, password: string): boolean {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(verifier);
  const [, rounds = "", salt = "", storedKey = "", serverKey = ""] = match ?? [];
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
  const message = "n=,r=client,r=client-server,s=salt,i=4096,c=biws,r=client-server";
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(rounds), 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const signature = hmac(createHash("sha256").update(clientKey).digest(), message);
  const proof = xor(clientKey, signature);
  const stored = Buffer.from(storedKey, "base64");
  const recovered = createHash("sha256")
    .update(xor(proof, hmac(stored, message)))
    .digest();
  const knowsServer = hmac(salted, "Server Key").equals(Buffer.from(serverKey, "base64"));
  return recovered.equals(stored) && knowsServer;
}

describe("while planning", () => {
  const value = `[ums-secret random:a b_c result ${"0".repeat(16)}]`;
  const salt = `[ums-secret random:a b_salt hex ${"0".repeat(16)}]`;

  it("a placeholder stands for the form, and is filled in with it", () => {
    const text = `before ${derivePlaceholder("argon2id", value, salt)} and ${value} after`;
    expect(text).not.toContain("$argon2id");
    const filled = fillSecrets(text, (_, name) => `value of ${name}`, deriveSecret);
    expect(filled).toBe(
      `before ${deriveSecret("argon2id", "value of b_c", "value of b_salt")} and value of b_c after`,
    );
  });

  it("a value that looks like a placeholder is not filled in again", () => {
    const text = derivePlaceholder("json", value, "");
    expect(fillSecrets(text, () => value, deriveSecret)).toBe(value);
  });

  it("refuses to derive from a text around a secret", () => {
    expect(() => derivePlaceholder("json", `user:${value}`, "")).toThrow("not for one made of others");
  });
});
