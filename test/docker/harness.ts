import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { execa } from "execa";
import { extract, pack } from "tar-stream";
import { stringify } from "yaml";
import { standinImage } from "../../rehearsal/image.ts";
import { removeSeededVolumes, removeStack } from "../../targets/docker/converge.ts";
import { stackContainers, stackVolumes } from "../../targets/docker/host.ts";
import { inParallel } from "../../targets/inParallel.ts";

export const root = join(import.meta.dirname, "..", "..");
export const docker = new Docker();

/** Of the secrets of every test stack. */
export const passphrase = "a test passphrase";

export interface Run {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** What a test stack's config may say besides its defaults. */
export interface StackSettings {
  /** Of itself development. */
  environment?: "development" | "staging" | "production";
  include: "all" | string[];
  /** Second octet of its pools, so that stacks do not meet: segments 10.x.0.0/16, links 10.(x+2).0.0/15; even. */
  octet: number;
  offset: number;
  catalogs?: string[];
  overrides?: Record<string, unknown>;
  logs?: Record<string, unknown>;
  access?: Record<string, unknown>;
  /** Services that run as real programs. */
  real?: "all" | string[];
  backup?: Record<string, unknown>;
}

/** Ports of the host that something listens on; none where the kernel does not list them. */
function listening(): Set<number> {
  const ports = new Set<number>();
  for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
    const file = `/proc/net/${table}`;
    if (!existsSync(file)) continue;
    for (const line of readFileSync(file, "utf8").trim().split("\n").slice(1)) {
      const [, local = "", remote = ""] = line.trim().split(/\s+/);
      if (remote.endsWith(":0000")) ports.add(Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));
    }
  }
  return ports;
}

/** The first offset from `wanted` on at which the gateway's and WireGuard's ports are free: another program's port is no fault of a stack. */
function freeOffset(wanted: number): number {
  const taken = listening();
  let offset = wanted;
  while ([80, 443, 51820, 51821].some((port) => taken.has(port + offset))) offset += 10;
  return offset;
}

/** One test stack: its own name, config file, state and passphrase; everything is gone after `dispose`. */
export class TestStack {
  readonly home = mkdtempSync(join(tmpdir(), "ums-test-"));
  readonly file = join(this.home, "stack.yaml");
  /** What is added to the ports that its gateway publishes. */
  readonly offset: number;

  constructor(
    readonly name: string,
    settings: StackSettings,
    readonly engine: "compose" | "pulumi",
  ) {
    this.offset = freeOffset(settings.offset);
    this.configure(settings);
  }

  configure({
    environment = "development",
    include,
    octet,
    catalogs = [],
    overrides = {},
    logs = {},
    access = {},
    real = [],
    backup = {},
  }: StackSettings): void {
    const platform = {
      environment,
      images: "rehearsal",
      domain: "media.localhost",
      services: { include },
      catalogs,
      network: { segments: `10.${octet}.0.0/16`, links: `10.${octet + 2}.0.0/15` },
      publish: { address: "127.0.0.1", offset: this.offset },
      budget: { memory: 131072, cpus: 16 },
      // Each probe is a process that the engine starts: those of sixty services every few seconds fill two cores.
      health: include === "all" ? { interval: 30, waitedInterval: 5 } : { interval: 10, waitedInterval: 2 },
      overrides,
      logs,
      access,
      real,
      backup,
    };
    writeFileSync(this.file, stringify({ config: { "ums:platform": platform } }));
  }

  private arguments(command: string, words: readonly string[]): string[] {
    const stack = ["--stack", this.name, "--stack-file", this.file];
    return [join(root, "cli", "bin.mjs"), ...command.split(" "), ...stack, ...words];
  }

  private environment(extra: Record<string, string> = {}): Record<string, string> {
    return {
      UMS_HOME: this.home,
      PULUMI_CONFIG_PASSPHRASE: passphrase,
      PULUMI_HOME: join(this.home, "pulumi-home"),
      ...extra,
    };
  }

  /** Runs a command, such as `up` or `secret set`, to its end. */
  async ums(
    command: string,
    words: readonly string[] = [],
    options: { env?: Record<string, string>; input?: string } = {},
  ): Promise<Run> {
    const { exitCode, stdout, stderr } = await execa(process.execPath, this.arguments(command, words), {
      env: this.environment(options.env),
      reject: false,
      ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    });
    return { exitCode: exitCode ?? -1, stdout, stderr };
  }

