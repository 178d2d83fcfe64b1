import { readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Workspace } from "@pulumi/pulumi/automation/index.js";
import type Docker from "dockerode";
import { stackContainers, stackNetworks } from "../../targets/docker/host.ts";
import { dockerTypes } from "../../targets/resources.ts";
import { isRunning } from "../state.ts";

interface ExportedResource {
  id?: string;
  type: string;
  urn: string;
}

interface ExportedState {
  resources?: ExportedResource[];
  pending_operations?: { resource: ExportedResource; type: string }[];
}

/** What `recover` did, and whether the state still names things that are gone. */
export interface Recovery {
  /** A line each. */
  done: string[];
  /** Containers and networks of the state that no longer exist: only a refresh takes them out of it. */
  gone: string[];
}

/**
 * Makes a stack whose `up` was killed ready for the next one: lifts a lock whose process is gone, removes containers
 * and networks of the stack that the state does not know (never a volume: creating one that exists takes it up), and
 * clears the operations that were under way.
 */
export async function recover(workspace: Workspace, docker: Docker, stack: string): Promise<Recovery> {
  const done: string[] = [];
  const backend = workspace.envVars.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL ?? "";
  if (backend.startsWith("file://")) done.push(...liftStaleLocks(fileURLToPath(backend), stack));

  const exported = await workspace.exportStack(stack);
  const state = (exported.deployment ?? {}) as ExportedState;
  const known = new Set((state.resources ?? []).map((resource) => resource.id));
  const containers = await stackContainers(docker, stack);
  const networks = await stackNetworks(docker, stack);
  for (const { id, name } of containers) {
    if (known.has(id)) continue;
    await docker.getContainer(id).remove({ force: true });
    done.push(`removed the container ${name}, which the state does not know`);
  }
  for (const { id, name } of networks) {
    if (known.has(id)) continue;
    await docker.getNetwork(id).remove();
    done.push(`removed the network ${name}, which the state does not know`);
  }
  const pending = state.pending_operations ?? [];
  if (pending.length > 0) {
    await workspace.importStack(stack, {
      ...exported,
      deployment: { ...exported.deployment, pending_operations: [] },
    });
    done.push(`cleared ${pending.length} interrupted operations`);
  }
  const existing = new Set([...containers, ...networks].map(({ id }) => id));
  const gone = (state.resources ?? [])
    .filter(({ type }) => type === dockerTypes.container || type === dockerTypes.network)
    .filter(({ id }) => id !== undefined && !existing.has(id))
    .map(({ urn }) => shortName(urn));
  return { done, gone };
}

/** The name of a resource in the program. */
export function shortName(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** Locks of the local backend made on this machine by a process that is gone. */
function liftStaleLocks(backend: string, stack: string): string[] {
  const lifted: string[] = [];
  const folder = join(backend, ".pulumi", "locks");
  let files: string[];
  try {
    files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return lifted;
  }
  for (const file of files.filter((name) => name.endsWith(".json") && name.split("/").includes(stack))) {
    const path = join(folder, file);
    const lock = JSON.parse(readFileSync(path, "utf8")) as { pid?: number; hostname?: string };
    if (lock.hostname !== hostname() || lock.pid === undefined || isRunning(lock.pid)) continue;
    rmSync(path);
    lifted.push(`lifted the lock of process ${lock.pid}, which is gone`);
  }
  return lifted;
}
