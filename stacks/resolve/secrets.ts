import type { CatalogEntry } from "../catalog/entry.ts";
import type { SecretRecord } from "../catalog/record.ts";
import type { StackConfig } from "../config/load.ts";
import { isWantedReal } from "../config/sections/real.ts";
import type { Place, Problem } from "../errors.ts";
import type { PlatformSecret, SecretSource } from "../platform.ts";
import { didYouMean } from "../suggest.ts";
import { compare, type Edge, hostOf } from "./edges.ts";
import { fillIn } from "./environment.ts";

/** How a service receives a secret. */
export interface Delivery {
  id: string;
  file?: string;
  variable?: string;
  reason?: string;
}

export interface Secrets {
  /** Every secret of the stack by id, sorted. */
  all: Map<string, PlatformSecret>;
  deliveries: Map<string, Delivery[]>;
  /** The secret behind each record's secret, by service/name; without those that are left out. */
  ids: Map<string, string>;
}

/** Characters of a generated secret when the record names no length. */
const defaultLength = 32;

/** A secret that is left out: why, and what brings it back. */
interface LeftOut {
  because: string;
  fix: string;
}

/** The id of the platform's secret that a record's secret stands for; undefined where it is wrong, which is reported. */
type Outcome = string | LeftOut | undefined;

/** A record's secret, and where it is. */
interface Written {
  entry: CatalogEntry;
  index: number;
  secret: SecretRecord;
}

/** What is known so far. Every secret is resolved once, after those it refers to. */
interface Resolution {
  enabled: ReadonlyMap<string, CatalogEntry>;
  /** `a>b` where a link between the two, either way, lets a have b's secrets. */
  linked: ReadonlySet<string>;
  config: StackConfig;
  variables: Readonly<Record<string, string>>;
  report(problem: Problem): void;
  unset(problem: Problem): void;
  all: Map<string, PlatformSecret>;
  outcomes: Map<string, Outcome>;
  /** Secrets being resolved, each because the one before refers to it. */
  open: Set<string>;
}

/** Secrets of all enabled services. A required config key that is not set goes to `unset`; a rehearsal makes one up. */
export function resolveSecrets(
  enabled: ReadonlyMap<string, CatalogEntry>,
  edges: readonly Edge[],
  config: StackConfig,
  variables: Readonly<Record<string, string>>,
  report: (problem: Problem) => void,
  unset: (problem: Problem) => void,
): Secrets {
  const linked = new Set(
    edges.flatMap((edge) => [`${edge.consumer}>${edge.provider}`, `${edge.provider}>${edge.consumer}`]),
  );
  const all = new Map<string, PlatformSecret>();
  const resolution: Resolution = {
    enabled,
    linked,
    config,
    variables,
    report,
    unset,
    all,
    outcomes: new Map(),
    open: new Set(),
  };
  const deliveries = new Map<string, Delivery[]>();
  const ids = new Map<string, string>();
  for (const [service, entry] of enabled) {
    const given = entry.value.secrets.flatMap((secret, index) => {
      const id = outcomeOf(resolution, { entry, index, secret });
      if (typeof id !== "string") return [];
      ids.set(`${service}/${secret.name}`, id);
      return deliveryOf(secret, id, config);
    });
    deliveries.set(service, given);
  }
  return { all: new Map([...all].sort(([a], [b]) => compare(a, b))), deliveries, ids };
}

function deliveryOf(secret: SecretRecord, id: string, config: StackConfig): Delivery[] {
  const { file: path, variable, reason, renamed, previousFile } = secret;
  const suffix = renamed ? versionSuffix(config.platform.secretVersions[id]?.version) : "";
  const file = path === undefined ? undefined : `${path}${suffix}`;
  if (file === undefined && variable === undefined) return [];
  return [
    {
      id,
      ...(file === undefined ? {} : { file }),
      ...(variable === undefined ? {} : { variable }),
      ...(reason === undefined ? {} : { reason }),
    },
    ...(previousFile && keptVersion(secret, id, config) !== undefined
      ? [{ id: previousId(id), file: previousFile.path }]
      : []),
  ];
}

