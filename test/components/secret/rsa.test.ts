import { createPrivateKey, createPublicKey, createSign, createVerify } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { deriveSecret } from "../../../components/secret/derive.ts";
import { rsaKey } from "../../../components/secret/rsa.ts";

describe("a private key made from a secret", () => {
  let pem: string;
  beforeAll(() => {
    pem = rsaKey("a".repeat(64));
  });

  it("signs what its public key knows", () => {
    const signature = createSign("sha256").update("message").sign(pem);
    const judge = (text: string) =>
      createVerify("sha256").update(text).verify(createPublicKey(pem), signature);
    expect(judge("message")).toBe(true);
    expect(judge("another")).toBe(false);
  });

  it("has parts that fit each other", () => {
    const jwk = createPrivateKey(pem).export({ format: "jwk" });
    const number = (part: string | undefined) =>
      BigInt(`0x${Buffer.from(part ?? "", "base64url").toString("hex")}`);
    const [n, e, d, p, q] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q].map(number) as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    expect(n).toBe(p * q);
    expect(n.toString(2)).toHaveLength(2048);
    expect((e * d) % ((p - 1n) * (q - 1n))).toBe(1n);
    expect(number(jwk.dp)).toBe(d % (p - 1n));
    expect(number(jwk.dq)).toBe(d % (q - 1n));
    expect((number(jwk.qi) * q) % p).toBe(1n);
  });

  it("is the same for the same secret, and another for another", () => {
    expect(rsaKey("a".repeat(64))).toBe(pem);
    expect(rsaKey("b".repeat(64))).not.toBe(pem);
  });

  it("stands in a document in one line", () => {
    const text = deriveSecret("rsa-key", "a".repeat(64), "");
    expect(text).not.toContain("\n");
    expect(JSON.parse(`"${text}"`)).toBe(pem);
  });
});
