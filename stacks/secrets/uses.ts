import type { Catalog } from "../catalog/entry.ts";
import type { Platform, PlatformSecret } from "../platform.ts";

/** Where a secret is used. Everything sorted. */
export interface SecretUses {
  /** Services that have it, in a form or other: they are made anew when it changes. */
  consumers: readonly string[];
  /** Its value, a hash of it or a text around it stands in the file. */
  files: readonly { service: string; path: string }[];
  variables: readonly { service: string; variable: string }[];
  /** Accounts that it is the password of. */
  accounts: readonly { provider: string; user: string; databases: readonly string[] }[];
  /** Secrets that are made of it. */
  derived: readonly string[];
  /** It does nothing but salt hashes. */
  onlySalts: boolean;
}

interface Collected extends Omit<SecretUses, "consumers" | "onlySalts"> {
  files: { service: string; path: string }[];
  variables: { service: string; variable: string }[];
  accounts: { provider: string; user: string; databases: readonly string[] }[];
  derived: string[];
  asValue: boolean;
  asSalt: boolean;
}

/** What uses each secret of a platform, directly or inside another one, by its id. */
export function secretUses({ secrets, services }: Platform, catalog: Catalog): Map<string, SecretUses> {
  const byId = new Map(secrets.map((secret) => [secret.id, secret]));
  const uses = new Map(secrets.map(({ id }): [string, Collected] => [id, nothing()]));
  const each = (id: string, record: (use: Collected) => void) => {
    for (const [inner, role] of contents(id, byId)) {
      const use = uses.get(inner);
      if (!use) continue;
      record(use);
      if (role.value) use.asValue = true;
      if (role.salt) use.asSalt = true;
    }
  };
  for (const service of services) {
    const { name } = service;
    for (const { path, content } of service.files)
      if ("secret" in content) each(content.secret, (use) => use.files.push({ service: name, path }));
    for (const { variable, secret } of service.secretVariables)
      each(secret, (use) => use.variables.push({ service: name, variable }));
    for (const { provider, user, databases, password } of service.accounts) {
      const use = uses.get(secretId(catalog, name, password));
      if (services.some((one) => one.name === provider)) use?.accounts.push({ provider, user, databases });
    }
  }
  for (const { id, source } of secrets) {
    if (source.kind !== "template" || source.isFile) continue;
    for (const inner of contents(id, byId).keys()) if (inner !== id) uses.get(inner)?.derived.push(id);
  }
  return new Map([...uses].map(([id, use]) => [id, finished(use)]));
}

/** The id behind a record's secret, which may be another service's. */
function secretId(catalog: Catalog, service: string, name: string): string {
  const from = catalog.get(service)?.value.secrets.find((secret) => secret.name === name)?.from;
  const [owner = "", other = ""] = from?.split("/") ?? [];
  return from === undefined ? `${service}/${name}` : secretId(catalog, owner, other);
}

/** How a secret stands in a text. */
interface Role {
  value: boolean;
  salt: boolean;
}

/** A secret and all that it is made of. */
function contents(id: string, byId: ReadonlyMap<string, PlatformSecret>): Map<string, Role> {
  const found = new Map<string, Role>();
  const add = (one: string, role: keyof Role) => {
    const known = found.get(one) ?? { value: false, salt: false };
    found.set(one, { ...known, [role]: true });
    const source = byId.get(one)?.source;
    if (source?.kind !== "template") return;
    for (const part of source.parts) {
      if (typeof part === "string") continue;
      add(part.secret, role);
      if (part.salt !== undefined) add(part.salt, "salt");
    }
  };
  add(id, "value");
  return found;
}

function nothing(): Collected {
  return { files: [], variables: [], accounts: [], derived: [], asValue: false, asSalt: false };
}

function finished({ files, variables, accounts, derived, asValue, asSalt }: Collected): SecretUses {
  const consumers = new Set([...files, ...variables].map(({ service }) => service));
  return {
    consumers: [...consumers].sort(),
    files: sorted(files),
    variables: sorted(variables),
    accounts: sorted(accounts),
    derived: [...new Set(derived)].sort(),
    onlySalts: asSalt && !asValue,
  };
}

function sorted<T>(items: readonly T[]): T[] {
  const texts = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}
