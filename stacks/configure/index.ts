import type { CatalogEntry } from "../catalog/entry.ts";
import type { StackConfig } from "../config/load.ts";
import type { Problem } from "../errors.ts";
import type { Link, PlatformSecret, SeededFile, Service, Warning } from "../platform.ts";
import { compare } from "../resolve/edges.ts";
import { configSource, unsetSecret } from "../resolve/secrets.ts";
import { clientEnvironment } from "./access/clients.ts";
import type { AddedSecret, Configuration, ConfigureContext, GeneratedFile } from "./context.ts";
import { generators } from "./generators.ts";
import { SecretValue } from "./text.ts";

export interface ConfigureArgs {
  services: readonly Service[];
  links: readonly Link[];
  enabled: ReadonlyMap<string, CatalogEntry>;
  config: StackConfig;
  variables: Readonly<Record<string, string>>;
  /** Ids of the records' secrets by service/name; without those that are left out. */
  secretIds: ReadonlyMap<string, string>;
  report(problem: Problem): void;
  warn(warning: Warning): void;
  /** What a required key of ums:secrets that is not set goes to. */
  unset(problem: Problem): void;
}

/** The services with their generated files, and the secrets that those files are. */
export interface ConfiguredServices {
  services: Service[];
  secrets: PlatformSecret[];
}

/** Lets each service's generator write its configuration. What a record says itself wins over what is generated. */
export function configureServices(args: ConfigureArgs): ConfiguredServices {
  const secrets: PlatformSecret[] = [];
  const context = contextOf(args, secrets);
  const services = args.services.map((service) => {
    if (service.configure === undefined && !service.oidc) return service;
    const { files, environment }: Configuration = service.configure
      ? generators[service.configure](service, context)
      : { files: [] };
    const all = { ...environment, ...clientEnvironment(service, context) };
    return withConfiguration(service, { files, environment: all }, secrets);
  });
  return { services, secrets };
}

function withConfiguration(
  service: Service,
  { files, environment = {} }: Configuration,
  secrets: PlatformSecret[],
): Service {
  const own = new Set(service.files.map(({ path }) => path));
  const generated = files
    .filter(({ path }) => !own.has(path))
    .map((file) => {
      const { seeded, secret } = seededFile(service.name, file);
      if (secret) secrets.push(secret);
      return seeded;
    });
  const merged = Object.entries({ ...environment, ...service.environment });
  return {
    ...service,
    files: [...service.files, ...generated].sort((a, b) => compare(a.path, b.path)),
    environment: Object.fromEntries(merged.sort(([a], [b]) => compare(a, b))),
  };
}

function seededFile(
  service: string,
  { path, text, mode = "0444" }: GeneratedFile,
): { seeded: SeededFile; secret?: PlatformSecret } {
  // The Docker provider (5.2.0) refuses to upload a file that is empty.
  if (typeof text === "string")
    return { seeded: { path, mode, content: { text: text === "" ? "\n" : text } } };
  const id = `${service}/file${path.replace(/[^A-Za-z0-9]+/g, "-")}`;
  return {
    seeded: { path, mode: "0400", content: { secret: id } },
    secret: { id, source: { kind: "template", parts: text, isFile: true } },
  };
}

function contextOf(
  { services, links, enabled, config, variables, secretIds, report, warn, unset }: ConfigureArgs,
  secrets: PlatformSecret[],
): ConfigureContext {
  const ids = new Map(secretIds);
  const byName = new Map(services.map((service) => [service.name, service]));
  const linked = new Set(links.map(({ consumer, provider }) => `${consumer}>${provider}`));
  const namespaceOf = (name: string) => byName.get(name)?.through ?? name;
  const together = (a: string, b: string) => namespaceOf(a) === namespaceOf(b);
  const reaches = (consumer: string, provider: string) =>
    together(consumer, provider) || linked.has(`${consumer}>${provider}`);
  return {
    stack: config.stack,
    settings: config.platform,
    variables,
    services,
    service: (name) => byName.get(name),
    links,
    hostOf: (consumer, provider) => (together(consumer, provider) ? "127.0.0.1" : provider),
    reaches,
    secret(reader, owner, name, form, salt) {
      const isClient = byName.get(owner)?.oidc && byName.get(reader)?.roles.includes("sso");
      if (!reaches(reader, owner) && !reaches(owner, reader) && !isClient) {
        throw new Error(`the configuration of ${reader} reads a secret of ${owner}, to which it has no link`);
      }
      const id = ids.get(`${owner}/${name}`);
      if (id === undefined) return undefined;
      const saltId = salt === undefined ? undefined : ids.get(salt.includes("/") ? salt : `${owner}/${salt}`);
      return new SecretValue(id, form, saltId);
    },
    addSecret(owner, name, asked) {
      const id = `${owner}/${name}`;
      secrets.push({ id, source: addedSource(asked, config, unset) });
      ids.set(id, id);
    },
    hasConfigSecret: (key) => config.platform.images === "rehearsal" || config.secretKeys.includes(key),
    report,
    warn,
    recordPlace: (service, path) => enabled.get(service)?.locate(path) ?? { file: "catalog" },
    configPlace: (path) => config.locate(path),
  };
}

function addedSource(
  asked: AddedSecret,
  config: StackConfig,
  unset: ConfigureArgs["unset"],
): PlatformSecret["source"] {
  if ("generate" in asked) return { kind: "generate", form: asked.generate, length: asked.length };
  const { config: key, whose, place, words } = asked;
  const source = configSource(config, key);
  if (source && source.kind !== "config") return source;
  if (!source) unset(unsetSecret(config, key, whose, place));
  return { kind: "config", key, isSet: source !== undefined, ...(words ? { typed: { place, words } } : {}) };
}
