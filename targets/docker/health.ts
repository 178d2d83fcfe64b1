import type Docker from "dockerode";
import { lastLogLines, type StackContainer, stackContainers } from "./host.ts";

/** Lines of a failed service's log that are shown. */
const shownLines = 8;

/** A service that did not come up. */
export interface FailedService {
  service: string;
  state: string;
  log: string[];
  /** Services that wait for it, directly or not, and were not started. */
  notStarted: string[];
}

/** Some services did not come up; the rest runs. The command line turns it into exit code 1. */
export class ServicesFailed extends Error {
  override readonly name = "ServicesFailed";
  constructor(readonly failed: readonly FailedService[]) {
    super(
      failed
        .map(({ service, state, log, notStarted }) =>
          [
            `${service} is ${state}`,
            ...log.map((line) => `  | ${line}`),
            ...(notStarted.length > 0 ? [`  not started because of it: ${notStarted.join(", ")}`] : []),
          ].join("\n"),
        )
        .join("\n"),
    );
  }
}

export function isUp(container: StackContainer): boolean {
  return container.state === "running" && (container.health === undefined || container.health === "healthy");
}

function hasFailed(container: StackContainer): boolean {
  return container.health === "unhealthy" || ["exited", "dead", "restarting"].includes(container.state);
}

/** Polls until every service that `after` names is up. @throws ServicesFailed when one fails or the time is over */
export async function waitUntilHealthy(
  docker: Docker,
  stack: string,
  after: ReadonlyMap<string, readonly string[]>,
  options: { seconds: number; progress(message: string): void },
): Promise<void> {
  const deadline = Date.now() + options.seconds * 1000;
  for (;;) {
    const containers = (await stackContainers(docker, stack)).filter(
      ({ service }) => service !== undefined && after.has(service),
    );
    const waiting = containers.filter((container) => !isUp(container));
    const missing = [...after.keys()].filter((name) => !containers.some(({ service }) => service === name));
    if (waiting.length === 0 && missing.length === 0) return;
    const left = waiting.length + missing.length;
    options.progress(`${after.size - left} of ${after.size} services are healthy`);
    const settled = waiting.every(hasFailed) && missing.length === 0;
    if (settled || Date.now() > deadline) throw await failure(docker, containers, after);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Describes what did not come up, from the containers as they stand. */
export async function failure(
  docker: Docker,
  all: readonly StackContainer[],
  after: ReadonlyMap<string, readonly string[]>,
): Promise<ServicesFailed> {
  // A one-shot container has ended, and has not failed.
  const containers = all.filter(({ service }) => service !== undefined);
  const up = new Set(containers.filter(isUp).flatMap(({ service }) => service ?? []));
  const failed: FailedService[] = [];
  for (const [service, needs] of after) {
    if (up.has(service) || needs.some((need) => !up.has(need))) continue;
    const container = containers.find((candidate) => candidate.service === service);
    if (container && !hasFailed(container) && containers.some((other) => hasFailed(other))) continue;
    failed.push({
      service,
      state: container ? (container.health ?? container.state) : "not created",
      log: container ? await lastLogLines(docker, container.id, shownLines).catch(() => []) : [],
      notStarted: dependants(service, after).filter((name) => !up.has(name)),
    });
  }
  return new ServicesFailed(failed);
}

/** Services that wait for one, directly or not, sorted. */
export function dependants(service: string, after: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const [candidate, needs] of after) {
      if (!needs.includes(name) || found.has(candidate)) continue;
      found.add(candidate);
      visit(candidate);
    }
  };
  visit(service);
  return [...found].sort();
}
