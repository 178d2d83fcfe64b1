import type Docker from "dockerode";
import { extract } from "tar-stream";

export interface FakeContainer {
  name: string;
  service?: string;
  seeds?: string;
  state?: string;
  /** What `docker ps` shows, such as `Up 3 minutes (healthy)`. */
  status?: string;
  labels?: Record<string, string>;
  /** Health check, as Docker keeps it. */
  check?: string[];
  networkMode?: string;
  startedAt?: string;
  exitCode?: number;
  log?: string;
}

export interface FakeNetwork {
  name: string;
  internal?: boolean;
  options?: Record<string, string> | null;
  subnet?: string;
  /** Names of the containers on it. */
  containers?: string[];
}

/** Docker's answer that there is no such thing. */
function missing(what: string): Error {
  return Object.assign(new Error(`no such thing: ${what}`), { statusCode: 404 });
}

/** One frame of a log as Docker multiplexes it. */
export function frame(text: string, stream = 1): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** An engine in memory that knows what it was asked to do. Ids are `id-<name>`. */
export class FakeDocker {
  readonly done: string[] = [];
  /** Seconds that containers were given to stop, by name; undefined where it is left to Docker. */
  readonly graces: Record<string, number | undefined> = {};
  readonly uploads = new Map<string, Record<string, { text: string; mode: number | undefined }>>();
  readonly created: Docker.ContainerCreateOptions[] = [];
  /** Exit codes of containers that are yet to be created, by name. */
  exitCodes: Record<string, number> = {};

  constructor(
    readonly stack: string,
    readonly containers: FakeContainer[] = [],
    readonly networks: FakeNetwork[] = [],
    readonly volumes: string[] = [],
  ) {}

  /** As the code under test takes it. */
  get docker(): Docker {
    return {
      listContainers: async () => this.containers.map((one) => this.listed(one)),
      listNetworks: async () =>
        this.networks.map(({ name, internal = false, options = {}, subnet }) => ({
          Id: `id-${name}`,
          Name: name,
          Internal: internal,
          Options: options,
          IPAM: { Config: [{ Subnet: subnet }] },
        })),
      listVolumes: async () => ({ Volumes: this.volumes.map((Name) => ({ Name })) }),
      getContainer: (id: string) => this.container(id),
      getNetwork: (id: string) => this.network(id),
      getVolume: (name: string) => ({
        remove: async () => {
          this.done.push(`remove volume ${name}`);
        },
      }),
      createVolume: async ({ Name }: { Name: string }) => {
        this.volumes.push(Name);
        this.done.push(`create volume ${Name}`);
      },
      createContainer: async (options: Docker.ContainerCreateOptions) => {
        const name = options.name ?? "";
        this.created.push(options);
        this.containers.push({
          name,
          state: "exited",
          labels: options.Labels ?? {},
          exitCode: this.exitCodes[name] ?? 0,
          log: `${name} says no\n`,
        });
        return this.container(name);
      },
    } as unknown as Docker;
  }

  private find(id: string): FakeContainer {
    const container = this.containers.find(({ name }) => name === id || `id-${name}` === id);
    if (!container) throw missing(id);
    return container;
  }

  private listed(one: FakeContainer) {
    return {
      Id: `id-${one.name}`,
      Names: [`/${one.name}`],
      State: one.state ?? "running",
      Status: one.status ?? "Up 3 minutes",
      Labels: {
        "ums.stack": this.stack,
        ...(one.service === undefined ? {} : { "ums.service": one.service }),
        ...(one.seeds === undefined ? {} : { "ums.seeds": one.seeds }),
        ...one.labels,
      },
    };
  }

  private container(id: string) {
    return {
      id,
      inspect: async () => {
        const one = this.find(id);
        return {
          Id: `id-${one.name}`,
          State: {
            Status: one.state ?? "running",
            Running: (one.state ?? "running") === "running",
            ExitCode: one.exitCode ?? 0,
            StartedAt: one.startedAt ?? "2026-01-01T00:00:00Z",
          },
          Config: {
            Labels: one.labels ?? {},
            ...(one.check === undefined ? {} : { Healthcheck: { Test: one.check } }),
          },
          HostConfig: { NetworkMode: one.networkMode ?? "bridge" },
        };
      },
      remove: async () => {
        const { name } = this.find(id);
        this.containers.splice(this.containers.indexOf(this.find(id)), 1);
        this.done.push(`remove ${name}`);
      },
      stop: async (options?: { t?: number }) => {
        const one = this.find(id);
        if (one.state === "exited") throw Object.assign(new Error("not modified"), { statusCode: 304 });
        this.graces[one.name] = options?.t;
        this.done.push(`stop ${one.name}`);
      },
      start: async () => {
        this.done.push(`start ${this.find(id).name}`);
      },
      restart: async () => {
        this.done.push(`restart ${this.find(id).name}`);
      },
      wait: async () => ({ StatusCode: this.find(id).exitCode ?? 0 }),
      logs: async () => frame(this.find(id).log ?? ""),
      putArchive: async (archive: NodeJS.ReadableStream) => {
        this.uploads.set(this.find(id).name, await contents(archive));
      },
    };
  }

  private network(id: string) {
    const one = this.networks.find(({ name }) => `id-${name}` === id);
    if (!one) throw missing(id);
    return {
      inspect: async () => ({
        Containers: Object.fromEntries(
          (one.containers ?? [])
            .filter((name) => this.containers.some((container) => container.name === name))
            .map((name) => [`id-${name}`, {}]),
        ),
      }),
      disconnect: async ({ Container }: { Container: string }) => {
        this.done.push(`disconnect ${Container} from ${one.name}`);
      },
      remove: async () => {
        this.networks.splice(this.networks.indexOf(one), 1);
        this.done.push(`remove network ${one.name}`);
      },
    };
  }
}

async function contents(archive: NodeJS.ReadableStream) {
  const files: Record<string, { text: string; mode: number | undefined }> = {};
  const reader = extract();
  reader.on("entry", (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: unknown) => parts.push(part as Buffer));
    stream.on("end", () => {
      files[header.name] = { text: Buffer.concat(parts).toString("utf8"), mode: header.mode };
      next();
    });
  });
  await new Promise<void>((resolve, reject) => {
    reader.on("finish", () => resolve());
    reader.on("error", reject);
    archive.pipe(reader);
  });
  return files;
}