/** The version before, of a secret that keeps it, once there is one. */
function keptVersion({ previousFile }: SecretRecord, id: string, { platform }: StackConfig) {
  return previousFile && platform.secretVersions[id]?.previous;
}

/** Id of the version before of a secret that keeps it. No record's secret has a dot in its name. */
function previousId(id: string): string {
  return `${id}.previous`;
}

/** What the name of a file ends with that has another one with each version of a secret. */
export function versionSuffix(version = 1): string {
  return version === 1 ? "" : `_v${version}`;
}

function outcomeOf(resolution: Resolution, written: Written): Outcome {
  const { outcomes, open } = resolution;
  const key = `${written.entry.value.name}/${written.secret.name}`;
  if (outcomes.has(key)) return outcomes.get(key);
  if (open.has(key)) {
    const path = [...open];
    const cycle = [...path.slice(path.indexOf(key)), key].join(" -> ");
    const place = written.entry.locate(["secrets", written.index, sourceKey(written.secret)]);
    resolution.report({ place, message: `secrets are made of each other: ${cycle}` });
    return undefined;
  }
  open.add(key);
  const outcome = resolve(resolution, written, key);
  open.delete(key);
  outcomes.set(key, outcome);
  return outcome;
}

function sourceKey({ from }: SecretRecord): "from" | "template" {
  return from === undefined ? "template" : "from";
}

function resolve(resolution: Resolution, written: Written, id: string): Outcome {
  const { secret, entry } = written;
  if (secret.from !== undefined) {
    const leftOut = ownerLeftOut(resolution, entry, secret.from);
    return leftOut ?? settle(resolution, written, follow(resolution, written, secret.from));
  }
  const source = secret.template === undefined ? born(resolution, written) : made(resolution, written);
  if (source && "kind" in source) {
    resolution.all.set(id, {
      id,
      source,
      ...(secret.fixed === undefined ? {} : { fixed: secret.fixed }),
      ...(secret.renamed === undefined ? {} : { retire: secret.renamed.retire }),
      ...(secret.previousFile === undefined ? {} : { keepsPrevious: true }),
    });
    const version = keptVersion(secret, id, resolution.config);
    if (version !== undefined && source.kind === "generate")
      resolution.all.set(previousId(id), { id: previousId(id), source: { ...source, of: id, version } });
    return id;
  }
  return source;
}

/** A generated secret or one from the config. */
function born(resolution: Resolution, { secret, entry, index }: Written): SecretSource | LeftOut {
  if (secret.config === undefined) {
    const length = secret.length ?? defaultLength;
    return { kind: "generate", form: secret.generate ?? "password", length };
  }
  const { config } = resolution;
  const isSet = config.secretKeys.includes(secret.config);
  // A real program would take a made-up address or token for its user's.
  const source =
    secret.optional && !isSet && isWantedReal(config.platform, entry.value.name)
      ? undefined
      : configSource(config, secret.config);
  if (!source && secret.optional) {
    const because = `ums:secrets.${secret.config} is not set`;
    return { because, fix: `set it: ${setCommand(config, secret.config)}` };
  }
  const place = entry.locate(["secrets", index, "config"]);
  const typed = secret.strong ? { typed: { place, words: [entry.value.name] } } : {};
  if (source) return source.kind === "config" ? { ...source, ...typed } : source;
  resolution.unset(unsetSecret(config, secret.config, entry.value.name, place));
  return { kind: "config", key: secret.config, isSet: false, ...typed };
}

/** Where the value of a key of ums:secrets comes from: undefined when it is not set. A rehearsal makes one up. */
export function configSource(config: StackConfig, key: string): SecretSource | undefined {
  if (config.secretKeys.includes(key)) return { kind: "config", key, isSet: true };
  return config.platform.images === "rehearsal"
    ? { kind: "generate", form: "password", length: defaultLength }
    : undefined;
}

/** A generated secret in the version that the config says; one that is the version before of another has its own. */
export function versioned(secret: PlatformSecret, { platform }: StackConfig): PlatformSecret {
  const { source, keepsPrevious } = secret;
  const { version, previous } = platform.secretVersions[secret.id] ?? {};
  if (source.kind !== "generate" || source.of !== undefined || version === undefined) return secret;
  const beside = previous === undefined || keepsPrevious === true ? {} : { previous };
  return { ...secret, source: { ...source, version, ...beside } };
}

