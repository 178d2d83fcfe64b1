import type { Catalog, CatalogEntry } from "../catalog/entry.ts";
import type { StackConfig } from "../config/load.ts";
import type { Environments } from "../config/schema.ts";
import { configureServices } from "../configure/index.ts";
import { InputError, type Problem } from "../errors.ts";
import { freeze } from "../freeze.ts";
import type { GpuChoice, Link, Platform, SeededFile, Segment, Service, Warning } from "../platform.ts";
import { type SignIn, signInOf, withoutUnavailable } from "./available.ts";
import { withBackup } from "./backup.ts";
import { compare, type Edge, hostOf, resolveEdges } from "./edges.ts";
import { fillIn, serviceEnvironment, templateVariables, urlPort } from "./environment.ts";
import { checkBudget, checkClashes, limitsOf } from "./limits.ts";
import { leadsOut, linkNetwork, type Pools, readPools, segmentAddress, usedSegments } from "./networks.ts";
import { startWaves, waitsOf } from "./order.ts";
import { type Delivery, resolveSecrets, versioned } from "./secrets.ts";
import { selectServices } from "./select.ts";
import { dataVolumes, mountsOf, ownerOf, tmpfsOf } from "./storage.ts";

export interface ResolveOptions {
  /** What a required secret that the user has not set is: a warning (default) while looking, an error when deploying. */
  unsetSecrets?: "warn" | "refuse";
}

/**
 * Catalogue and stack config to the platform they describe. Pure: same input, same bytes.
 * @throws InputError with everything that is wrong, each with file, line and column
 */
export function resolvePlatform(
  catalog: Catalog,
  config: StackConfig,
  environments: Environments,
  options: ResolveOptions = {},
): Platform {
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.push(problem);
  const { enabled: selected, pulledIn, measuring } = selectServices(catalog, config, report);
  const warnings: Warning[] = [];
  const enabled = withoutUnavailable(selected, config, (warning) => warnings.push(warning));
  const pools = readPools(config, report);
  const signIn = signInOf(enabled, config);
  const edges = resolveEdges(enabled, report, signIn);
  const waits = waitsOf(enabled, edges);
  const waves = startWaves(enabled, edges, waits, report);
  const waitedFor = new Set([...waits.values()].flatMap((needs) => [...needs]));
  const variables = templateVariables(environments, config, report);
  const unset: Problem[] = [];
  const secrets = resolveSecrets(enabled, edges, config, variables, report, (problem) => unset.push(problem));
  checkBudget(enabled, config, report);
  checkClashes(enabled, config, report);
  for (const [service, chain] of pulledIn) {
    const message = `${service} is in the stack because ${chain.join(" -> ")} requires it`;
    warnings.push({ service, message });
  }
  for (const [service, measured] of measuring) {
    const message = `${service} is in the stack because it measures ${measured}; services.exclude leaves it out`;
    warnings.push({ service, message });
  }

  const resolve = (entry: CatalogEntry): Service => ({
    ...describe(entry, config, pools),
    health: healthOf(entry, config, waitedFor.has(entry.value.name)),
    after: [...(waits.get(entry.value.name) ?? [])].sort(),
    ...content(
      entry,
      config,
      environments,
      variables,
      secrets.deliveries.get(entry.value.name) ?? [],
      report,
    ),
    ...gpu(entry, config, report, warnings),
  });
  const links = pools ? edges.map((edge) => resolveLink(edge, enabled, pools, signIn)) : [];
  const backup = withBackup([...enabled.values()].map(resolve), config);
  const volumes = [...dataVolumes(enabled, config, report), ...backup.volumes].sort((a, b) =>
    compare(a.name, b.name),
  );
  const configured = configureServices({
    services: backup.services,
    links,
    enabled,
    config,
    variables,
    secretIds: secrets.ids,
    report,
    warn: (warning) => warnings.push(warning),
    unset: (problem) => unset.push(problem),
  });
  if (options.unsetSecrets === "refuse") problems.push(...unset);
  warnings.push(...unset);
  const { services } = configured;
  for (const service of services) warnings.push(...lifecycleWarnings(service));
  for (const entry of enabled.values()) problems.push(...imageProblems(entry, config));
  if (problems.length > 0 || !pools) throw new InputError(unique(problems));

  const used = new Set<Segment["name"]>(
    services.flatMap((service) => service.addresses.map(({ segment }) => segment)),
  );
  return freeze({
    stack: config.stack,
    environment: config.platform.environment,
    images: config.platform.images,
    domain: config.platform.domain,
    protectData: config.platform.environment !== "development",
    segments: usedSegments(pools, used),
    links,
    services,
    volumes,
    secrets: [...secrets.all.values(), ...configured.secrets]
      .map((secret) => versioned(secret, config))
      .sort((a, b) => compare(a.id, b.id)),
    waves,
    warnings: warnings.sort(
      (a, b) => compare(a.service ?? "", b.service ?? "") || compare(a.message, b.message),
    ),
  });
}

