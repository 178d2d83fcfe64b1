import { describe, expect, it } from "vitest";
import { InputError } from "../../../stacks/errors.ts";
import {
  newEncryptionSalt,
  open,
  openPulumiSecrets,
  type Sealed,
  seal,
  sealPulumiSecret,
} from "../../../targets/inProcess/cipher.ts";
import { problemsOf } from "../../fixtures/problems.ts";

describe("sealed text", () => {
  it.each(["", "text", "line\nline\0", "Ünïcödé 🎬", "x".repeat(100_000)])("opens again (%#)", (text) => {
    expect(open(seal(text, "passphrase"), "passphrase")).toBe(text);
  });

  it("is another every time, and shows nothing of the text", () => {
    const [one, other] = [seal("the text", "passphrase"), seal("the text", "passphrase")];
    expect(one.salt).not.toBe(other.salt);
    expect(one.nonce).not.toBe(other.nonce);
    expect(one.data).not.toBe(other.data);
    expect(Buffer.from(one.data, "base64").toString()).not.toContain("the text");
  });

  it("does not open with another passphrase, and says so", () => {
    const sealed = seal("text", "passphrase");
    for (const wrong of ["", "passphrase "]) {
      expect(() => open(sealed, wrong)).toThrow(InputError);
      expect(() => open(sealed, wrong)).toThrow(/the passphrase is wrong.*PULUMI_CONFIG_PASSPHRASE/);
    }
  });

  const flip = (text: string) => {
    const bytes = Buffer.from(text, "base64");
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes.toString("base64");
  };

  it.each(["salt", "nonce", "tag", "data"] as const)("does not open when its %s was changed", (field) => {
    const sealed = seal("some longer text", "passphrase");
    expect(() => open({ ...sealed, [field]: flip(sealed[field]) }, "passphrase")).toThrow(InputError);
  });

  it.each<Partial<Sealed>>([{ tag: "" }, { tag: "AAAA" }, { nonce: "" }])(
    "that was cut short is refused as wrong input: %j",
    (damage) => {
      expect(() => open({ ...seal("text", "passphrase"), ...damage }, "passphrase")).toThrow(InputError);
    },
  );

  it("does not open when its tag was cut to 4 bytes, which are soon guessed", () => {
    const sealed = seal("text", "passphrase");
    const tag = Buffer.from(sealed.tag, "base64").subarray(0, 4).toString("base64");
    expect(() => open({ ...sealed, tag }, "passphrase")).toThrow(InputError);
  });
});

/** Made with Pulumi v3.259.0: PULUMI_CONFIG_PASSPHRASE=test pulumi config set --secret --path ums:secrets.vpnKey … */
const pulumi = {
  encryptionsalt: "v1:4LOkCoBIqTo=:v1:LDqBqFCeUZGEvqst:TZABSlRgMrCu2ZCF1IJ6uG6XPrRiow==",
  secrets: {
    vpnKey: "v1:JKXTmzal+DTYMAgs:f23JXKBNkz7KGhc/5GDTtdM1rduSlyz32VZz0r3/SQ==",
    second: "v1:8VJw0mmTh1cfOKsp:BkqeOxVLfS7ddJ/X8BZ2iLoM2h20cpE=",
  },
};

describe("secrets encrypted by the Pulumi CLI", () => {
  it("are decrypted with the same passphrase", () => {
    expect(openPulumiSecrets(pulumi.secrets, pulumi.encryptionsalt, "test")).toEqual({
      vpnKey: "wg key: ÄÖ/=+",
      second: "another",
    });
  });

  it("are refused with another passphrase, even where there is none to decrypt", () => {
    const problems = problemsOf(() => openPulumiSecrets({}, pulumi.encryptionsalt, "wrong"));
    expect(problems).toEqual([{ message: expect.stringContaining("the passphrase is wrong") }]);
  });

  it.each([
    ["changed", pulumi.secrets.second.replace("Bkqe", "Ckqe")],
    ["cut short", pulumi.secrets.second.slice(0, 24)],
    ["no ciphertext at all", "plain"],
  ])("are refused as wrong input when one is %s", (_, second) => {
    expect(() => openPulumiSecrets({ second }, pulumi.encryptionsalt, "test")).toThrow(InputError);
  });

  it("need a salt of the version that is known", () => {
    const salt = pulumi.encryptionsalt.replace(/^v1/, "v2");
    expect(() => openPulumiSecrets({}, salt, "test")).toThrow(/encryptionsalt has the unknown version "v2"/);
  });
});

describe("secrets encrypted as the Pulumi CLI does", () => {
  it("open again", () => {
    const salt = newEncryptionSalt("passphrase");
    const own = sealPulumiSecret("the value", salt, "passphrase");
    expect(salt).toMatch(/^v1:[\w+/=]+:v1:[\w+/=]+:[\w+/=]+$/);
    expect(own).toMatch(/^v1:[\w+/=]+:[\w+/=]+$/);
    expect(openPulumiSecrets({ own }, salt, "passphrase")).toEqual({ own: "the value" });
  });

  it("are not made with a passphrase that does not fit the file", () => {
    expect(() => sealPulumiSecret("value", pulumi.encryptionsalt, "wrong")).toThrow(InputError);
  });
});
