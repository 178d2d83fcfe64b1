import type { Catalog } from "./catalog/entry.ts";

/** True for a service that cannot work without something of what is gone: of several it can use, one is enough. */
function lacks(
  catalog: Catalog,
  name: string,
  gone: ReadonlySet<string>,
  left: ReadonlySet<string>,
): boolean {
  const record = catalog.get(name)?.value;
  if (!record) return false;
  if (record.through !== undefined && gone.has(record.through)) return true;
  return record.links
    .filter(({ required }) => required)
    .some(({ provider, anyOf = provider === undefined ? [] : [provider] }) => {
      return anyOf.some((one) => gone.has(one)) && !anyOf.some((one) => left.has(one));
    });
}

/**
 * Services among `present` that fall when some go, directly or not: they require one of them, or live in its network
 * namespace. Without those that go. Sorted.
 */
export function fallingWith(catalog: Catalog, present: Iterable<string>, go: readonly string[]): string[] {
  const gone = new Set(go);
  const left = new Set([...present].filter((name) => !gone.has(name)));
  for (let falling = [...left]; falling.length > 0; ) {
    falling = [...left].filter((name) => lacks(catalog, name, gone, left));
    for (const name of falling) {
      left.delete(name);
      gone.add(name);
    }
  }
  return [...gone].filter((name) => !go.includes(name)).sort();
}