/** What is said of a key of ums:secrets that is asked for and not set. */
export function unsetSecret(config: StackConfig, key: string, whose: string, place: Place): Problem {
  const hint = didYouMean(key, config.secretKeys);
  return { place, message: `${whose} needs the secret "${key}"${hint}; set it: ${setCommand(config, key)}` };
}

function setCommand({ stack }: StackConfig, key: string): string {
  return `pulumi config set --stack ${stack} --secret --path 'ums:secrets.${key}'`;
}

/** A secret made of others. `$${secret:x}` is text. */
function made(resolution: Resolution, written: Written): SecretSource | LeftOut | undefined {
  const { secret, entry, index } = written;
  const place = entry.locate(["secrets", index, "template"]);
  const parts: (string | { secret: string })[] = [];
  const missing: Exclude<Outcome, string>[] = [];
  for (const [position, piece] of (secret.template ?? "").split(/(?<!\$)\$\{secret:([^}]*)\}/).entries()) {
    if (position % 2 === 0) {
      if (piece !== "") parts.push(fillIn(piece, resolution.variables, place, resolution.report));
      continue;
    }
    const id = settle(resolution, written, follow(resolution, written, piece));
    if (typeof id === "string") parts.push({ secret: id });
    else missing.push(id);
  }
  return missing.length > 0 ? missing[0] : { kind: "template", parts };
}

/** What a reference in a secret's `from` or `template` stands for. */
function follow(resolution: Resolution, { entry, index, secret }: Written, reference: string): Outcome {
  const { enabled, linked, report } = resolution;
  const place = entry.locate(["secrets", index, sourceKey(secret)]);
  const service = entry.value.name;
  const refuse = (message: string) => {
    report({ place, message });
    return undefined;
  };
  const [owner = "", name = "", ...more] = reference.includes("/")
    ? reference.split("/")
    : [service, reference];
  if (more.length > 0) {
    return refuse(
      `secret "${reference}" has too many parts: write \${secret:name} or \${secret:service/name}`,
    );
  }
  const target = enabled.get(owner);
  if (!target) {
    const leftOut = ownerLeftOut(resolution, entry, reference);
    if (leftOut) return leftOut;
    return refuse(`secret "${reference}": ${owner} is not in the stack${didYouMean(owner, enabled.keys())}`);
  }
  // Services in one network namespace can have no link between them, and need none.
  const together = hostOf(entry.value) === hostOf(target.value);
  if (!together && !linked.has(`${service}>${owner}`)) {
    return refuse(
      `secret "${reference}": ${service} has no link to ${owner}, so it gets none of its secrets`,
    );
  }
  const { secrets } = target.value;
  const found = secrets.findIndex((one) => one.name === name);
  const next = secrets[found];
  if (!next) {
    const names = secrets.map((one) => one.name);
    return refuse(`${owner} has no secret "${name}"${didYouMean(name, names)}`);
  }
  return outcomeOf(resolution, { entry: target, index: found, secret: next });
}

/** A secret that refers to one that is left out is left out, too, if it is optional. */
function settle(resolution: Resolution, { entry, index, secret }: Written, outcome: Outcome): Outcome {
  if (typeof outcome !== "object" || secret.optional) return outcome;
  resolution.report({
    place: entry.locate(["secrets", index, sourceKey(secret)]),
    message: `the secret "${secret.name}" of ${entry.value.name} needs one that is left out: ${outcome.because}; ${outcome.fix}, or say optional: true here`,
  });
  return undefined;
}

/** Why the owner's secret is left out: it is not in the stack, and the record has only optional links to it. */
function ownerLeftOut({ enabled }: Resolution, entry: CatalogEntry, reference: string): LeftOut | undefined {
  const [owner = ""] = reference.split("/");
  if (!reference.includes("/") || enabled.has(owner)) return undefined;
  const links = entry.value.links.filter((link) => link.provider === owner || link.anyOf?.includes(owner));
  const optional = links.length > 0 && links.every((link) => !link.required || link.anyOf !== undefined);
  return optional
    ? { because: `${owner} is not in the stack`, fix: "add it to services.include" }
    : undefined;
}
