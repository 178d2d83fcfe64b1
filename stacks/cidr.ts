/** An IPv4 network: first address as an unsigned 32-bit number, and prefix length. */
export interface Cidr {
  base: number;
  prefix: number;
}

/** Parses `10.10.0.0/16`. Undefined for anything that is not a network's own first address. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  const base = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return base % 2 ** (32 - prefix) === 0 ? { base, prefix } : undefined;
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

export function formatCidr({ base, prefix }: Cidr): string {
  return `${formatAddress(base)}/${prefix}`;
}

/** Number of addresses. */
export function sizeOf({ prefix }: Cidr): number {
  return 2 ** (32 - prefix);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}

/** The `index`-th network of the given prefix length inside `pool`. @throws RangeError when the pool has no such network */
export function subnet(pool: Cidr, prefix: number, index: number): Cidr {
  const size = 2 ** (32 - prefix);
  if (prefix < pool.prefix || index < 0 || (index + 1) * size > sizeOf(pool)) {
    throw new RangeError(`${formatCidr(pool)} has no /${prefix} number ${index}`);
  }
  return { base: pool.base + index * size, prefix };
}