  /** Starts a command that runs until it is stopped. */
  follow(command: string, words: readonly string[]) {
    return execa(process.execPath, this.arguments(command, words), {
      env: this.environment(),
      reject: false,
      stdin: "ignore",
      buffer: false,
    });
  }

  up(): Promise<Run> {
    return this.ums("up", ["--engine", this.engine]);
  }

  /** Starts an `up` in a process group of its own, to be killed whole. */
  startUp(): ChildProcess {
    return this.start("up", ["--engine", this.engine]);
  }

  /** Starts a command in a process group of its own, to be killed whole. */
  start(command: string, words: readonly string[] = [], input?: string): ChildProcess {
    const child = spawn(process.execPath, this.arguments(command, words), {
      env: { ...process.env, ...this.environment() },
      detached: true,
      stdio: [input === undefined ? "ignore" : "pipe", "ignore", "ignore"],
    });
    child.stdin?.end(input);
    return child;
  }

  async json<T>(command: string, words: readonly string[] = []): Promise<T> {
    const { stdout, stderr } = await this.ums(command, ["--json", ...words]);
    if (stdout === "") throw new Error(`${command} printed nothing: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  container(service: string): Docker.Container {
    return docker.getContainer(`${this.name}-${service}`);
  }

  /** Text of a file as a service's container has it. */
  async textIn(service: string, path: string): Promise<string> {
    return textOf(await this.container(service).getArchive({ path }));
  }

  /** Removes everything of the stack from the engine, whatever state it is in, and its folder. */
  async dispose(): Promise<void> {
    const containers = await stackContainers(docker, this.name);
    // Nothing of it is kept, so nothing of it has to end by itself; what cannot be killed is told below.
    await inParallel(containers, ({ id }) =>
      docker
        .getContainer(id)
        .remove({ force: true })
        .catch(() => {}),
    );
    await removeStack(docker, this.name, [], () => {});
    await removeSeededVolumes(docker, this.name);
    for (const volume of await stackVolumes(docker, this.name)) await docker.getVolume(volume).remove();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Ids and start times of all service containers: equal before and after means nothing was touched. */
  async identities(): Promise<Record<string, string>> {
    const containers = await stackContainers(docker, this.name);
    const found: Record<string, string> = {};
    for (const { id, service } of containers) {
      if (service === undefined) continue;
      const { State } = await docker.getContainer(id).inspect();
      found[service] = `${id} ${State.StartedAt}`;
    }
    return found;
  }
}

const markerName = "marker";

/** A container that mounts a volume, never started: files go in and out of it through the engine. */
async function withVolume<T>(volume: string, work: (container: Docker.Container) => Promise<T>): Promise<T> {
  const container = await docker.createContainer({
    Image: standinImage(root),
    Cmd: ["routes"],
    Entrypoint: ["/standin"],
    HostConfig: { Mounts: [{ Type: "volume", Source: volume, Target: "/volume", ReadOnly: false }] },
  });
  try {
    return await work(container);
  } finally {
    await container.remove({ force: true });
  }
}

/** Puts a file into a volume. */
export function writeMarker(volume: string, text: string): Promise<void> {
  return withVolume(volume, async (container) => {
    const archive = pack();
    archive.entry({ name: markerName }, text);
    archive.finalize();
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/volume" });
  });
}

/** Text of the file in a volume. */
export function readMarker(volume: string): Promise<string> {
  return withVolume(volume, async (container) =>
    textOf(await container.getArchive({ path: `/volume/${markerName}` })),
  );
}

/** Text of the one file in an archive. */
async function textOf(archive: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  const reader = extract();
  archive.pipe(reader);
  for await (const entry of reader) for await (const chunk of entry) text += String(chunk);
  return text;
}

/** Services with another container than before, from two looks at the identities. */
export function replacedBetween(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const idIn = (identities: Readonly<Record<string, string>>, service: string) =>
    identities[service]?.split(" ")[0];
  const services = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...services].filter((service) => idIn(before, service) !== idIn(after, service)).sort();
}

/** Polls until a condition holds, or as long as a busy machine may need. */
export async function until(what: string, condition: () => Promise<boolean>, seconds = 600): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
