import type Docker from "dockerode";
import { pack } from "tar-stream";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { demultiplex } from "../docker/host.ts";
import type { NeighbourTable } from "./neighbours.ts";

/** A connection for the stand-in's prober. */
export interface ProbeTarget {
  address: string;
  port: number;
  protocol: "tcp" | "udp";
  /** Tries until it counts as closed: more for what must be open, so that a busy machine is no violation. */
  tries: number;
}

export interface ProbeAnswer {
  /** Index into the targets. */
  index: number;
  result: "open" | "refused";
  /** Address the name stood for. */
  address: string;
}

/** Milliseconds until one try counts as unanswered. Local connections open in well under one. */
const timeout = 800;
const mebibyte = 1024 * 1024;
const targetFile = "targets";

/**
 * Tries connections from inside a container's network namespace, with a container of the stand-in image that joins it.
 * Works for images without any shell. Returns the targets that answered.
 * @throws EnvironmentFault when the prober fails, or could not try a target
 */
export async function probeFrom(
  docker: Docker,
  args: {
    containerId: string;
    image: string;
    stack: string;
    targets: readonly ProbeTarget[];
    /** Networks that may be sent to, whatever a name stands for; none given means all. */
    within?: readonly string[];
  },
): Promise<ProbeAnswer[]> {
  const lines = args.targets.map(
    ({ protocol, address, port, tries }, index) =>
      `${index} ${protocol} ${address} ${port} ${timeout} ${tries}`,
  );
  const output = await runStandin(
    docker,
    args,
    [
      "probe",
      `/${targetFile}`,
      "--only",
      "open,refused,error",
      ...(args.within ?? []).flatMap((cidr) => ["--within", cidr]),
    ],
    `${lines.join("\n")}\n`,
  );
  return readAnswers(output, args.targets);
}

/**
 * The targets that answered, by what a prober printed.
 * @throws EnvironmentFault when it did not come to its end, or could not try a target, so that nothing is known of it
 */
export function readAnswers(
  output: string,
  targets: readonly Pick<ProbeTarget, "address" | "port">[],
): ProbeAnswer[] {
  const answers: ProbeAnswer[] = [];
  let complete = false;
  for (const line of output.split("\n")) {
    const [first = "", result = "", ...rest] = line.split(" ");
    const detail = rest.join(" ");
    if (first === "done") complete = Number(result) === targets.length;
    else if (result === "open" || result === "refused")
      answers.push({ index: Number(first), result, address: detail });
    else if (result === "error") {
      const { address, port } = targets[Number(first)] ?? {};
      throw new EnvironmentFault(
        `a prober could not try ${address} port ${port}: ${detail}`,
        "verify again when the machine has less to do",
      );
    }
  }
  if (!complete) throw new EnvironmentFault(`a prober stopped early: ${output.slice(-300)}`);
  return answers;
}

/** Routes of a container's network namespace; of the host's with `host`. */
export async function routesOf(
  docker: Docker,
  args: { containerId: string; image: string; stack: string } | { host: true; image: string; stack: string },
): Promise<{ destination: string; gateway: string }[]> {
  const output = await runStandin(docker, args, ["routes"], undefined);
  return output.split("\n").flatMap((line) => {
    const [, destination, via, gateway] = line.split(" ");
    return destination !== undefined && via === "via" && gateway !== undefined
      ? [{ destination, gateway }]
      : [];
  });
}

/** The host's table of neighbours; undefined where the engine's host network is not its kernel's, as without root. */
export async function neighboursOf(
  docker: Docker,
  args: { image: string; stack: string },
): Promise<NeighbourTable | undefined> {
  const output = await runStandin(docker, { host: true, ...args }, ["neighbours"], undefined);
  if (output.trim() === "") return undefined;
  const numbers = new Map(output.split("\n").map((line) => line.split(" ") as [string, string]));
  const number = (name: string) => Number(numbers.get(name));
  return { limit: number("limit"), entries: number("entries"), full: number("full") };
}

async function runStandin(
  docker: Docker,
  where: ({ containerId: string } | { host: true }) & { image: string; stack: string },
  command: string[],
  targets: string | undefined,
): Promise<string> {
  const container = await docker.createContainer({
    Image: where.image,
    Entrypoint: ["/standin"],
    Cmd: command,
    User: "65534:65534",
    Labels: { "ums.prober": where.stack },
    HostConfig: {
      NetworkMode: "host" in where ? "host" : `container:${where.containerId}`,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: 64 * mebibyte,
      LogConfig: { Type: "json-file", Config: {} },
    },
  });
  try {
    if (targets !== undefined) {
      const archive = pack();
      archive.entry({ name: targetFile, mode: 0o444 }, targets);
      archive.finalize();
      await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/" });
    }
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const output = demultiplex((await container.logs({ stdout: true, stderr: true })) as unknown as Buffer);
    if (StatusCode !== 0)
      throw new EnvironmentFault(`a prober failed (exit ${StatusCode}): ${output.slice(0, 300)}`);
    return output;
  } finally {
    await container.remove({ force: true });
  }
}
