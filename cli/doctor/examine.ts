import { existsSync } from "node:fs";
import { release, totalmem } from "node:os";
import { findCompiler, hasStandinImage } from "../../rehearsal/build.ts";
import { standinImage } from "../../rehearsal/image.ts";
import type { Platform } from "../../stacks/platform.ts";
import { findCompose } from "../../targets/compose/client.ts";
import { stackContainers } from "../../targets/docker/host.ts";
import { isFree, takenSubnets } from "../../targets/docker/preflight.ts";
import { neighbourLimit } from "../../targets/verify/neighbours.ts";
import { findPulumi } from "../engines/pulumi.ts";
import { root, type Session } from "../session.ts";
import { type Check, names } from "./check.ts";
import { cgroupLimits, dockerEngine, isThisMachine } from "./engine.ts";
import { hostMemory, liftedDevice, nvidiaGpu, renderGpu } from "./hardware.ts";
import {
  addressPools,
  bridgeFilter,
  bridgeSwitch,
  type HostPort,
  neighbourTable,
  publishedPorts,
  routesOf,
} from "./network.ts";
import * as read from "./read.ts";
import { type BindFolder, diskSpace, mountPointsOf, oneFilesystem, storageFolders } from "./storage.ts";
import { dockerCompose, nodeVersion, pulumiCli, standin } from "./tools.ts";

type AnsweringEngine = Extract<read.AskedEngine, { answers: true }>;
type Looked = Check | Promise<Check>;

const mebibyte = 1024 * 1024;

/** Everything the stack needs of this machine and its Docker engine. Reads only; nothing it does not find stops it. */
export async function examine({ loaded, state }: Session): Promise<Check[]> {
  const { platform, config } = loaded;
  const [engine, compose, pulumi] = await Promise.all([read.askEngine(), findCompose(), findPulumi()]);
  const last = state.readSnapshot()?.engine;
  const tools = { ...(compose && { compose }), ...(pulumi && { pulumi }), ...(last && { last }) };
  const host = process.env.DOCKER_HOST;
  const kernels = engine.answers ? { engine: engine.info.KernelVersion, here: release() } : undefined;
  const local = isThisMachine(host, kernels);

  const asked = (name: string, look: (engine: AnsweringEngine) => Looked): Promise<Check> =>
    engine.answers ? attempt(name, () => look(engine)) : skipped(name, "the Docker engine does not answer");
  const here = (name: string, look: () => Looked): Promise<Check> =>
    local ? attempt(name, look) : skipped(name, "the Docker engine is on another machine: run doctor there");
  const both = (name: string, look: (engine: AnsweringEngine) => Looked): Promise<Check> =>
    here(name, () => asked(name, look));

  const { vendor, renderGroup = 0 } = config.platform.gpu;
  const real = platform.images === "real";
  const devices = devicesOf(platform.services);
  const folders = foldersOf(platform.volumes);
  const shared = folders.filter((folder) => folder.media && folder.shared).map(({ path }) => path);

  return Promise.all([
    nodeVersion(process.versions.node),
    dockerEngine(engine),
    dockerCompose(tools),
    pulumiCli(tools),
    ...(real ? [] : [attempt(names.standin, () => standinOf(engine))]),
    asked(names.limits, ({ info }) => cgroupLimits(info)),
    here(names.bridge, () => bridgeFilter(read.textOf(bridgeSwitch))),
    here(names.neighbours, () => neighbourTable(platform, read.textOf(neighbourLimit))),
    both(names.pools, async ({ docker }) => {
      const routes = routesOf(read.textOf("/proc/net/route") ?? "");
      return addressPools(platform, await takenSubnets(docker, platform.stack), routes, config.file);
    }),
    both(names.ports, async (engine) => publishedPorts(await hostPorts(engine, platform), config.file)),
    both(names.disk, ({ info }) => diskSpace(info.DockerRootDir, read.freeBytes(info.DockerRootDir))),
    attempt(names.memory, () => {
      const bytes = engine.answers ? engine.info.MemTotal : local ? totalmem() : undefined;
      if (bytes === undefined) return skipped(names.memory, "the Docker engine does not answer");
      const limits = platform.services.map(({ name, limits }) => ({ name, memory: limits.memory }));
      return hostMemory(limits, Math.floor(bytes / mebibyte), { images: platform.images, file: config.file });
    }),
    ...(real && vendor === "nvidia"
      ? [asked(names.gpu, ({ info }) => nvidiaGpu(info, (info.CDISpecDirs ?? []).flatMap(read.namesIn)))]
      : []),
    ...(real && (vendor === "intel" || vendor === "amd")
      ? [here(names.gpu, () => renderGpu({ vendor, renderGroup }, read.renderDevices(), config.file))]
      : []),
    ...[...devices].map(([path, services]) =>
      here(path, () => liftedDevice(path, services, existsSync(path))),
    ),
    ...(folders.length > 0 ? [here(names.folders, () => storageFolders(folders.map(asTheyAre)))] : []),
    ...(shared.length > 0 ? [here(names.filesystem, () => filesystemOf(shared))] : []),
  ]);
}

