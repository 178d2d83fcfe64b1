import { finished } from "node:stream/promises";
import { InputError } from "../../stacks/errors.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { connectDocker, demultiplex, dockerFault, stackContainers } from "../../targets/docker/host.ts";
import type { StackOptions } from "../session.ts";

/**
 * The `logs` command: what a service wrote, and with `--follow` what it writes. It reads neither catalogue nor config:
 * logs are wanted most when something is wrong.
 */
export async function logs(
  name: string,
  options: StackOptions & { follow?: boolean; tail: string },
): Promise<void> {
  const { stack } = options;
  const tail = Number(options.tail);
  if (!Number.isInteger(tail) || tail < 0)
    throw new InputError([{ message: `--tail ${options.tail}: write a number of lines` }]);
  const docker = await connectDocker();
  const containers = await stackContainers(docker, stack);
  const found = containers.find(({ service }) => service === name);
  if (!found) {
    const names = containers.flatMap(({ service }) => service ?? []);
    const message =
      names.length === 0
        ? `the stack ${stack} has no container here; npx ums up --stack ${stack} makes them`
        : `no service "${name}" has a container${didYouMean(name, names)}`;
    throw new InputError([{ message }]);
  }
  const container = docker.getContainer(found.id);
  const wanted = { stdout: true, stderr: true, tail } as const;
  try {
    if (options.follow !== true) {
      process.stdout.write(demultiplex((await container.logs(wanted)) as unknown as Buffer));
      return;
    }
    const stream = (await container.logs({ ...wanted, follow: true })) as NodeJS.ReadableStream & {
      destroy(): void;
    };
    container.modem.demuxStream(stream, process.stdout, process.stderr);
    process.once("SIGINT", () => stream.destroy());
    await finished(stream).catch((error: NodeJS.ErrnoException) => {
      // Ended by the person.
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    });
  } catch (error) {
    throw dockerFault(error);
  }
}
