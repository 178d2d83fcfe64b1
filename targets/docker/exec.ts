import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { EnvironmentFault } from "../../stacks/errors.ts";

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a command in a running container, as its user. What it writes goes to `write`, too, as it comes. */
export async function execIn(
  docker: Docker,
  container: string,
  command: readonly string[],
  options: { write?: (text: string) => void; input?: Buffer } = {},
): Promise<ExecResult> {
  const { write, input } = options;
  const exec = await docker.getContainer(container).exec({
    Cmd: [...command],
    AttachStdin: input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: input !== undefined });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  const read = async (from: PassThrough) => {
    let text = "";
    for await (const chunk of from) {
      text += String(chunk);
      write?.(String(chunk));
    }
    return text;
  };
  const texts = Promise.all([read(stdout), read(stderr)]);
  if (input !== undefined) stream.end(input);
  await new Promise<void>((resolve, reject) => {
    stream.once("end", resolve).once("close", resolve).once("error", reject);
  });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? -1, stdout: out, stderr: err };
}

/**
 * Runs a command inside a running container, as its user.
 * @throws EnvironmentFault with what it wrote when it fails
 */
export async function runInside(docker: Docker, container: string, words: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await execIn(docker, container, words);
  if (exitCode === 0) return;
  const output = `${stdout}${stderr}`.trim();
  throw new EnvironmentFault(`${words[0]} in ${container} failed (exit ${exitCode}): ${output.slice(-400)}`);
}