async function skipped(name: string, why: string): Promise<Check> {
  return { name, state: "skipped", found: why };
}

/** A check that cannot be made says so; the others go on. */
async function attempt(name: string, look: () => Looked): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    return { name, state: "warning", found: `could not be checked: ${reason}` };
  }
}

async function standinOf(engine: read.AskedEngine): Promise<Check> {
  const [present, compiler] = await Promise.all([
    engine.answers && hasStandinImage(root, engine.docker),
    findCompiler(),
  ]);
  if (!engine.answers && compiler === undefined)
    return skipped(names.standin, "the Docker engine does not answer");
  return standin({ image: standinImage(root), present, compiler });
}

/** The stack's host ports. One held by a running service of the stack is the stack's own. */
async function hostPorts({ docker }: AnsweringEngine, { stack, services }: Platform): Promise<HostPort[]> {
  const containers = await stackContainers(docker, stack);
  const running = new Set(containers.flatMap(({ service, state }) => (state === "running" ? [service] : [])));
  return Promise.all(
    services.flatMap(({ name, publish }) =>
      publish.map(async ({ host, address, protocol }): Promise<HostPort> => {
        const port = { service: name, host, protocol };
        if (running.has(name)) return { ...port, state: "ours" };
        const free = await (protocol === "udp" ? read.isFreeUdp : isFree)(address, host);
        return { ...port, state: free ? "free" : "taken" };
      }),
    ),
  );
}

/** Services by the host device they are given, sorted by device. */
function devicesOf(services: Platform["services"]): Map<string, string[]> {
  const devices = new Map<string, string[]>();
  for (const { name, lifted } of services) {
    for (const lift of lifted) {
      if (lift.privilege === "device") devices.set(lift.value, [...(devices.get(lift.value) ?? []), name]);
    }
  }
  return new Map([...devices].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Folder {
  path: string;
  owner: { uid: number; gid: number };
  media: boolean;
  shared: boolean;
}

/** Folders of the host that volumes are kept in, parents before children. */
function foldersOf(volumes: Platform["volumes"]): Folder[] {
  const folders = new Map<string, Folder>();
  for (const { placement, class: kind, owner, shared } of volumes) {
    if (placement.kind !== "bind") continue;
    const { path } = placement;
    folders.set(path, { path, owner, media: kind === "media", shared });
  }
  return [...folders.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function asTheyAre({ path, owner }: Folder): BindFolder {
  return { path, owner, is: read.kindOf(path) };
}

function filesystemOf(paths: readonly string[]): Looked {
  const there = paths.filter((path) => read.kindOf(path) === "folder");
  if (there.length === 0) return skipped(names.filesystem, "its folder is missing");
  return oneFilesystem(
    there.map(read.sharedFolder),
    mountPointsOf(read.textOf("/proc/self/mountinfo") ?? ""),
  );
}
