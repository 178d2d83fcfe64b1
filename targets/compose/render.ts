import type * as docker from "@pulumi/docker";
import { stringify } from "yaml";
import {
  type DeclaredProgram,
  dockerTypes,
  type RegisteredResource,
  type ResourceReference,
  sameResource,
} from "../resources.ts";

/** A container's inputs with every Input resolved, as the in-process run records them. */
export interface ContainerInputs {
  name: string;
  image: string;
  entrypoints?: string[];
  command?: string[];
  user?: string;
  groupAdds?: string[];
  readOnly?: boolean;
  init?: boolean;
  capabilities?: { drops?: string[]; adds?: string[] };
  securityOpts?: string[];
  memory: number;
  memorySwap: number;
  cpuPeriod: number;
  cpuQuota: number;
  restart: string;
  logDriver: string;
  logOpts: Record<string, string>;
  stopTimeout?: number;
  stopSignal?: string;
  mounts?: {
    type: string;
    source: string;
    target: string;
    readOnly?: boolean;
    volumeOptions?: { noCopy?: boolean };
  }[];
  tmpfs?: Record<string, string>;
  devices?: { hostPath: string; containerPath: string; permissions: string }[];
  deviceRequests?: { driver: string; count: number; capabilities: string[] }[];
  sysctls?: Record<string, string>;
  networkMode: string;
  networksAdvanced?: { name: string; ipv4Address?: string; aliases?: string[] }[];
  ports?: { internal: number; external: number; ip: string; protocol: string }[];
  healthcheck?: {
    tests: string[];
    interval: string;
    timeout: string;
    startPeriod: string;
    startInterval?: string;
    retries: number;
  };
  envs?: string[];
  labels: { label: string; value: string }[];
  uploads?: { file: string; content: string }[];
  mustRun?: boolean;
}

export type NetworkInputs = {
  name: string;
  internal?: boolean;
  options?: Record<string, string>;
  ipamConfigs: { subnet: string; gateway: string }[];
  labels: { label: string; value: string }[];
};

/** One-shot containers run once and exit; the engine runs them itself, before Compose. */
export function isOneShot(resource: RegisteredResource): boolean {
  return (
    resource.type === dockerTypes.container &&
    (resource.inputs as Partial<docker.ContainerArgs>).mustRun === false
  );
}

export function containersOf(program: DeclaredProgram, oneShot: boolean): RegisteredResource[] {
  return program.resources.filter(
    (resource) => resource.type === dockerTypes.container && isOneShot(resource) === oneShot,
  );
}

export function containerInputs(resource: RegisteredResource): ContainerInputs {
  return resource.inputs as unknown as ContainerInputs;
}

export interface RenderedCompose {
  /** The Compose file as an object. No secret is in it. */
  file: Record<string, unknown>;
  /** Values the file takes from its environment: the secrets of variables. */
  environment: Record<string, string>;
}

/**
 * The program's networks and long-running containers as a Compose file. Volumes are external: Compose must never
 * remove one. Understood by Compose v2 and by docker-compose 1.29.
 */
export function renderCompose(
  program: DeclaredProgram,
  idOf: (container: RegisteredResource) => string,
  secretValues: readonly string[],
): RenderedCompose {
  const containers = containersOf(program, false);
  const names = new Map(containers.map((container) => [idOf(container), containerInputs(container).name]));
  const environment: Record<string, string> = {};
  /** The variable's line, its value moved to the environment when it has a secret in it. */
  const line = (text: string): string => {
    const [name = "", ...rest] = text.split("=");
    const value = rest.join("=");
    if (!secretValues.some((secret) => secret.length > 0 && value.includes(secret))) return literal(text);
    const key = `UMS_SECRET_${Object.keys(environment).length}`;
    environment[key] = value;
    return `${name}=\${${key}}`;
  };
  const services = containers.map((container) => {
    const inputs = containerInputs(container);
    return [
      inputs.name,
      composeService(inputs, names, waitsFor(container, program), inputs.envs?.map(line)),
    ] as const;
  });
  const volumes = new Set(
    containers.flatMap((container) =>
      (containerInputs(container).mounts ?? []).flatMap((mount) =>
        mount.type === "volume" ? [mount.source] : [],
      ),
    ),
  );
  return {
    environment,
    file: {
      services: Object.fromEntries(services),
      networks: Object.fromEntries(networksOf(program).map(renderNetwork)),
      volumes: Object.fromEntries([...volumes].sort().map((name) => [name, { external: true, name }])),
    },
  };
}

/** YAML 1.1, as docker-compose 1.29 reads it: there an unquoted `472:0` is a number in base 60. */
export function composeText(file: Record<string, unknown>): string {
  return stringify(file, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}

/** Compose reads `$` as the start of a variable. */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** A container as a service of a Compose file. */
export function composeService(
  inputs: ContainerInputs,
  names: ReadonlyMap<string, string>,
  waits: readonly { name: string; healthy: boolean }[],
  environment: string[] | undefined,
): Record<string, unknown> {
  return withEnvironment(service(inputs, names, waits), environment);
}

/** A rendered service as Compose takes it to the letter, with its environment, which has references. */
function withEnvironment(rendered: Record<string, unknown>, environment: string[] | undefined) {
  const literals = literally(rendered) as Record<string, unknown>;
  return environment?.length ? { ...literals, environment } : literals;
}

function literally(value: unknown): unknown {
  if (typeof value === "string") return literal(value);
  if (Array.isArray(value)) return value.map(literally);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, literally(inner)]));
}

