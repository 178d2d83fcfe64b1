import type { ContainerInputs } from "../../compose/render.ts";
import { fingerprintLabel } from "../../docker/seed.ts";
import { type Fact, factOfEach, factsOf, variablesOf } from "../fact.ts";
import { withoutCompose } from "../finding.ts";
import type { InspectedContainer } from "../inspected.ts";
import {
  capability,
  commandOf,
  deviceRequest,
  endpointOf,
  healthOf,
  hostPort,
  memoryOf,
  mountOf,
  pairsOf,
  restartPolicy,
  securityOption,
  setOf,
  shortId,
  signal,
  tmpfsOf,
} from "../words.ts";
import { nameOf, networkOf, ownNetworks, type Scene } from "./scene.ts";

/** What runs, in the words of the declaration. The inputs tell what of it was declared at all. */
export function runningContainer(
  running: InspectedContainer,
  inputs: ContainerInputs,
  scene: Scene,
): Map<string, Fact> {
  const { Config, HostConfig, State } = running;
  const { limits } = scene;
  return factsOf([
    ["state", State.Status === "exited" ? `exited ${State.ExitCode}` : State.Status],
    ["image", image(running, inputs.image, scene.referenceNow)],
    ["entrypoints", commandOf(Config.Entrypoint)],
    ["command", commandOf(Config.Cmd)],
    ["user", Config.User],
    ["workingDir", Config.WorkingDir],
    ["groupAdds", setOf(HostConfig.GroupAdd)],
    ["readOnly", String(HostConfig.ReadonlyRootfs === true)],
    ["init", String(HostConfig.Init === true)],
    ["privileged", String(HostConfig.Privileged === true)],
    ["capabilities.adds", setOf(HostConfig.CapAdd?.map(capability))],
    ["capabilities.drops", setOf(HostConfig.CapDrop?.map(capability))],
    ["securityOpts", setOf(HostConfig.SecurityOpt?.map(securityOption))],
    ["memory", limits.memory ? memoryOf(HostConfig.Memory) : undefined],
    ["memorySwap", limits.swap ? memoryOf(HostConfig.MemorySwap) : undefined],
    ["cpuPeriod", limits.cpu ? String(HostConfig.CpuPeriod ?? 0) : undefined],
    ["cpuQuota", limits.cpu ? String(HostConfig.CpuQuota ?? 0) : undefined],
    ["cpus", HostConfig.NanoCpus ? String(HostConfig.NanoCpus / 1e9) : undefined],
    ["restart", restartPolicy(HostConfig.RestartPolicy?.Name, HostConfig.RestartPolicy?.MaximumRetryCount)],
    ["logDriver", HostConfig.LogConfig?.Type],
    ["logOpts", pairsOf(HostConfig.LogConfig?.Config)],
    ["stopTimeout", typeof Config.StopTimeout === "number" ? `${Config.StopTimeout} s` : undefined],
    ["stopSignal", signal(Config.StopSignal)],
    ["deviceRequests", setOf(deviceRequests(running))],
    ["networkMode", networkMode(running, scene)],
    ["pidMode", HostConfig.PidMode],
    ["ipcMode", HostConfig.IpcMode === "private" ? undefined : HostConfig.IpcMode],
    ["utsMode", HostConfig.UTSMode],
    ["usernsMode", HostConfig.UsernsMode],
    // Docker hides parts of /proc and /sys, or, told not to, none.
    ["systemPaths", HostConfig.MaskedPaths?.length && HostConfig.ReadonlyPaths?.length ? "" : "unconfined"],
    ...neverDeclared(HostConfig),
    ...healthOf(Config.Healthcheck),
    ...mounts(running, scene),
    ...Object.entries(HostConfig.Tmpfs ?? {}).map(
      ([path, options]) => [`tmpfs ${path}`, tmpfsOf(options)] as const,
    ),
    ...(HostConfig.Devices ?? []).map(
      ({ PathOnHost, PathInContainer, CgroupPermissions }) =>
        [`device ${PathInContainer}`, `${PathOnHost} ${CgroupPermissions}`] as const,
    ),
    ...factOfEach("sysctl", HostConfig.Sysctls),
    ...Object.entries(HostConfig.PortBindings ?? {}).map(
      ([port, bindings]) =>
        [`port ${port}`, setOf(bindings?.map(({ HostIp, HostPort }) => hostPort(HostIp, HostPort)))] as const,
    ),
    ...networks(running),
    ...variables(Config.Env, inputs.envs),
    ...labels(running, inputs, scene),
  ]);
}

