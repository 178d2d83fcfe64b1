import { fallingWith } from "../../stacks/dependants.ts";
import { InputError } from "../../stacks/errors.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { connectDocker, dockerFault } from "../../targets/docker/host.ts";
import {
  deployedServices,
  runningServices,
  startServices,
  stopServices,
} from "../../targets/docker/power.ts";
import { withProgress } from "../output/progress.ts";
import { openSession, type Session, type StackOptions } from "../session.ts";

export interface PowerOptions extends StackOptions {
  /** Take dependants along. */
  cascade?: boolean;
}

/** The `start NAME`, `stop` and `restart` commands: running services, and nothing of what is declared. */
export async function power(
  command: "start" | "stop" | "restart",
  names: readonly string[],
  options: PowerOptions,
): Promise<void> {
  const session = openSession(options);
  await session.state.locked(async () => {
    const docker = await connectDocker();
    const { platform, catalog } = session.loaded;
    await known(names, session);
    const lines = await withProgress(
      {
        title: `${command} ${names.join(" ")}`,
        run: async (progress) => {
          if (command === "start")
            return [say("started", await startServices(docker, platform, names, progress))];
          const falling = fallingWith(catalog, await runningServices(docker, platform), names);
          if (falling.length > 0 && options.cascade !== true)
            throw new InputError([
              {
                message: `${falling.join(", ")} ${falling.length === 1 ? "runs" : "run"} and cannot do without ${names.join(", ")}; --cascade ${command}s ${falling.length === 1 ? "it" : "them"}, too`,
              },
            ]);
          const stopped = await stopServices(docker, platform, [...names, ...falling], progress);
          if (command === "stop") return [say("stopped", stopped)];
          const again = [...new Set([...names, ...stopped])];
          await startServices(docker, platform, again, progress);
          return [say("restarted", again.sort())];
        },
      },
      false,
    ).catch((error: unknown) => {
      throw dockerFault(error);
    });
    process.stdout.write(`${lines.join("\n")}\n`);
  });

  async function known(wanted: readonly string[], { loaded }: Session): Promise<void> {
    const docker = await connectDocker();
    const deployed = await deployedServices(docker, loaded.platform);
    const problems = wanted.flatMap((name) => {
      if (deployed.includes(name)) return [];
      const declared = loaded.platform.services.some((service) => service.name === name);
      const message = declared
        ? `${name} has no container yet; npx ums up --stack ${options.stack} makes it`
        : `the stack has no service "${name}"${didYouMean(name, deployed)}`;
      return [{ message }];
    });
    if (problems.length > 0) throw new InputError(problems);
  }
}

function say(done: string, names: readonly string[]): string {
  return names.length === 0 ? `nothing to be ${done}` : `${done}: ${names.join(", ")}`;
}
