import type { Platform } from "../../stacks/platform.ts";
import { isUp } from "../../targets/docker/health.ts";
import { connectDocker, type StackContainer, stackContainers } from "../../targets/docker/host.ts";
import { Violation } from "../output/exit.ts";
import { table } from "../output/table.ts";
import { openSession, type StackOptions } from "../session.ts";

export interface ServiceStatus {
  name: string;
  state: string;
  segment: string;
  address: string;
  url?: string;
}

/** The `status` command: every service with its state; exit code 1 unless all are up. */
export async function status(options: StackOptions & { json?: boolean }): Promise<void> {
  const { loaded } = openSession(options);
  const docker = await connectDocker();
  const rows = statusOf(loaded.platform, await stackContainers(docker, loaded.platform.stack));
  const up = rows.filter((row) => row.state === "healthy" || row.state === "running").length;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ stack: options.stack, up, services: rows }, null, 2)}\n`);
  } else {
    process.stdout.write(`${statusTable(rows)}\n\n${up} of ${rows.length} services are up\n`);
  }
  if (up < rows.length) throw new Violation();
}

export function statusOf(platform: Platform, containers: readonly StackContainer[]): ServiceStatus[] {
  return platform.services.map((service) => {
    const container = containers.find((candidate) => candidate.service === service.name);
    const state = !container
      ? "absent"
      : isUp(container)
        ? (container.health ?? "running")
        : (container.health ?? container.state);
    return {
      name: service.name,
      state: container?.state === "running" || !container ? state : container.state,
      segment: service.segment,
      address: service.addresses[0]?.address ?? `in ${service.through}`,
      ...(service.route === undefined ? {} : { url: service.route.url }),
    };
  });
}

export function statusTable(rows: readonly ServiceStatus[]): string {
  return table(
    ["service", "state", "segment", "address", "url"],
    rows.map((row) => [row.name, row.state, row.segment, row.address, row.url ?? ""]),
  );
}