function resolveLink(
  edge: Edge,
  enabled: ReadonlyMap<string, CatalogEntry>,
  pools: Pools,
  signIn: SignIn | undefined,
): Link {
  const record = (name: string) => {
    const entry = enabled.get(name);
    if (!entry) throw new Error(`edge to ${name}, which is not enabled`);
    return entry.value;
  };
  const consumer = record(edge.consumer);
  const provider = record(edge.provider);
  return {
    consumer: edge.consumer,
    provider: edge.provider,
    consumerHost: hostOf(consumer),
    providerHost: hostOf(provider),
    ...linkNetwork(pools, consumer.number, provider.number),
    required: edge.required,
    indispensable: edge.indispensable,
    ordered: edge.ordered,
    uses: edge.uses,
    ...(signIn && consumer.oidc && edge.provider === signIn.gateway ? { hosts: [signIn.host] } : {}),
  };
}

function describe(entry: CatalogEntry, config: StackConfig, pools: Pools | undefined) {
  const { value: record } = entry;
  const image = config.platform.overrides[record.name]?.image ?? record.image;
  const { publish, domain } = config.platform;
  const segments: Segment["name"][] = record.through === undefined ? [record.segment, ...record.alsoIn] : [];
  if (record.egress && record.through === undefined && !segments.some(leadsOut)) segments.push("egress");
  const port = urlPort(publish.offset);
  return {
    name: record.name,
    number: record.number,
    title: record.title,
    category: record.category,
    description: record.description,
    icon: record.icon,
    place: entry.locate([]),
    image: {
      ...definedOnly(image),
      reference: `${image.repository}:${image.tag}${image.digest === undefined ? "" : `@${image.digest}`}`,
    },
    segment: record.segment,
    addresses: pools
      ? segments.map((segment) => ({ segment, address: segmentAddress(pools, segment, record.number) }))
      : [],
    ...(record.through === undefined ? {} : { through: record.through }),
    ...(record.egress === undefined ? {} : { egress: record.egress }),
    roles: record.roles,
    ports: record.ports,
    publish: record.publish
      .map((one) => ({ ...one, host: one.host + publish.offset, address: publish.address }))
      .sort((a, b) => a.host - b.host || compare(a.protocol, b.protocol)),
    ...(record.route === undefined
      ? {}
      : {
          route: {
            ...record.route,
            url: `https://${record.route.subdomain === "@" ? "" : `${record.route.subdomain}.`}${domain}${port}`,
          },
        }),
    ...(record.balance === undefined ? {} : { balance: record.balance }),
    ...(record.replicaOf === undefined ? {} : { replicaOf: record.replicaOf }),
    ...(record.oidc === undefined ? {} : { oidc: record.oidc }),
    ...(record.crowdsec === undefined ? {} : { crowdsec: record.crowdsec }),
    ...(record.widget === undefined ? {} : { widget: record.widget }),
    mounts: mountsOf(config.stack, entry),
    tmpfs: tmpfsOf(entry),
    user: {
      uid: record.user.uid,
      gid: record.user.gid,
      groups: [
        ...record.user.groups,
        ...(record.roles.includes("socket-proxy") && config.platform.dockerGroup !== undefined
          ? [config.platform.dockerGroup]
          : []),
      ],
    },
    owner: ownerOf(record),
    init: record.init,
    lifted: record.lifted,
    limits: limitsOf(entry, config),
    stop: definedOnly(record.stop),
    ...(record.metrics === undefined ? {} : { metrics: record.metrics }),
    ...(record.publicAddress === undefined ? {} : { publicAddress: record.publicAddress }),
    rules: record.rules,
    panels: record.panels,
    backup: record.backup,
    ...(record.drill ? { drill: record.drill } : {}),
    lifecycle: record.lifecycle,
    exceptions: record.exceptions,
    accounts: record.accounts,
    ...(record.configure === undefined ? {} : { configure: record.configure }),
  };
}

