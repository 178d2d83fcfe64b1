import type * as docker from "@pulumi/docker";
import { containerName } from "../../stacks/containerName.ts";
import type { Link, Service } from "../../stacks/platform.ts";
import { gpuArguments } from "../gpu/gpuDevice.ts";
import { linkNetworkName } from "../network/link.ts";
import { segmentNetworkName } from "../network/segment.ts";
import type { SeedingPlan } from "../storage/seeding.ts";

/** What a container's arguments are made from, besides the service itself. */
export interface ContainerContext {
  stack: string;
  /** Links with an end in this service's network namespace. */
  links: readonly Link[];
  seeding: SeedingPlan | undefined;
}

/** Microseconds in which `cpuQuota` counts. Unlike `cpus`, a quota may exceed the processors of the machine. */
const cpuPeriod = 100_000;

/** A container's arguments as far as they are plain values, which policies and previews can read. */
export type PlainContainerArgs = ReturnType<typeof containerArguments>;

/**
 * The container of a service: non-root, read-only root, no capabilities, no new privileges, limited memory without
 * swap, limited processors, rotated logs. Only what the record lifts differs. Lists are sorted, so equal input gives
 * equal arguments.
 */
export function containerArguments(service: Service, context: ContainerContext) {
  const { stack } = context;
  const lifted = privilegesOf(service);
  const gpu = service.gpu ? gpuArguments(service.gpu) : {};
  const networks = service.through === undefined ? networksOf(service, context) : [];
  const devices = [
    ...lifted.devices.map((path) => ({ hostPath: path, containerPath: path, permissions: "rwm" })),
    ...(gpu.devices ?? []),
  ];
  const groups = [...service.user.groups.map(String), ...(gpu.groupAdds ?? [])];
  return {
    name: containerName(stack, service.name),
    image: service.image.reference,
    ...(service.entrypoint ? { entrypoints: [...service.entrypoint] } : {}),
    ...(service.command ? { command: [...service.command] } : {}),
    user: `${service.user.uid}:${service.user.gid}`,
    ...(groups.length > 0 ? { groupAdds: groups } : {}),
    readOnly: !lifted.writableRoot,
    init: service.init,
    capabilities: {
      drops: ["ALL"],
      ...(lifted.capabilities.length > 0 ? { adds: lifted.capabilities } : {}),
    },
    securityOpts: lifted.newPrivileges ? [] : ["no-new-privileges:true"],
    memory: service.limits.memory,
    memorySwap: service.limits.memory,
    cpuPeriod,
    cpuQuota: Math.round(service.limits.cpus * cpuPeriod),
    restart: "unless-stopped",
    logDriver: "json-file",
    logOpts: { "max-file": "3", "max-size": "10m" },
    stopTimeout: service.stop.grace,
    destroyGraceSeconds: service.stop.grace,
    ...(service.stop.signal === undefined ? {} : { stopSignal: service.stop.signal }),
    mounts: mountsOf(service, context),
    tmpfs: tmpfsOf(service),
    ...(devices.length > 0 ? { devices } : {}),
    ...(gpu.deviceRequests ? { deviceRequests: gpu.deviceRequests } : {}),
    ...(Object.keys(lifted.sysctls).length > 0 ? { sysctls: lifted.sysctls } : {}),
    ...(networks.length > 0 ? { networksAdvanced: networks } : {}),
    ...(service.publish.length > 0
      ? {
          ports: service.publish.map((port) => ({
            internal: port.port,
            external: port.host,
            ip: port.address,
            protocol: port.protocol,
          })),
        }
      : {}),
    ...(service.health.command === null
      ? {}
      : { healthcheck: healthcheck(service.health, service.health.command) }),
  } satisfies docker.ContainerArgs;
}

interface Privileges {
  capabilities: string[];
  devices: string[];
  hostMounts: { source: string; target: string; readOnly: boolean }[];
  sysctls: Record<string, string>;
  writableRoot: boolean;
  newPrivileges: boolean;
}

function privilegesOf({ lifted }: Service): Privileges {
  const privileges: Privileges = {
    capabilities: [],
    devices: [],
    hostMounts: [],
    sysctls: {},
    writableRoot: false,
    newPrivileges: false,
  };
  for (const lift of lifted) {
    switch (lift.privilege) {
      case "capability":
        privileges.capabilities.push(`CAP_${lift.value}`);
        break;
      case "device":
        privileges.devices.push(lift.value);
        break;
      case "host-mount":
        privileges.hostMounts.push({
          source: lift.value,
          target: lift.path,
          readOnly: lift.access === "read",
        });
        break;
      case "sysctl": {
        const [name = "", ...value] = lift.value.split("=");
        privileges.sysctls[name] = value.join("=");
        break;
      }
      case "writable-root":
        privileges.writableRoot = true;
        break;
      case "new-privileges":
        privileges.newPrivileges = true;
        break;
      case "root-user":
      case "tmpfs-exec":
        break;
    }
  }
  privileges.capabilities.sort();
  privileges.devices.sort();
  return privileges;
}

function networksOf(service: Service, { stack, links }: ContainerContext) {
  const segments = service.addresses.map(({ segment, address }) => ({
    name: segmentNetworkName(stack, segment),
    ipv4Address: address,
    aliases: [] as string[],
  }));
  const ends = links.map((link) => {
    const provides = link.providerHost === service.name;
    return {
      name: linkNetworkName(stack, link),
      ipv4Address: provides ? link.providerAddress : link.consumerAddress,
      aliases: provides ? [link.provider, ...(link.hosts ?? [])] : [],
    };
  });
  return [...segments, ...ends].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Docker fills an empty volume from the image, owner included, unless told not to. That is said only where it matters,
 * for real images: the provider refuses volume options on engines before 26 (API 1.45), even when it sets no subpath.
 */
function mountsOf(service: Service, { seeding }: ContainerContext) {
  const data = service.mounts.map((mount) => ({
    type: "volume",
    source: mount.volume,
    target: mount.path,
    readOnly: mount.readOnly,
    ...(mount.copyImageContent ? {} : { volumeOptions: { noCopy: true } }),
  }));
  const files = (seeding?.folders ?? []).map((folder) => ({
    type: "volume",
    source: folder.volume,
    target: folder.path,
    readOnly: true,
  }));
  const host = privilegesOf(service).hostMounts.map((mount) => ({ type: "bind", ...mount }));
  return [...data, ...files, ...host].sort((a, b) => (a.target < b.target ? -1 : 1));
}

function tmpfsOf(service: Service): Record<string, string> {
  const { uid, gid } = service.owner;
  return Object.fromEntries(
    service.tmpfs.map(({ path, size, exec }) => [
      path,
      `rw,nosuid,nodev,${exec ? "exec" : "noexec"},size=${size}m,mode=0770,uid=${uid},gid=${gid}`,
    ]),
  );
}

function healthcheck(health: Service["health"], command: readonly string[]) {
  return {
    tests: ["CMD", ...command],
    interval: goDuration(health.interval),
    timeout: goDuration(5),
    startPeriod: goDuration(health.startPeriod),
    retries: health.retries,
    ...(health.startInterval === undefined ? {} : { startInterval: goDuration(health.startInterval) }),
  };
}

/** Seconds as Go prints a duration: what the provider reads back. */
export function goDuration(seconds: number): string {
  if (seconds === 0) return "0s";
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
