import type Docker from "dockerode";
import type { Platform, Service } from "../../../stacks/platform.ts";
import { ignoreMissing, lastLogLines } from "../../docker/host.ts";
import { like } from "../like.ts";

/** Label of everything that a drill makes; beside the stack's, so that the next `up` removes what was left. */
const label = "ums.drill";

/** Seconds between two probes. */
const probeInterval = 2;

/** Seconds a service may take to become healthy, beyond its own start period. */
const patience = 180;

const nanoseconds = 1e9;

/**
 * A place beside the stack in which restored services start: volumes of their own, and one network of their own without
 * a way out, on which the servers of restored databases have their names. Nothing in it reaches the stack.
 */
export class Scratch {
  private readonly network: string;

  constructor(
    private readonly docker: Docker,
    private readonly platform: Platform,
  ) {
    this.network = `${platform.stack}_drill`;
  }

  private get labels(): Record<string, string> {
    return { "ums.stack": this.platform.stack, [label]: "" };
  }

  /** Name of the volume that stands for one of the stack. */
  volumeOf(volume: string): string {
    return `${this.network}_${volume}`;
  }

  /** Volumes of a service that a drill must not touch: those it writes, and those through which it is asked for something. */
  ownVolumes({ mounts }: Service): Service["mounts"] {
    const passing = new Set(
      this.platform.volumes.filter((volume) => volume.class === "cache").map(({ name }) => name),
    );
    return mounts.filter(({ readOnly, volume }) => !readOnly || passing.has(volume));
  }

  async prepare(): Promise<void> {
    await removeScratch(this.docker, this.platform.stack);
    await this.docker.createNetwork({
      Name: this.network,
      Internal: true,
      Labels: this.labels,
      // The host has no address on it.
      Options: { "com.docker.network.bridge.inhibit_ipv4": "true" },
    });
  }

  /** Empty volumes in the place of the service's own. */
  async makeVolumes(service: Service): Promise<void> {
    for (const { volume } of this.ownVolumes(service))
      await this.docker.createVolume({ Name: this.volumeOf(volume), Labels: this.labels });
  }

  async removeVolumes(service: Service): Promise<void> {
    for (const { volume } of this.ownVolumes(service))
      await this.docker.getVolume(this.volumeOf(volume)).remove().catch(ignoreMissing);
  }

  /** Name of the container of a service. */
  container({ name }: Service): string {
    return `${this.network}_${name}`;
  }

  /**
   * Starts a service as it runs in the stack: image, command, variables, files, user, privileges, limits and probe; with
   * its volumes here, no device, no port of the host, and no other network.
   */
  async start(service: Service): Promise<void> {
    const running = await this.docker.getContainer(`${this.platform.stack}-${service.name}`).inspect();
    const { container: parts, host } = like(running);
    const { Healthcheck: probe } = running.Config;
    const own = new Map(this.ownVolumes(service).map((mount) => [mount.volume, mount]));
    const container = await this.docker.createContainer({
      ...parts,
      name: this.container(service),
      Labels: this.labels,
      ...(probe?.Test ? { Healthcheck: { ...probe, Interval: probeInterval * nanoseconds } } : {}),
      HostConfig: {
        ...host,
        NetworkMode: this.network,
        // What it writes and no record declares is a volume of the image's, and gets another one by itself.
        Mounts: running.Mounts.filter(
          ({ Type, Name = "", RW }) => Type === "volume" && (own.has(Name) || !RW),
        ).map(({ Name = "", Destination, RW }) => {
          const mount = own.get(Name);
          return {
            Type: "volume" as const,
            Source: mount ? this.volumeOf(Name) : Name,
            Target: Destination,
            ReadOnly: !RW,
            ...(mount && !mount.copyImageContent
              ? {
                  VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "local", Options: {} } },
                }
              : {}),
          };
        }),
      },
      NetworkingConfig: { EndpointsConfig: { [this.network]: { Aliases: [service.name] } } },
    });
    await container.start();
  }

  /** Waits until a service is healthy, or as much as its image can tell. Returns why it is not; undefined when it is. */
  async unhealthy(service: Service): Promise<string | undefined> {
    const container = this.docker.getContainer(this.container(service));
    const deadline = Date.now() + (service.health.startPeriod + patience) * 1000;
    for (;;) {
      const { State, Config } = await container.inspect();
      const health = State.Health?.Status;
      const probed = (Config.Healthcheck?.Test ?? ["NONE"])[0] !== "NONE";
      if (State.Running && (health === "healthy" || !probed)) return undefined;
      const failed = !State.Running || health === "unhealthy";
      if (failed || Date.now() > deadline) {
        const lines = await lastLogLines(this.docker, container.id, 8);
        const said = State.Health?.Log?.at(-1)?.Output.trim();
        return [
          State.Running ? `it is ${health}` : `it ended with exit code ${State.ExitCode}`,
          ...(said ? [`  its probe: ${said}`] : []),
          ...lines.map((line) => `  | ${line}`),
        ].join("\n");
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async stop(service: Service): Promise<void> {
    await this.docker
      .getContainer(this.container(service))
      .remove({ force: true, v: true })
      .catch(ignoreMissing);
  }
}

/** Removes all that a drill of a stack made: also one that was cut off. */
export async function removeScratch(docker: Docker, stack: string): Promise<void> {
  const filters = JSON.stringify({ label: [`ums.stack=${stack}`, label] });
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreMissing);
  for (const { Id } of await docker.listNetworks({ filters }))
    await docker.getNetwork(Id).remove().catch(ignoreMissing);
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove().catch(ignoreMissing);
}
