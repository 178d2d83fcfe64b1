import type { RotationConfig, SecretClass } from "../config/sections/secrets.ts";
import { InputError } from "../errors.ts";
import type { LoadedStack } from "../load.ts";
import type { Platform, PlatformSecret } from "../platform.ts";
import { signInUsers } from "../signIn.ts";
import { didYouMean } from "../suggest.ts";
import { type SecretUses, secretUses } from "./uses.ts";

/** One secret of a stack as people see it: everything but its value. */
export interface SecretEntry extends SecretUses {
  /** service/name; a key of ums:secrets for what the user set. */
  name: string;
  kind: "generated" | "set" | "derived";
  /** Ids in the platform: of a key several services may ask for. */
  ids: readonly string[];
  class?: SecretClass;
  version: number;
  /** Version before it: while a rotation is under way, and where data is encrypted with it until the next one. */
  previous?: number;
  /** Day it was made, where that is known. */
  since?: string;
  /** Why it must not change. */
  fixed?: string;
  /** A value is there, or is made by an `up`. */
  isSet: boolean;
  /** Day on which it is due for another value; absent where no schedule says so or its age is not known. */
  due?: string;
  isDue: boolean;
}

const dayLength = 86_400_000;

/**
 * Every secret of a stack, sorted by name.
 * @param madeOn day on which a generated secret's present value was made, as the engine knows it
 * @param today as 2027-06-30
 */
export function secretInventory(
  { platform, catalog, config }: LoadedStack,
  madeOn: (secret: PlatformSecret) => string | undefined,
  today: string,
): SecretEntry[] {
  const uses = secretUses(platform, catalog);
  const { rotation, secretVersions } = config.platform;
  const typed = new Set([...signInUsers(platform).values()].map(({ id }) => id));
  return [...byName(platform)]
    .map(([name, secrets]): SecretEntry => {
      const [first] = secrets;
      if (!first) throw new Error(`no secret behind ${name}`);
      const { source } = first;
      const all = merged(secrets.map(({ id }) => uses.get(id)));
      const { version = 1, previous, since = madeOn(first) } = secretVersions[name] ?? {};
      const fixed = secrets.find((secret) => secret.fixed !== undefined)?.fixed;
      const base = { name, ids: secrets.map(({ id }) => id), ...all, version };
      if (source.kind === "template") return { ...base, kind: "derived", isSet: true, isDue: false };
      const kind = source.kind === "config" ? "set" : "generated";
      const secretClass = classOf(first, all, typed);
      const due = fixed === undefined ? dueDay(since, rotation[secretClass]) : undefined;
      return {
        ...base,
        kind,
        class: secretClass,
        isSet: source.kind !== "config" || source.isSet,
        ...(previous === undefined ? {} : { previous }),
        ...(since === undefined ? {} : { since }),
        ...(fixed === undefined ? {} : { fixed }),
        ...(due === undefined ? {} : { due }),
        isDue: due !== undefined && due <= today,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The entry of a name: as it is listed, or of one of its ids. @throws InputError where there is none */
export function entryNamed(name: string, entries: readonly SecretEntry[], stack: string): SecretEntry {
  const found = entries.find((entry) => entry.name === name || entry.ids.includes(name));
  if (found) return found;
  const hint = didYouMean(
    name,
    entries.map((entry) => entry.name),
  );
  const message = `the stack ${stack} has no secret "${name}"${hint || `; npx ums secrets list --stack ${stack} shows all`}`;
  throw new InputError([{ message }]);
}

/** Secrets by the name they are listed under; without generated files, and versions that another secret keeps. */
function byName({ secrets }: Platform): Map<string, PlatformSecret[]> {
  const names = new Map<string, PlatformSecret[]>();
  for (const secret of secrets) {
    const { id, source } = secret;
    if (source.kind === "template" && source.isFile) continue;
    if (source.kind === "generate" && source.of !== undefined) continue;
    const name = source.kind === "config" ? source.key : id;
    names.set(name, [...(names.get(name) ?? []), secret]);
  }
  return names;
}

function classOf(
  { id, source }: PlatformSecret,
  { accounts, consumers, onlySalts }: SecretUses,
  typed: ReadonlySet<string>,
): SecretClass {
  if (typed.has(id) || (source.kind === "config" && source.typed)) return "password";
  if (source.kind === "config") return "token";
  if (accounts.length > 0) return "database";
  if (onlySalts) return "salt";
  const [owner] = id.split("/");
  return consumers.some((service) => service !== owner) ? "key" : "internal";
}

function dueDay(since: string | undefined, days: RotationConfig[SecretClass]): string | undefined {
  if (since === undefined || days === "never") return undefined;
  return dayOf(new Date(Date.parse(since) + days * dayLength));
}

/** Days from one day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayLength);
}

/** A day as 2027-06-30, in UTC. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function merged(all: readonly (SecretUses | undefined)[]): SecretUses {
  const known = all.filter((one) => one !== undefined);
  return {
    consumers: [...new Set(known.flatMap(({ consumers }) => consumers))].sort(),
    files: known.flatMap(({ files }) => files),
    variables: known.flatMap(({ variables }) => variables),
    accounts: known.flatMap(({ accounts }) => accounts),
    derived: [...new Set(known.flatMap(({ derived }) => derived))].sort(),
    onlySalts: known.every(({ onlySalts }) => onlySalts),
  };
}
