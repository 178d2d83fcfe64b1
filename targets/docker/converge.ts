import { isDeepStrictEqual } from "node:util";
import type Docker from "dockerode";
import type { Platform } from "../../stacks/platform.ts";
import { inParallel } from "../inParallel.ts";
import { isMissing, stackContainers, stackNetworks } from "./host.ts";

/** A network as the program declares it. */
export interface DeclaredNetwork {
  name: string;
  internal: boolean;
  options: Readonly<Record<string, string>>;
  subnet: string;
}

/**
 * Removes containers and networks of the stack that are not declared any more, were left half-made, or are networks
 * that must be made anew, with the containers on them. Never a volume.
 */
export async function removeUndeclared(
  docker: Docker,
  stack: string,
  declared: { containers: ReadonlySet<string>; networks: readonly DeclaredNetwork[] },
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, name } of await stackContainers(docker, stack)) {
    if (declared.containers.has(name)) continue;
    await docker.getContainer(id).remove({ force: true });
    removed.push(name);
  }
  for (const { id, name, internal, options, subnet } of await stackNetworks(docker, stack)) {
    const wanted = declared.networks.find((network) => network.name === name);
    const asDeclared =
      wanted !== undefined &&
      internal === wanted.internal &&
      isDeepStrictEqual(options, wanted.options) &&
      subnet === wanted.subnet;
    if (asDeclared) continue;
    for (const container of await containersOn(docker, id))
      await docker.getContainer(container).remove({ force: true });
    await docker.getNetwork(id).remove();
    removed.push(name);
  }
  return removed;
}

/** Ids of the containers on a network. */
async function containersOn(docker: Docker, network: string): Promise<string[]> {
  const { Containers } = (await docker.getNetwork(network).inspect()) as {
    Containers?: Record<string, unknown>;
  };
  return Object.keys(Containers ?? {});
}

async function removeNetwork(docker: Docker, id: string): Promise<void> {
  const network = docker.getNetwork(id);
  for (const container of await containersOn(docker, id))
    await network.disconnect({ Container: container, Force: true });
  await network.remove();
}

/**
 * Mends services that go through another one whose container was replaced or restarted behind their back: a stale
 * namespace has no network at all. Restarted in place where the container is the same; removed, to be created again,
 * where it is another one. Returns the names of both.
 */
export async function mendNamespaces(
  docker: Docker,
  platform: Platform,
): Promise<{ restarted: string[]; removed: string[] }> {
  const restarted: string[] = [];
  const removed: string[] = [];
  const inspect = (service: string) =>
    docker
      .getContainer(`${platform.stack}-${service}`)
      .inspect()
      .catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
  for (const service of platform.services) {
    if (service.through === undefined) continue;
    const host = await inspect(service.through);
    const client = await inspect(service.name);
    if (!client) continue;
    if (client.HostConfig.NetworkMode !== `container:${host?.Id}`) {
      await docker.getContainer(client.Id).remove({ force: true });
      removed.push(service.name);
    } else if (host?.State.Running && Date.parse(client.State.StartedAt) < Date.parse(host.State.StartedAt)) {
      await docker.getContainer(client.Id).restart();
      restarted.push(service.name);
    }
  }
  return { restarted, removed };
}

/** Starts services that were stopped behind the engine's back, providers first. Returns their names. */
export async function startStopped(docker: Docker, platform: Platform): Promise<string[]> {
  const stopped = new Map(
    (await stackContainers(docker, platform.stack))
      .filter(({ state }) => state === "exited" || state === "created")
      .map(({ service, id }) => [service, id]),
  );
  const started: string[] = [];
  for (const service of platform.waves.flat()) {
    const id = stopped.get(service);
    if (id === undefined) continue;
    await docker.getContainer(id).start();
    started.push(service);
  }
  return started;
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

function ignore(...codes: number[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
  };
}
