import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Cidr,
  formatAddress,
  formatCidr,
  overlaps,
  parseCidr,
  sizeOf,
  subnet,
} from "../../stacks/cidr.ts";

const network = fc
  .record({ address: fc.integer({ min: 0, max: 2 ** 32 - 1 }), prefix: fc.integer({ min: 0, max: 32 }) })
  .map(({ address, prefix }): Cidr => ({ base: address - (address % 2 ** (32 - prefix)), prefix }));

function parsed(text: string): Cidr {
  const cidr = parseCidr(text);
  if (!cidr) throw new Error(`${text} is a network`);
  return cidr;
}

describe("parsing", () => {
  it("gives back what was formatted", () => {
    fc.assert(
      fc.property(network, (cidr) => {
        expect(parseCidr(formatCidr(cidr))).toEqual(cidr);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["10.10.0.0/16", { base: 0x0a0a0000, prefix: 16 }],
    ["0.0.0.0/0", { base: 0, prefix: 0 }],
    ["255.255.255.255/32", { base: 0xffffffff, prefix: 32 }],
    ["192.168.1.128/25", { base: 0xc0a80180, prefix: 25 }],
  ])("reads %s", (text, cidr) => {
    expect(parseCidr(text)).toEqual(cidr);
  });

  it.each([
    ["an address inside a network", "10.10.0.1/16"],
    ["a network with a bit of its host part set", "10.33.0.0/15"],
    ["an octet over 255", "10.256.0.0/16"],
    ["a prefix over 32", "10.10.0.0/33"],
    ["an address without a prefix", "10.10.0.0"],
    ["too few octets", "10.10.0/16"],
    ["spaces", " 10.10.0.0/16"],
    ["an IPv6 network", "fd00::/8"],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

it("formats addresses above 127.255.255.255 without a sign", () => {
  expect(formatAddress(0xffffffff)).toBe("255.255.255.255");
  expect(formatAddress(0x80000000)).toBe("128.0.0.0");
});

describe("subnets", () => {
  it("lie in their pool and never overlap each other", () => {
    const choice = network.chain((pool) => {
      const count = fc.integer({ min: pool.prefix, max: Math.min(32, pool.prefix + 16) });
      return count.chain((prefix) => {
        const index = fc.integer({ min: 0, max: 2 ** (prefix - pool.prefix) - 1 });
        return fc.record({ pool: fc.constant(pool), prefix: fc.constant(prefix), a: index, b: index });
      });
    });
    fc.assert(
      fc.property(choice, ({ pool, prefix, a, b }) => {
        const first = subnet(pool, prefix, a);
        const second = subnet(pool, prefix, b);
        expect(first.base).toBeGreaterThanOrEqual(pool.base);
        expect(first.base + sizeOf(first)).toBeLessThanOrEqual(pool.base + sizeOf(pool));
        expect(overlaps(first, second)).toBe(a === b);
        expect(parseCidr(formatCidr(first))).toEqual(first);
      }),
      { numRuns: 200 },
    );
  });

  it("are counted from the pool's first address", () => {
    expect(formatCidr(subnet(parsed("10.32.0.0/15"), 29, 0))).toBe("10.32.0.0/29");
    expect(formatCidr(subnet(parsed("10.32.0.0/15"), 29, 16383))).toBe("10.33.255.248/29");
  });

  it.each([
    ["past the pool's end", 29, 16384],
    ["before its start", 29, -1],
    ["larger than the pool", 14, 0],
  ])("are refused %s", (_, prefix, index) => {
    expect(() => subnet(parsed("10.32.0.0/15"), prefix, index)).toThrow(RangeError);
  });
});

describe("overlap", () => {
  it.each([
    ["10.0.0.0/8", "10.10.0.0/16", true],
    ["10.10.0.0/16", "10.10.0.0/16", true],
    ["10.10.0.0/16", "10.11.0.0/16", false],
    ["0.0.0.0/0", "255.255.255.255/32", true],
    ["10.10.255.255/32", "10.11.0.0/16", false],
  ])("of %s and %s is %s", (a, b, expected) => {
    expect(overlaps(parsed(a), parsed(b))).toBe(expected);
    expect(overlaps(parsed(b), parsed(a))).toBe(expected);
  });
});
