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

  it("is as Redis and qBittorrent expect it", () => {
    expect(deriveSecret("sha256", "abc", "")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(deriveSecret("qbittorrent-pbkdf2", "abc", "grain")).toMatch(
      /^@ByteArray\([A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{86}==\)$/,
    );
  });

  it.each(["argon2id", "qbittorrent-pbkdf2", "transmission-sha1"] as const)(
    "%s is the same for the same salt, and another for another",
    (form) => {
      expect(deriveSecret(form, "value", "grain")).toBe(deriveSecret(form, "value", "grain"));
      expect(deriveSecret(form, "value", "grain")).not.toBe(deriveSecret(form, "value", "other"));
      expect(() => deriveSecret(form, "value", "")).toThrow("a hash needs a salt");
    },
  );
});

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
