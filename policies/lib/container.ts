import { type DriverOptions, folderOf } from "./bound";
import { type Exception, exceptionsOf, type Lift, labelJson, liftsOf, unreadable } from "./declarations";
import { type Base, baseOf, type DeclaredResource } from "./resource";

export interface Mount {
  type?: string;
  source?: string;
  target?: string;
  readOnly?: boolean;
  bindOptions?: { propagation?: string };
  volumeOptions?: { driverName?: string; driverOptions?: DriverOptions };
}

/** Inputs of a container that rules read, as the Docker provider names them. Memory is in MiB. */
export interface ContainerInputs {
  image: string;
  user: string;
  privileged: boolean;
  readOnly: boolean;
  capabilities: { drops?: string[]; adds?: string[] };
  securityOpts: string[];
  networkMode: string;
  pidMode: string;
  ipcMode: string;
  utsMode: string;
  usernsMode: string;
  networksAdvanced: { name?: string; ipv4Address?: string; aliases?: string[] }[];
  mounts: Mount[];
  volumes: {
    hostPath?: string;
    containerPath?: string;
    fromContainer?: string;
    volumeName?: string;
    readOnly?: boolean;
  }[];
  tmpfs: Record<string, string>;
  devices: { hostPath?: string; containerPath?: string; permissions?: string }[];
  deviceRequests: { driver?: string }[];
  gpus: string;
  ports: { internal?: number; external?: number; ip?: string; protocol?: string }[];
  publishAllPorts: boolean;
  memory: number;
  memorySwap: number;
  cpuPeriod: number;
  cpuQuota: number;
  cpus: string;
  healthcheck: { tests?: string[] };
  restart: string;
  maxRetryCount: number;
  logDriver: string;
  logOpts: Record<string, string>;
  envs: string[];
  command: string[];
  entrypoints: string[];
  uploads: { file?: string; permissions?: string; executable?: boolean }[];
  sysctls: Record<string, string>;
  links: string[];
  mustRun: boolean;
}

export interface Route {
  subdomain: string;
  access: string;
  reason?: string;
  bypass?: { path: string; reason?: string }[];
}

/** A container with what its labels declare. */
export interface Container extends Base {
  kind: "container";
  /** Name of the service, of a one-shot container the service it writes files for; else the container's name. */
  service: string;
  isService: boolean;
  /** Writes a service's files, with no network, and exits. */
  oneShot: boolean;
  environment: string;
  segment: string;
  inputs: Partial<ContainerInputs>;
  lifts: readonly Lift[];
  exceptions: readonly Exception[];
  route: Route | undefined;
  metrics: { port: number } | undefined;
  lifecycle: { status: string; successor?: string; note?: string } | undefined;
  dependsOn: readonly string[];
  /** Names of the containers whose network namespace it may join. */
  namespaces: readonly string[];
}

export function containerOf(declared: DeclaredResource): Container {
  const { base, plain: inputs } = baseOf<ContainerInputs>(declared);
  const { labels } = base;
  const broken = unreadable(labels);
  const json = <Of>(label: string) => (broken.includes(label) ? undefined : labelJson<Of>(labels, label));
  return {
    ...base,
    kind: "container",
    service: labels["ums.service"] ?? labels["ums.seeds"] ?? base.name,
    isService: labels["ums.service"] !== undefined,
    oneShot:
      labels["ums.seeds"] !== undefined &&
      inputs.mustRun === false &&
      inputs.networkMode === "none" &&
      inputs.restart === "no" &&
      (inputs.ports ?? []).length === 0 &&
      (inputs.networksAdvanced ?? []).length === 0,
    // What says nothing is judged as production.
    environment: labels["ums.environment"] ?? "production",
    segment: labels["ums.segment"] ?? "",
    inputs,
    lifts: liftsOf(labels),
    exceptions: exceptionsOf(labels),
    route: json("ums.route"),
    metrics: json("ums.metrics"),
    lifecycle: json("ums.lifecycle"),
    dependsOn: declared.dependsOn.map(({ name }) => name),
    namespaces: declared.namespaces ?? plannedNamespace(inputs.networkMode),
  };
}

/** In a planned program a container's id is its resource name and a fingerprint. */
function plannedNamespace(networkMode: string | undefined): string[] {
  const name = /^container:(.+)-[0-9a-f]{16}$/.exec(networkMode ?? "")?.[1];
  return name === undefined ? [] : [name];
}

export function isLifted({ lifts }: Container, privilege: string, value?: string): boolean {
  return lifts.some((lift) => lift.privilege === privilege && lift.value === value);
}

/** Every path of the host that the container mounts, those of volumes that a mount makes among them. */
export function hostPaths({ inputs }: Container): { source: string; target: string; readOnly: boolean }[] {
  return [
    ...(inputs.mounts ?? []).flatMap(
      ({ type, source: path = "", target = "", readOnly = false, volumeOptions }) => {
        const source =
          type === "bind" ? path : folderOf(volumeOptions?.driverName, volumeOptions?.driverOptions);
        return source === undefined ? [] : [{ source, target, readOnly }];
      },
    ),
    ...(inputs.volumes ?? []).flatMap(({ hostPath, containerPath = "", readOnly = false }) =>
      hostPath === undefined ? [] : [{ source: hostPath, target: containerPath, readOnly }],
    ),
  ].map((mount) => ({ ...mount, source: normal(mount.source) }));
}

/** A path without doubled or closing slashes, `.` and `..`. */
export function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Processors it may use; undefined without a limit. */
export function processors({ inputs }: Container): number | undefined {
  if (inputs.cpus !== undefined && Number(inputs.cpus) > 0) return Number(inputs.cpus);
  if (inputs.cpuQuota === undefined || inputs.cpuQuota <= 0) return undefined;
  return inputs.cpuQuota / (inputs.cpuPeriod ?? 100_000);
}

/** `registry/repository:tag@digest` in its parts. */
export function imageParts(image: string): {
  registry: string;
  repository: string;
  tag: string;
  digest: string;
} {
  const [reference = "", digest = ""] = image.split("@");
  const colon = reference.lastIndexOf(":");
  const tagged = colon > reference.lastIndexOf("/");
  const path = tagged ? reference.slice(0, colon) : reference;
  const first = path.split("/")[0] ?? "";
  const named = path.includes("/") && (/[.:]/.test(first) || first === "localhost");
  return {
    registry: named ? first : "",
    repository: path,
    tag: tagged ? reference.slice(colon + 1) : "",
    digest,
  };
}
