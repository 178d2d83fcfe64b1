import type Docker from "dockerode";
import type { Platform } from "../../stacks/platform.ts";
import { isMissing, stackContainers, stackNetworks } from "./host.ts";

/** Removes containers and networks of the stack that are not declared any more, or were left half-made. Never a volume. */
export async function removeUndeclared(
  docker: Docker,
  stack: string,
  declared: { containers: ReadonlySet<string>; networks: ReadonlySet<string> },
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, name } of await stackContainers(docker, stack)) {
    if (declared.containers.has(name)) continue;
    await docker.getContainer(id).remove({ force: true });
    removed.push(name);
  }
  for (const { id, name } of await stackNetworks(docker, stack)) {
    if (declared.networks.has(name)) continue;
    await removeNetwork(docker, id);
    removed.push(name);
  }
  return removed;
}

async function removeNetwork(docker: Docker, id: string): Promise<void> {
  const network = docker.getNetwork(id);
  const { Containers = {} } = (await network.inspect()) as { Containers?: Record<string, unknown> };
  for (const container of Object.keys(Containers)) await network.disconnect({ Container: container, Force: true });
  await network.remove();
}

/**
 * Restarts services whose network namespace is gone: their VPN container was restarted after they started.
 * Returns their names.
 */
export async function rejoinNamespaces(docker: Docker, platform: Platform): Promise<string[]> {
  const restarted: string[] = [];
  for (const service of platform.services) {
    if (service.through === undefined) continue;
    const started = async (name: string) => {
      const { State } = await docker.getContainer(`${platform.stack}-${name}`).inspect();
      return { at: Date.parse(State.StartedAt), running: State.Running };
    };
    const host = await started(service.through);
    const client = await started(service.name);
    if (!host.running || (client.running && client.at >= host.at)) continue;
    await docker.getContainer(`${platform.stack}-${service.name}`).restart();
    restarted.push(service.name);
  }
  return restarted;
}

/** Stops and removes every container of the stack, dependants first, then its networks. Returns what it removed. */
export async function removeStack(
  docker: Docker,
  stack: string,
  waves: readonly (readonly string[])[],
  progress: (message: string) => void,
): Promise<{ containers: number; networks: number }> {
  const containers = await stackContainers(docker, stack);
  const waveOf = (service: string | undefined) => waves.findIndex((wave) => wave.includes(service ?? ""));
  const order = [...new Set(containers.map(({ service }) => waveOf(service)))].sort((a, b) => b - a);
  let done = 0;
  for (const wave of order) {
    const group = containers.filter(({ service }) => waveOf(service) === wave);
    await inParallel(group, async ({ id }) => {
      const container = docker.getContainer(id);
      await container.stop().catch(ignore(304, 404));
      await container.remove({ force: true }).catch(ignore(404, 409));
      progress(`${++done} of ${containers.length} containers removed`);
    });
  }
  const networks = await stackNetworks(docker, stack);
  await inParallel(networks, ({ id }) =>
    removeNetwork(docker, id).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    }),
  );
  return { containers: containers.length, networks: networks.length };
}

/** Volumes of seeded files, which the next `up` writes again. */
export async function removeSeededVolumes(docker: Docker, stack: string): Promise<void> {
  const filters = JSON.stringify({ label: [`ums.stack=${stack}`, "ums.seeds"] });
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await docker.getVolume(Name).remove();
}

/** Requests to the engine at the same time. */
const atOnce = 6;

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const next = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, next));
}

function ignore(...codes: number[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
  };
}
