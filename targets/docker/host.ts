import type Docker from "dockerode";
import { EnvironmentFault } from "../../stacks/errors.ts";

/** Engine releases before this forward DNS from internal networks to the outside (CVE-2024-29018). */
export const dnsFixedIn = [25, 0, 5] as const;

/** A Docker engine that answers. Its client is loaded here, so that other commands are quick. @throws EnvironmentFault when none does */
export async function connectDocker(): Promise<Docker> {
  const { default: Client } = await import("dockerode");
  const docker = new Client();
  try {
    await docker.ping();
  } catch (error) {
    throw dockerFault(error);
  }
  return docker;
}

/** Codes of a connection to the engine that cannot be made, or broke. */
const unreachable: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** A person's words for what Docker's API answers when the host, and not the plan, is at fault. */
export function dockerFault(error: unknown): Error {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  if (code !== undefined && unreachable.has(code)) {
    return new EnvironmentFault(
      "no Docker engine answers: it is not installed, not running, or stopped in the middle",
      "start it (systemctl start docker, or dockerd), then run the same command again",
    );
  }
  if (code === "EACCES") {
    return new EnvironmentFault(
      "this user may not use Docker",
      "add it to the docker group (usermod -aG docker $USER) and log in again",
    );
  }
  return hostFault(message) ?? (error instanceof Error ? error : new Error(message));
}

/** Faults of the host that Docker and Compose report in words. */
const hostFaults: readonly { pattern: RegExp; message: string; fix: string }[] = [
  {
    pattern: /error gathering device information|could not select device driver/i,
    message: "a device of the host is missing",
    fix: "npx ums doctor names it; without a GPU set gpu.vendor: none in the stack's config",
  },
  {
    pattern: /failed to (download|install|load) plugin|no resource plugin|could not download plugin/i,
    message: "a Pulumi plugin is missing and cannot be downloaded",
    fix: "install it on a machine with a network, or use the embedded engine: --engine compose",
  },
  {
    pattern: /no space left on device/i,
    message: "the disk is full",
    fix: "free some space (docker system df shows what Docker holds), then run the same command again",
  },
  {
    pattern: /port is already allocated|address already in use/i,
    message: "a host port is taken by another program",
    fix: "stop that program, or set publish.offset in the stack's config",
  },
  {
    pattern:
      /pool overlaps with other one|conflicts with network|invalid pool request|numerical result out of range|networks have overlapping/i,
    message: "a subnet of the stack is taken by another network",
    fix: "remove that network (docker network ls), or set network.segments and network.links in the stack's config",
  },
  {
    pattern:
      /no such image|pull access denied|manifest unknown|not found: manifest|failed to resolve reference/i,
    message: "an image is missing and cannot be had",
    fix: "check the image's name, tag and digest in its record, and the way to its registry",
  },
  {
    pattern:
      /(?:cannot|couldn't) connect to (?:the )?docker daemon|failed to connect to the docker api|connection reset|broken pipe|unexpected eof|error during connect|Connection aborted|RemoteDisconnected/i,
    message: "the Docker engine stopped answering",
    fix: "start it again, then run the same command again: it goes on where it was",
  },
];

/** The environment fault a message of Docker or Compose speaks of, if it is one. */
export function hostFault(text: string): EnvironmentFault | undefined {
  const fault = hostFaults.find(({ pattern }) => pattern.test(text));
  if (!fault) return undefined;
  const line = text.split("\n").find((candidate) => fault.pattern.test(candidate)) ?? text;
  return new EnvironmentFault(`${fault.message}: ${line.trim().slice(0, 400)}`, fault.fix);
}

export interface StackContainer {
  id: string;
  name: string;
  /** Service of the catalogue, or undefined for a one-shot container. */
  service?: string;
  /** Service whose files a one-shot container writes. */
  seeds?: string;
  state: string;
  health?: "starting" | "healthy" | "unhealthy";
}

const stackFilter = (stack: string) => JSON.stringify({ label: [`ums.stack=${stack}`] });

/** Every container of a stack, running or not, sorted by name. */
export async function stackContainers(docker: Docker, stack: string): Promise<StackContainer[]> {
  const list = await docker.listContainers({ all: true, filters: stackFilter(stack) });
  const containers = await Promise.all(
    list.map(async (container) => {
      const service = container.Labels["ums.service"];
      const seeds = container.Labels["ums.seeds"];
      const health = await healthOf(docker, container);
      return {
        id: container.Id,
        name: container.Names[0]?.replace(/^\//, "") ?? container.Id,
        ...(service === undefined ? {} : { service }),
        ...(seeds === undefined ? {} : { seeds }),
        state: container.State,
        ...(health === undefined ? {} : { health }),
      };
    }),
  );
  return containers.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Undefined without a health check. Right after a start, Docker does not list the check that is about to begin. */
async function healthOf(
  docker: Docker,
  { Id, State, Status }: Docker.ContainerInfo,
): Promise<StackContainer["health"]> {
  const listed = /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(Status)?.[1];
  if (listed !== undefined) return listed as StackContainer["health"];
  if (State !== "running") return undefined;
  try {
    const { Config } = await docker.getContainer(Id).inspect();
    const [kind = "NONE"] = Config.Healthcheck?.Test ?? [];
    return kind === "NONE" ? undefined : "starting";
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export interface StackNetwork {
  id: string;
  name: string;
  internal: boolean;
  options: Readonly<Record<string, string>>;
  /** Its first one, in CIDR notation. */
  subnet?: string;
}

/** Every network of a stack, sorted by name. */
export async function stackNetworks(docker: Docker, stack: string): Promise<StackNetwork[]> {
  const list = await docker.listNetworks({ filters: stackFilter(stack) });
  return list
    .map(({ Id, Name, Internal, Options, IPAM }) => {
      const subnet = IPAM?.Config?.[0]?.Subnet;
      return {
        id: Id,
        name: Name,
        internal: Internal,
        options: Options ?? {},
        ...(subnet === undefined ? {} : { subnet }),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function stackVolumes(docker: Docker, stack: string): Promise<string[]> {
  const { Volumes } = await docker.listVolumes({ filters: stackFilter(stack) });
  return (Volumes ?? []).map((volume) => volume.Name).sort();
}

/** Last lines a container wrote, without Docker's stream headers. */
export async function lastLogLines(docker: Docker, id: string, lines: number): Promise<string[]> {
  const raw = (await docker
    .getContainer(id)
    .logs({ stdout: true, stderr: true, tail: lines })) as unknown as Buffer;
  return demultiplex(raw)
    .split("\n")
    .filter((line) => line.length > 0);
}

/** Text of a multiplexed log: frames of 8 header bytes, the last four of them the length. */
export function demultiplex(raw: Buffer): string {
  const headerBytes = 8;
  const parts: Buffer[] = [];
  for (let offset = 0; offset + headerBytes <= raw.length; ) {
    const length = raw.readUInt32BE(offset + 4);
    parts.push(raw.subarray(offset + headerBytes, offset + headerBytes + length));
    offset += headerBytes + length;
  }
  return Buffer.concat(parts).toString("utf8");
}

/** True for Docker's answer that a thing is not there. */
export function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

/** Takes it for done that a thing that was to be removed is not there. */
export function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

/** Whether what is inspected is there. */
export async function exists(inspection: Promise<unknown>): Promise<boolean> {
  try {
    await inspection;
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