/** A service others wait for is probed more often, so that they start sooner. */
function healthOf(
  { value: record }: CatalogEntry,
  config: StackConfig,
  waitedFor: boolean,
): Service["health"] {
  const { interval, waitedInterval = interval, startInterval } = config.platform.health;
  return {
    ...record.health,
    interval: waitedFor ? waitedInterval : interval,
    ...(startInterval === undefined ? {} : { startInterval }),
  };
}

function content(
  entry: CatalogEntry,
  config: StackConfig,
  environments: Environments,
  variables: Readonly<Record<string, string>>,
  deliveries: readonly Delivery[],
  report: (problem: Problem) => void,
) {
  const { value: record } = entry;
  const fill = (text: string, path: readonly PropertyKey[]) =>
    fillIn(text, variables, entry.locate(path), report);
  const environment = new Map<string, string>();
  for (const { name, text, place } of serviceEnvironment(entry, environments, config)) {
    environment.set(name, fillIn(text, variables, place, report));
  }
  const files: SeededFile[] = record.files.map((file, index) => ({
    path: file.path,
    mode: file.mode,
    content: { text: fill(file.content, ["files", index, "content"]) },
  }));
  const secretVariables: { variable: string; secret: string; reason: string }[] = [];
  for (const { id, file, variable, reason } of deliveries) {
    if (file !== undefined) {
      files.push({ path: file, mode: "0400", content: { secret: id } });
      if (variable !== undefined) environment.set(variable, file);
    } else if (variable !== undefined) {
      secretVariables.push({ variable, secret: id, reason: reason ?? "" });
    }
  }
  const words = (list: readonly string[] | undefined, key: "command" | "entrypoint") =>
    list === undefined ? {} : { [key]: list.map((word, index) => fill(word, [key, index])) };
  return {
    environment: Object.fromEntries([...environment].sort(([a], [b]) => compare(a, b))),
    files: files.sort((a, b) => compare(a.path, b.path)),
    secretVariables: secretVariables.sort((a, b) => compare(a.variable, b.variable)),
    ...words(record.command, "command"),
    ...words(record.entrypoint, "entrypoint"),
  };
}

function gpu(
  entry: CatalogEntry,
  config: StackConfig,
  report: (problem: Problem) => void,
  warnings: Warning[],
): { gpu?: GpuChoice } {
  const wish = entry.value.gpu;
  if (!wish || config.platform.images === "rehearsal") return {};
  const { vendor, renderGroup } = config.platform.gpu;
  if (vendor !== "none" && wish.vendors.includes(vendor)) {
    return { gpu: vendor === "nvidia" ? { vendor } : { vendor, renderGroup: renderGroup ?? 0 } };
  }
  const found = vendor === "none" ? "the stack has none" : `the stack's is from ${vendor}`;
  const wanted = `${entry.value.name} wants a GPU (${wish.vendors.join(", ")}) for ${wish.purpose}; ${found}`;
  if (wish.fallback === "none") {
    report({
      place: entry.locate(["gpu"]),
      message: `${wanted}; set gpu.vendor in the stack's config or exclude the service`,
    });
  } else {
    warnings.push({
      service: entry.value.name,
      place: entry.locate(["gpu"]),
      message: `${wanted}: it works in software`,
    });
  }
  return {};
}

function imageProblems(entry: CatalogEntry, config: StackConfig): Problem[] {
  const { name, image } = entry.value;
  if (config.platform.images !== "real") return [];
  const override = config.platform.overrides[name]?.image;
  if (override && override.digest === undefined) {
    const message = `the image for ${name} has no digest, which a stack with real images demands`;
    return [{ place: config.locate(["overrides", name, "image"]), message }];
  }
  if (override || image.digest !== undefined) return [];
  const message = `${name}'s image ${image.repository}:${image.tag} has no digest, so it cannot be in a stack with real images; add one here or in overrides.${name}.image, or exclude it`;
  return [{ place: entry.locate(["image"]), message }];
}

function lifecycleWarnings({ name, place, lifecycle }: Service): Warning[] {
  if (lifecycle.status !== "retired") return [];
  const next =
    lifecycle.successor === undefined
      ? (lifecycle.note ?? "it has no successor")
      : `its successor is ${lifecycle.successor}`;
  return [{ service: name, place, message: `${name} is retired: ${next}` }];
}

function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}

function unique(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = JSON.stringify(problem);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