function image({ Config, Image }: InspectedContainer, declared: string, now: string | undefined): string {
  if (Config.Image !== declared || now === undefined || now === Image) return Config.Image;
  return `${shortId(Image)}, while ${Config.Image} is ${shortId(now)}`;
}

function deviceRequests({ HostConfig }: InspectedContainer): string[] {
  return (HostConfig.DeviceRequests ?? []).map(({ Driver, Count, DeviceIDs, Capabilities }) =>
    deviceRequest({
      driver: Driver,
      count: Count,
      ids: DeviceIDs ?? [],
      capabilities: (Capabilities ?? []).flat(),
    }),
  );
}

function networkMode({ HostConfig, State }: InspectedContainer, scene: Scene): string {
  const mode = HostConfig.NetworkMode ?? "";
  if (mode === "none" || mode === "host") return mode;
  if (!mode.startsWith("container:")) return ownNetworks;
  const identity = mode.slice("container:".length);
  const owner = scene.runningContainer(identity);
  if (!owner) return networkOf(`${shortId(identity)}, which is not there`);
  const stale = owner.State.Running && Date.parse(State.StartedAt) < Date.parse(owner.State.StartedAt);
  return networkOf(`${nameOf(owner)}${stale ? " before its restart, which is gone" : ""}`);
}

/** Docker makes an anonymous volume, named by 64 digits, for each of the image's that nothing is mounted on. */
function mounts({ Mounts }: InspectedContainer, { image: of }: Scene): [string, string][] {
  const anonymous = of?.Config.Volumes ?? {};
  return Mounts.filter(
    ({ Type, Name = "", Destination }) =>
      !(Type === "volume" && Destination in anonymous && /^[0-9a-f]{64}$/.test(Name)),
  ).map(({ Type, Name = "", Source, Destination, RW }) => [
    `mount ${Destination}`,
    mountOf(Type, Type === "volume" ? Name : Source, !RW),
  ]);
}

/** Docker's and Compose's own aliases are the container's name and short id; the pseudo networks are the mode's. */
function networks(running: InspectedContainer): [string, string][] {
  const own = new Set([nameOf(running), shortId(running.Id)]);
  return Object.entries(running.NetworkSettings.Networks ?? {})
    .filter(([name]) => name !== "none" && name !== "host")
    .map(([name, { IPAMConfig, Aliases }]) => [
      `network ${name}`,
      endpointOf(
        IPAMConfig?.IPv4Address,
        (Aliases ?? []).filter((alias) => !own.has(alias)),
      ),
    ]);
}

/** Nobody knows whether the value of a variable that was never declared is a secret, so none is shown. */
function variables(
  lines: readonly string[] | null | undefined,
  declared: readonly string[] | undefined,
): [string, Fact][] {
  const known = new Set(variablesOf(declared).map(([property]) => property));
  return variablesOf(lines).map(([property, { text }]) => [
    property,
    known.has(property) ? { text } : { text, shown: "a value that is not shown" },
  ]);
}

/** A label that holds a container's identity says its name. */
function labels({ Config }: InspectedContainer, inputs: ContainerInputs, scene: Scene): [string, Fact][] {
  const noted = inputs.mustRun === false ? fingerprintLabel : undefined;
  return Object.entries(withoutCompose(Config.Labels))
    .filter(([label]) => label !== noted)
    .map(([label, value]) => {
      const named = scene.runningContainer(value);
      return [`label ${label}`, { text: named ? nameOf(named) : value }];
    });
}

/** Settings the program has no input for, so that they are Docker's defaults: absent, empty, 0 or -1. */
const settings = {
  autoRemove: "AutoRemove",
  blkioWeight: "BlkioWeight",
  cgroupParent: "CgroupParent",
  cpuSet: "CpusetCpus",
  cpuSetMems: "CpusetMems",
  cpuShares: "CpuShares",
  deviceCgroupRules: "DeviceCgroupRules",
  dns: "Dns",
  dnsOpts: "DnsOptions",
  dnsSearches: "DnsSearch",
  hosts: "ExtraHosts",
  links: "Links",
  memoryReservation: "MemoryReservation",
  oomKillDisable: "OomKillDisable",
  oomScoreAdj: "OomScoreAdj",
  pidsLimit: "PidsLimit",
  publishAllPorts: "PublishAllPorts",
} as const;

function neverDeclared(host: InspectedContainer["HostConfig"]): [string, string][] {
  return Object.entries(settings).flatMap(([property, key]): [string, string][] => {
    const value = host[key];
    if (!value || value === -1 || (Array.isArray(value) && value.length === 0)) return [];
    return [[property, Array.isArray(value) ? setOf(value.map(String)) : String(value)]];
  });
}
