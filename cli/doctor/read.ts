import { createSocket } from "node:dgram";
import { existsSync, lstatSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { dockerFault } from "../../targets/docker/host.ts";
import { type EngineAnswer, engineFix, type LimitSupport } from "./engine.ts";
import type { NvidiaSupport, RenderDevices } from "./hardware.ts";
import type { BindFolder, SharedFolder } from "./storage.ts";

/** What `docker info` says, as far as it is looked at here. */
export interface EngineInfo extends LimitSupport, NvidiaSupport {
  KernelVersion: string;
  DockerRootDir: string;
  /** bytes */
  MemTotal: number;
}

/** An engine's answer, with what it takes to ask it more. */
export type AskedEngine =
  | (Extract<EngineAnswer, { answers: true }> & { docker: Docker; info: EngineInfo })
  | Extract<EngineAnswer, { answers: false }>;

/** Milliseconds after which an engine that says nothing is taken for one that does not answer. */
const patience = 30_000;

export async function askEngine(): Promise<AskedEngine> {
  try {
    const docker = new Docker({ timeout: patience });
    const { Version, ApiVersion } = await docker.version();
    return { answers: true, docker, info: await docker.info(), version: Version, apiVersion: ApiVersion };
  } catch (error) {
    const { code, statusCode } = error as { code?: string; statusCode?: number };
    const said = dockerFault(error).message.split("\n")[0] ?? "";
    const reason = statusCode === undefined ? said : `what answers is no Docker engine (HTTP ${statusCode})`;
    const host = process.env.DOCKER_HOST;
    const fix = engineFix({ host, denied: code === "EACCES", installed: isOnPath("dockerd") });
    return { answers: false, reason, fix };
  }
}

/** A program is on PATH, or where Debian keeps those of the administrator. */
function isOnPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Content of a file, undefined when it is not there or may not be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Names in a folder; none when it is not there. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Bytes that are free for containers on a folder's filesystem. @throws when it cannot be reached */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

export function isFreeUdp(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code !== "EADDRINUSE");
    });
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

export function renderDevices(): RenderDevices {
  const nodes = namesIn("/dev/dri")
    .filter((name) => name.startsWith("renderD"))
    .map((name) => ({ path: `/dev/dri/${name}`, group: statSync(`/dev/dri/${name}`).gid }));
  return { nodes, kfd: existsSync("/dev/kfd") };
}

export function kindOf(path: string): BindFolder["is"] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return "missing";
  return found.isDirectory() ? "folder" : "other";
}

/** A folder with its filesystem and that of the folders right below it. */
export function sharedFolder(path: string): SharedFolder {
  const below = namesIn(path).flatMap((name) => {
    const found = lstatSync(join(path, name), { throwIfNoEntry: false });
    return found?.isDirectory() ? [{ path: join(path, name), device: found.dev }] : [];
  });
  return { path, device: statSync(path).dev, below };
}
