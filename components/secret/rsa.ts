import { checkPrimeSync, createPrivateKey, hkdfSync } from "node:crypto";

/** Bits of the modulus: the least that Authelia takes, and what its documentation generates. */
const modulusBits = 2048;
const publicExponent = 65_537n;

/**
 * An RSA private key made from a long random secret, as a PEM of PKCS#8: the same secret gives the same key. Both
 * engines can generate and keep random text, and a key made of it needs no further provider.
 */
export function rsaKey(secret: string): string {
  const p = prime(secret, "p");
  const q = prime(secret, "q");
  const d = inverse(publicExponent, (p - 1n) * (q - 1n));
  const jwk = {
    kty: "RSA",
    n: base64url(p * q),
    e: base64url(publicExponent),
    d: base64url(d),
    p: base64url(p),
    q: base64url(q),
    dp: base64url(d % (p - 1n)),
    dq: base64url(d % (q - 1n)),
    qi: base64url(inverse(q, p)),
  };
  return createPrivateKey({ key: jwk, format: "jwk" }).export({ type: "pkcs8", format: "pem" }).toString();
}

/** The first prime in a stream of numbers of half the modulus' length. Their two highest bits are set, so that a product has all its bits. */
function prime(secret: string, label: string): bigint {
  const bytes = modulusBits / 16;
  for (let count = 0; ; count++) {
    const candidate = Buffer.from(hkdfSync("sha512", secret, "", `ums rsa ${label} ${count}`, bytes));
    candidate[0] = (candidate[0] ?? 0) | 0xc0;
    candidate[bytes - 1] = (candidate[bytes - 1] ?? 0) | 1;
    const number = BigInt(`0x${candidate.toString("hex")}`);
    // 65537 is prime: it has an inverse where it does not divide.
    if ((number - 1n) % publicExponent !== 0n && checkPrimeSync(number)) return number;
  }
}

/** The number that times `value` leaves 1, by Euclid's extended algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [old, rest] = [value, modulus];
  let [factor, next] = [1n, 0n];
  while (rest !== 0n) {
    const quotient = old / rest;
    [old, rest] = [rest, old - quotient * rest];
    [factor, next] = [next, factor - quotient * next];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function base64url(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").toString("base64url");
}
