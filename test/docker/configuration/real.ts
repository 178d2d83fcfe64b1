import { dirname } from "node:path";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { buildRealImage, whyNotReal } from "../../../rehearsal/real/build.ts";
import type { RealProgram } from "../../../rehearsal/real/program.ts";
import { demultiplex, isMissing } from "../../../targets/docker/host.ts";
import { docker, root } from "../harness.ts";

export type { RealProgram } from "../../../rehearsal/real/program.ts";
export { realProgram } from "../../../rehearsal/real/programs.ts";

/** Label of everything made here, besides the test's own. */
const label = "ums.stack";

/** Why a program cannot be had here; empty when it can. For `describe.skipIf(await noReal(program))`. */
export async function noReal(program: RealProgram): Promise<string> {
  const noDocker = await docker.ping().then(
    () => undefined,
    () => "no Docker engine answers",
  );
  return noDocker ?? (await whyNotReal(root, program, docker)) ?? "";
}

interface Files {
  files: ReadonlyMap<string, string>;
  /** uid or uid:gid; the files are this user's alone. Default 65534:65534. */
  user?: string;
  /** Folders in memory besides /tmp, each with the user as its owner. */
  tmpfs?: string[];
  /** Path in the container to the name of a volume, made where it is missing and given to the user. */
  volumes?: Record<string, string>;
  environment?: Record<string, string>;
  /** Run a small init as process 1. */
  init?: boolean;
  /** What its record lifts: capabilities, kernel settings, and devices of the host. */
  lifted?: { capabilities?: string[]; sysctls?: Record<string, string>; devices?: string[] };
}

/**
 * Runs a real program's own checker once in a container without network, files at their paths; hardened as its record
 * says. `command` replaces the entry point too.
 */
export async function runOnce(
  program: RealProgram,
  options: Files & { command: string[] },
): Promise<{ exitCode: number; output: string }> {
  return running(program, { ...options, name: undefined, test: "runOnce" }, async (container) => {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    return { exitCode: StatusCode, output: await logsOf(container) };
  });
}

export interface RunningProgram {
  /** Name of the container, under which others on the network reach it too. */
  name: string;
  /** Its address on the network. */
  address: string;
  /** Runs a command in it, as its user. */
  exec(command: string[]): Promise<{ exitCode: number; output: string }>;
  logs(): Promise<string>;
  isRunning(): Promise<boolean>;
  /** Stops it as its image says, and removes it with its files. */
  stop(): Promise<void>;
}

