import type { CatalogEntry } from "../catalog/load.ts";
import type { SecretRecord } from "../catalog/record.ts";
import type { StackConfig } from "../config/load.ts";
import type { Problem } from "../errors.ts";
import type { PlatformSecret, SecretSource } from "../platform.ts";
import { didYouMean } from "../suggest.ts";
import type { Edge } from "./edges.ts";
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
}

/** Characters of a generated secret when the record names no length. */
const defaultLength = 32;

/** Secrets of all enabled services. A required config key that is not set is a problem, except in a rehearsal. */
export function resolveSecrets(
  enabled: ReadonlyMap<string, CatalogEntry>,
  edges: readonly Edge[],
  config: StackConfig,
  variables: Readonly<Record<string, string>>,
  report: (problem: Problem) => void,
): Secrets {
  const all = new Map<string, PlatformSecret>();
  const deliveries = new Map<string, Delivery[]>();
  const linked = new Set(
    edges.flatMap((edge) => [`${edge.consumer}>${edge.provider}`, `${edge.provider}>${edge.consumer}`]),
  );

  for (const [service, entry] of enabled) {
    const own = new Map(entry.value.secrets.map((secret) => [secret.name, secret]));
    const given: Delivery[] = [];

    /** The id a reference points to, or undefined when it is wrong or its service is not in the stack. */
    const follow = (reference: string, index: number, key: "from" | "template"): string | undefined => {
      const place = entry.locate(["secrets", index, key]);
      const [owner, name] = reference.includes("/")
        ? (reference.split("/") as [string, string])
        : [service, reference];
      const target = owner === service ? own : secretsOf(enabled.get(owner));
      if (!target) {
        report({
          place,
          message: `secret "${reference}": ${owner} is not in the stack${didYouMean(owner, enabled.keys())}`,
        });
        return undefined;
      }
      if (owner !== service && !linked.has(`${service}>${owner}`)) {
        report({
          place,
          message: `secret "${reference}": ${service} has no link to ${owner}, so it gets none of its secrets`,
        });
        return undefined;
      }
      if (!target.has(name)) {
        report({ place, message: `${owner} has no secret "${name}"${didYouMean(name, target.keys())}` });
        return undefined;
      }
      return `${owner}/${name}`;
    };

    for (const [index, secret] of entry.value.secrets.entries()) {
      if (secret.from !== undefined && secret.optional && !enabled.has(secret.from.split("/")[0] ?? ""))
        continue;
      let id = `${service}/${secret.name}`;
      if (secret.from !== undefined) {
        const target = follow(secret.from, index, "from");
        if (target === undefined) continue;
        id = target;
      } else {
        const source = sourceOf(secret, entry, index, config, variables, report, (name) =>
          follow(name, index, "template"),
        );
        if (!source) continue;
        all.set(id, { id, source });
      }
      if (secret.file !== undefined || secret.variable !== undefined) {
        given.push({
          id,
          ...(secret.file === undefined ? {} : { file: secret.file }),
          ...(secret.variable === undefined ? {} : { variable: secret.variable }),
          ...(secret.reason === undefined ? {} : { reason: secret.reason }),
        });
      }
    }
    deliveries.set(service, given);
  }
  reportTemplateCycles(all, enabled, report);
  return { all: new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1))), deliveries };
}

function secretsOf(entry: CatalogEntry | undefined): Map<string, SecretRecord> | undefined {
  return (
    entry &&
    new Map(
      entry.value.secrets
        .filter((secret) => secret.from === undefined)
        .map((secret) => [secret.name, secret]),
    )
  );
}

function sourceOf(
  secret: SecretRecord,
  entry: CatalogEntry,
  index: number,
  config: StackConfig,
  variables: Readonly<Record<string, string>>,
  report: (problem: Problem) => void,
  follow: (name: string) => string | undefined,
): SecretSource | undefined {
  if (secret.generate !== undefined) {
    return { kind: "generate", form: secret.generate, length: secret.length ?? defaultLength };
  }
  if (secret.config !== undefined) {
    if (config.secretKeys.includes(secret.config)) return { kind: "config", key: secret.config };
    if (config.platform.images === "rehearsal")
      return { kind: "generate", form: "password", length: defaultLength };
    if (!secret.optional) {
      const hint = didYouMean(secret.config, config.secretKeys);
      report({
        place: entry.locate(["secrets", index, "config"]),
        message: `${entry.value.name} needs the secret "${secret.config}"${hint}; set it: pulumi config set --stack ${config.stack} --secret --path 'ums:secrets.${secret.config}'`,
      });
    }
    return undefined;
  }
  const template = secret.template ?? "";
  const place = entry.locate(["secrets", index, "template"]);
  const parts: (string | { secret: string })[] = [];
  for (const [position, piece] of template.split(/\$\{secret:([^}]*)\}/).entries()) {
    if (position % 2 === 0) {
      if (piece !== "") parts.push(fillIn(piece, variables, place, report));
      continue;
    }
    const target = follow(piece);
    if (target === undefined) return undefined;
    parts.push({ secret: target });
  }
  return { kind: "template", parts };
}

function reportTemplateCycles(
  all: ReadonlyMap<string, PlatformSecret>,
  enabled: ReadonlyMap<string, CatalogEntry>,
  report: (problem: Problem) => void,
): void {
  const visit = (id: string, path: readonly string[]): void => {
    if (path.includes(id)) {
      const place = enabled.get(id.split("/")[0] ?? "")?.locate(["secrets"]);
      report({
        ...(place ? { place } : {}),
        message: `secrets are made of each other: ${[...path, id].join(" -> ")}`,
      });
      return;
    }
    const source = all.get(id)?.source;
    if (source?.kind !== "template") return;
    for (const part of source.parts) if (typeof part !== "string") visit(part.secret, [...path, id]);
  };
  for (const id of all.keys()) visit(id, []);
}
