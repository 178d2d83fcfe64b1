import type Docker from "dockerode";
import type { Platform, Service } from "../../stacks/platform.ts";
import { mendNamespaces } from "./converge.ts";
import { waitUntilHealthy } from "./health.ts";
import { stackContainers } from "./host.ts";

/** Seconds a started service may take to become healthy, beyond its own start period. */
const patience = 180;

/** Containers of the stack's services by name. */
async function containerIds(
  docker: Docker,
  platform: Platform,
): Promise<Map<string, { id: string; running: boolean }>> {
  const containers = await stackContainers(docker, platform.stack);
  return new Map(
    containers.flatMap(({ id, service, state }) =>
      service === undefined ? [] : [[service, { id, running: state === "running" }] as const],
    ),
  );
}

/** Services of the stack that run. */
export async function runningServices(docker: Docker, platform: Platform): Promise<string[]> {
  return [...(await containerIds(docker, platform))]
    .filter(([, { running }]) => running)
    .map(([name]) => name);
}

/** Services of the stack that have a container. */
export async function deployedServices(docker: Docker, platform: Platform): Promise<string[]> {
  return [...(await containerIds(docker, platform)).keys()];
}

/** Stops services, those that start last first, each within its grace period. Returns the names of those that ran. */
export async function stopServices(
  docker: Docker,
  platform: Platform,
  names: readonly string[],
  progress: (message: string) => void,
): Promise<string[]> {
  const containers = await containerIds(docker, platform);
  const stopped: string[] = [];
  for (const wave of [...platform.waves].reverse()) {
    const now = wave.filter((name) => names.includes(name) && containers.get(name)?.running);
    await Promise.all(
      now.map(async (name) => {
        const { id } = containers.get(name) ?? {};
        const grace = platform.services.find((service) => service.name === name)?.stop.grace;
        if (id === undefined || grace === undefined) return;
        await docker.getContainer(id).stop({ t: grace });
        progress(`${name} stopped`);
        stopped.push(name);
      }),
    );
  }
  return stopped.sort();
}

/** The services and all that must be healthy before them. */
export function withProviders(platform: Platform, names: readonly string[]): string[] {
  const byName = new Map(platform.services.map((service) => [service.name, service]));
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    const service = byName.get(name);
    for (const needed of service?.after ?? []) add(needed);
    if (service?.through !== undefined) add(service.through);
  };
  for (const name of names) add(name);
  return [...found].sort();
}

/**
 * Starts services after their providers, and waits until they are healthy. Returns the names of those that did not run.
 * @throws ServicesFailed when one does not come up
 */
export async function startServices(
  docker: Docker,
  platform: Platform,
  names: readonly string[],
  progress: (message: string) => void,
): Promise<string[]> {
  const started: string[] = [];
  const wanted = new Set(withProviders(platform, names));
  for (const wave of platform.waves) {
    const now = wave.filter((name) => wanted.has(name));
    if (now.length === 0) continue;
    const containers = await containerIds(docker, platform);
    for (const name of now) {
      const container = containers.get(name);
      if (!container || container.running) continue;
      await docker.getContainer(container.id).start();
      progress(`${name} started`);
      started.push(name);
    }
    await waitFor(docker, platform, now, progress);
  }
  // A restarted VPN container has a new network namespace: who lived in the old one must join it.
  const { restarted } = await mendNamespaces(docker, platform);
  if (restarted.length > 0) await waitFor(docker, platform, restarted, progress);
  return started.sort();
}

async function waitFor(
  docker: Docker,
  platform: Platform,
  names: readonly string[],
  progress: (message: string) => void,
): Promise<void> {
  const services = platform.services.filter(({ name }) => names.includes(name));
  const after = new Map(
    services.map(({ name, after }) => [name, after.filter((need) => names.includes(need))]),
  );
  const longest = Math.max(...services.map(startPeriod));
  await waitUntilHealthy(docker, platform.stack, after, { seconds: longest + patience, progress });
}

function startPeriod({ health }: Service): number {
  return health.startPeriod;
}