/** Starts one as a daemon on a network of the test: of `makeNetwork`. Without a command it runs as its image says. */
export async function startReal(
  program: RealProgram,
  options: Files & { name: string; network: string; command?: string[] },
): Promise<RunningProgram> {
  const { container, dispose } = await create(program, { ...options, test: options.network });
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const address = NetworkSettings.Networks[options.network]?.IPAddress ?? "";
    return {
      name: options.name,
      address,
      exec: (command) => execIn(container, command),
      logs: () => logsOf(container),
      isRunning: async () => (await container.inspect()).State.Running,
      stop: async () => {
        await container.stop({ t: 60 }).catch(notModified);
        await dispose();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** An internal network for a test; what is left of an earlier run of the same test is removed first. */
export async function makeNetwork(name: string): Promise<void> {
  await removeTest(name);
  await docker.createNetwork({ Name: name, Internal: true, Labels: { [label]: name } });
}

/** Removes all containers, volumes and networks of a test. */
export async function removeTest(name: string): Promise<void> {
  const filters = JSON.stringify({ label: [`${label}=${name}`] });
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true, v: true });
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
}

interface Started extends Files {
  name: string | undefined;
  test: string;
  network?: string;
  command?: string[];
}

async function running<T>(
  program: RealProgram,
  options: Started & { command: string[] },
  work: (container: Docker.Container) => Promise<T>,
): Promise<T> {
  const [entry = "", ...rest] = options.command;
  const { container, dispose } = await create(program, { ...options, command: rest }, [entry]);
  try {
    return await work(container);
  } finally {
    await dispose();
  }
}

/** A container that is not started, its files in place. */
async function create(program: RealProgram, options: Started, entrypoint?: string[]) {
  const image = await buildRealImage(root, program, () => {}, docker);
  const { user = "65534:65534", test, tmpfs = [], volumes = {}, environment = {}, lifted = {} } = options;
  const [uid = 0, gid = uid] = user.split(":").map(Number);
  const made: Docker.Volume[] = [];
  const labels = { [label]: test };
  const dispose = async (container?: Docker.Container) => {
    await container?.remove({ force: true, v: true });
    for (const volume of made) await volume.remove();
  };
  try {
    const mounts: Docker.MountSettings[] = [];
    for (const folder of topFolders([...options.files.keys()])) {
      const volume = await docker.createVolume({ Labels: labels });
      made.push(volume);
      await fill(image, volume.name, { folder, files: options.files, uid, gid });
      mounts.push(mount(volume.name, folder, true));
    }
    for (const [path, name] of Object.entries(volumes)) {
      if (await isNew(name)) {
        await docker.createVolume({ Name: name, Labels: labels });
        await fill(image, name, { folder: path, files: new Map(), uid, gid });
      }
      mounts.push(mount(name, path, false));
    }
    const container = await docker.createContainer({
      ...(options.name === undefined ? {} : { name: options.name }),
      Image: image,
      ...(entrypoint ? { Entrypoint: entrypoint } : {}),
      ...(options.command ? { Cmd: options.command } : {}),
      User: `${uid}:${gid}`,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      Labels: labels,
      HostConfig: {
        NetworkMode: options.network ?? "none",
        ReadonlyRootfs: true,
        Init: options.init === true,
        CapDrop: ["ALL"],
        CapAdd: lifted.capabilities ?? [],
        Sysctls: lifted.sysctls ?? {},
        Devices: (lifted.devices ?? []).map((path) => ({
          PathOnHost: path,
          PathInContainer: path,
          CgroupPermissions: "rwm",
        })),
        SecurityOpt: ["no-new-privileges"],
        Memory: 1024 ** 3,
        MemorySwap: 1024 ** 3,
        PidsLimit: 512,
        Mounts: mounts,
        Tmpfs: Object.fromEntries(
          ["/tmp", ...tmpfs].map((path) => [path, `rw,noexec,nosuid,nodev,size=64m,uid=${uid},gid=${gid}`]),
        ),
      },
    });
    return { container, dispose: () => dispose(container) };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const mount = (source: string, target: string, readOnly: boolean): Docker.MountSettings => ({
  Type: "volume",
  Source: source,
  Target: target,
  ReadOnly: readOnly,
  VolumeOptions: { NoCopy: true } as Docker.MountSettings["VolumeOptions"] & object,
});

async function isNew(volume: string): Promise<boolean> {
  return docker
    .getVolume(volume)
    .inspect()
    .then(
      () => false,
      (error: unknown) => {
        if (isMissing(error)) return true;
        throw error;
      },
    );
}

/** Folders of the files, without those inside another one of them. */
function topFolders(paths: readonly string[]): string[] {
  const folders = [...new Set(paths.map((path) => dirname(path)))].sort();
  return folders.filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)));
}

/** Puts files below a folder into the volume that is to be mounted there, through a container that never starts. */
async function fill(
  image: string,
  volume: string,
  content: { folder: string; files: ReadonlyMap<string, string>; uid: number; gid: number },
): Promise<void> {
  const { folder, files, uid, gid } = content;
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["none"],
    HostConfig: { NetworkMode: "none", Mounts: [mount(volume, "/volume", false)] },
  });
  try {
    const archive = pack();
    const own = (name: string) => archive.entry({ name, type: "directory", mode: 0o755, uid, gid });
    own("volume");
    const inside = [...files]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, text]) => [path.slice(folder.length + 1), text] as const);
    const folders = new Set(inside.flatMap(([name]) => parents(name)));
    for (const name of [...folders].sort()) own(`volume/${name}`);
    for (const [name, text] of inside) archive.entry({ name: `volume/${name}`, mode: 0o400, uid, gid }, text);
    archive.finalize();
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/" });
  } finally {
    await container.remove({ force: true });
  }
}

/** Folders a relative path is in: a/b of a/b/c, and a. */
function parents(name: string): string[] {
  const parent = dirname(name);
  return parent === "." ? [] : [parent, ...parents(parent)];
}

/** Runs a command in a running container, as its user: both of its outputs as one. */
export async function execIn(
  container: Docker.Container,
  command: string[],
): Promise<{ exitCode: number; output: string }> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? -1, output: demultiplex(Buffer.concat(chunks)) };
}

async function logsOf(container: Docker.Container): Promise<string> {
  const raw = (await container.logs({ stdout: true, stderr: true })) as unknown as Buffer;
  return demultiplex(raw);
}

/** A container that has stopped already is as stopped as can be. */
function notModified(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode !== 304) throw error;
}
