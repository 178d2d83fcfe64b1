import { execa } from "execa";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { hostFault } from "../docker/host.ts";

/** A Compose that is installed: the words that start it, and its version. */
export interface ComposeClient {
  command: readonly [string, ...string[]];
  version: string;
}

const candidates: readonly (readonly [string, ...string[]])[] = [["docker", "compose"], ["docker-compose"]];

/** Docker's Compose plugin, or the standalone docker-compose 1.29 or newer. */
export async function findCompose(only = process.env.UMS_COMPOSE): Promise<ComposeClient | undefined> {
  for (const command of candidates) {
    if (only !== undefined && command.join(" ") !== only) continue;
    const [program, ...words] = command;
    const { failed, stdout } = await execa(program, [...words, "version", "--short"], { reject: false });
    if (!failed) return { command, version: stdout.trim() };
  }
  return undefined;
}

/** Seconds docker-compose 1.29 waits for one answer of the engine. */
const httpTimeout = "600";

/**
 * Starts everything in a Compose file.
 * @throws EnvironmentFault when the host is at fault; ComposeFailure when a service is
 */
export async function composeUp(
  client: ComposeClient,
  args: { project: string; file: string; environment: Record<string, string> },
): Promise<void> {
  const [program, ...words] = client.command;
  const { failed, exitCode, all } = await execa(
    program,
    [...words, "-p", args.project, "-f", args.file, "up", "-d", "--remove-orphans", "--no-build"],
    {
      env: {
        ...args.environment,
        COMPOSE_HTTP_TIMEOUT: httpTimeout,
        COMPOSE_PROGRESS: "plain",
        COMPOSE_ANSI: "never",
      },
      reject: false,
      all: true,
    },
  );
  if (!failed) return;
  const output = all ?? "";
  throw hostFault(output) ?? new ComposeFailure(output.trim().split("\n").slice(-15).join("\n"), exitCode);
}

/** Compose could not start every service. */
export class ComposeFailure extends Error {
  override readonly name = "ComposeFailure";
  constructor(
    readonly output: string,
    readonly exitCode: number | undefined,
  ) {
    super(`docker compose failed (exit ${exitCode ?? "unknown"})\n${output}`);
  }
}

/** @throws EnvironmentFault when no Compose is installed */
export async function requireCompose(): Promise<ComposeClient> {
  const client = await findCompose();
  if (client) return client;
  throw new EnvironmentFault(
    "the embedded engine needs Docker Compose, and none is installed",
    "apt-get install docker-compose-v2 (Ubuntu) or docker-compose (Debian), or install the Pulumi CLI",
  );
}