function service(
  inputs: ContainerInputs,
  names: ReadonlyMap<string, string>,
  waits: readonly { name: string; healthy: boolean }[],
): Record<string, unknown> {
  const shared = inputs.networkMode.startsWith("container:")
    ? inputs.networkMode.slice("container:".length)
    : undefined;
  return withoutUndefined({
    container_name: inputs.name,
    image: inputs.image,
    entrypoint: inputs.entrypoints,
    command: inputs.command,
    user: inputs.user,
    group_add: inputs.groupAdds,
    read_only: inputs.readOnly,
    init: inputs.init,
    cap_drop: inputs.capabilities?.drops,
    cap_add: inputs.capabilities?.adds,
    security_opt: inputs.securityOpts?.length ? inputs.securityOpts : undefined,
    mem_limit: `${inputs.memory}m`,
    memswap_limit: `${inputs.memorySwap}m`,
    cpu_period: inputs.cpuPeriod,
    cpu_quota: inputs.cpuQuota,
    restart: inputs.restart,
    logging: { driver: inputs.logDriver, options: inputs.logOpts },
    stop_grace_period: inputs.stopTimeout === undefined ? undefined : `${inputs.stopTimeout}s`,
    stop_signal: inputs.stopSignal,
    volumes: inputs.mounts?.map(({ type, source, target, readOnly, volumeOptions }) => ({
      type,
      source,
      target,
      read_only: readOnly === true,
      ...(volumeOptions?.noCopy ? { volume: { nocopy: true } } : {}),
    })),
    tmpfs: inputs.tmpfs && Object.entries(inputs.tmpfs).map(([path, options]) => `${path}:${options}`),
    devices: inputs.devices?.map(
      ({ hostPath, containerPath, permissions }) => `${hostPath}:${containerPath}:${permissions}`,
    ),
    deploy: inputs.deviceRequests && {
      resources: {
        reservations: {
          devices: inputs.deviceRequests.map(({ driver, count, capabilities }) => ({
            driver,
            count: count < 0 ? "all" : count,
            capabilities,
          })),
        },
      },
    },
    sysctls: inputs.sysctls,
    network_mode:
      shared === undefined
        ? inputs.networksAdvanced
          ? undefined
          : inputs.networkMode
        : `service:${names.get(shared)}`,
    networks:
      shared === undefined && inputs.networksAdvanced
        ? Object.fromEntries(
            inputs.networksAdvanced.map(({ name, ipv4Address, aliases }) => [
              name,
              withoutUndefined({ ipv4_address: ipv4Address, aliases: aliases?.length ? aliases : undefined }),
            ]),
          )
        : undefined,
    ports: inputs.ports?.map(
      ({ ip, external, internal, protocol }) => `${ip}:${external}:${internal}/${protocol}`,
    ),
    healthcheck: inputs.healthcheck && {
      test: inputs.healthcheck.tests,
      interval: inputs.healthcheck.interval,
      timeout: inputs.healthcheck.timeout,
      start_period: inputs.healthcheck.startPeriod,
      retries: inputs.healthcheck.retries,
      ...(inputs.healthcheck.startInterval ? { start_interval: inputs.healthcheck.startInterval } : {}),
    },
    labels: Object.fromEntries(inputs.labels.map(({ label, value }) => [label, value])),
    depends_on:
      waits.length > 0
        ? Object.fromEntries(
            waits.map(({ name, healthy }) => [
              name,
              { condition: healthy ? "service_healthy" : "service_started" },
            ]),
          )
        : undefined,
  });
}

/** A program's networks, as they should be on the host. */
export function networksOf(program: DeclaredProgram): NetworkInputs[] {
  return program.resources
    .filter((resource) => resource.type === dockerTypes.network)
    .map((resource) => resource.inputs as unknown as NetworkInputs);
}

function renderNetwork(inputs: NetworkInputs): readonly [string, Record<string, unknown>] {
  return [
    inputs.name,
    withoutUndefined({
      name: inputs.name,
      driver: "bridge",
      internal: inputs.internal === true ? true : undefined,
      driver_opts: inputs.options,
      ipam: { config: inputs.ipamConfigs.map(({ subnet, gateway }) => ({ subnet, gateway })) },
      labels: Object.fromEntries(inputs.labels.map(({ label, value }) => [label, value])),
    }),
  ];
}

/** Long-running containers that a container's dependencies lead to: its own, and those of the components it names. */
function waitsFor(
  container: RegisteredResource,
  program: DeclaredProgram,
): { name: string; healthy: boolean }[] {
  const wanted = container.dependsOn.flatMap((reference) => containersBelow(reference, program));
  return wanted
    .filter((resource) => !isOneShot(resource) && resource !== container)
    .map((resource) => {
      const inputs = containerInputs(resource);
      return { name: inputs.name, healthy: inputs.healthcheck !== undefined };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function containersBelow(reference: ResourceReference, program: DeclaredProgram): RegisteredResource[] {
  return program.resources.filter(
    (resource) =>
      resource.type === dockerTypes.container &&
      (sameResource(resource, reference) ||
        (resource.parent !== undefined && sameResource(resource.parent, reference))),
  );
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
