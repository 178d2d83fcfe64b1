import type Docker from "dockerode";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Service } from "../../stacks/platform.ts";
import { demultiplex, ignoreMissing } from "../docker/host.ts";
import { like } from "./like.ts";
import type { Backup } from "./repository.ts";

const gibibyte = 1024 ** 3;

/** Lines of a failed script that are shown. */
const shownLines = 10;

export function mount(volume: string, path: string, readOnly: boolean): Docker.MountSettings {
  return { Type: "volume", Source: volume, Target: path, ReadOnly: readOnly };
}

/** What a one-shot container does with a service's volumes, as root. */
export interface Beside {
  /** Last part of the container's name, which only one at a time may have. */
  suffix: string;
  image: string;
  command: readonly string[];
  mounts: readonly Docker.MountSettings[];
  network: string;
  capabilities: readonly string[];
  environment?: readonly string[];
}

/**
 * Runs a command beside the backup, as root with a few capabilities and a root that cannot be written. Returns what it
 * wrote.
 * @throws OneShotFailed
 */
export function runBeside({ docker, platform, service }: Backup, work: Beside): Promise<string> {
  const [entrypoint = "", ...rest] = work.command;
  return runOnce(docker, {
    name: `${platform.stack}-${service.name}_${work.suffix}`,
    Image: work.image,
    Entrypoint: [entrypoint],
    Cmd: rest,
    User: "0:0",
    Env: [...(work.environment ?? [])],
    Labels: { "ums.stack": platform.stack },
    HostConfig: {
      NetworkMode: work.network,
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "size=256m" },
      CapDrop: ["ALL"],
      CapAdd: [...work.capabilities],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: gibibyte,
      MemorySwap: gibibyte,
      Mounts: [...work.mounts],
    },
  });
}

/**
 * Runs a shell script in a container like that of a service, with its user, limits and mounts, while the service itself
 * is stopped. Returns what it wrote.
 * @throws OneShotFailed
 */
export async function runAs({ docker, platform }: Backup, service: Service, script: string): Promise<string> {
  const running = await docker.getContainer(`${platform.stack}-${service.name}`).inspect();
  const { container, host } = like(running);
  return runOnce(docker, {
    ...container,
    name: `${platform.stack}-${service.name}_recovery`,
    Entrypoint: ["/bin/sh", "-c"],
    Cmd: [script],
    Labels: { "ums.stack": platform.stack },
    HostConfig: {
      ...host,
      NetworkMode: "none",
      Mounts: running.Mounts.filter(({ Type }) => Type === "volume").map(({ Name = "", Destination, RW }) =>
        mount(Name, Destination, !RW),
      ),
    },
  });
}

async function runOnce(
  docker: Docker,
  options: Docker.ContainerCreateOptions & { name: string },
): Promise<string> {
  const { name } = options;
  await removed(docker, name);
  const container = await docker.createContainer({ ...options, Healthcheck: { Test: ["NONE"] } });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const said = demultiplex((await container.logs({ stdout: true, stderr: true })) as unknown as Buffer);
    if (StatusCode === 0) return said;
    throw new OneShotFailed(StatusCode, said);
  } finally {
    await removed(docker, name);
  }
}

/** A one-shot container ended with a code. */
export class OneShotFailed extends EnvironmentFault {
  constructor(
    readonly exitCode: number,
    readonly said: string,
  ) {
    super(`exit ${exitCode}:\n  ${said.trim().split("\n").slice(-shownLines).join("\n  ")}`);
  }
}

async function removed(docker: Docker, name: string): Promise<void> {
  await docker.getContainer(name).remove({ force: true, v: true }).catch(ignoreMissing);
}
