import { removeScratch } from "../../targets/backup/drill/scratch.ts";
import { declareStack } from "../../targets/declare.ts";
import { connectDocker } from "../../targets/docker/host.ts";
import { chooseEngine } from "../engines/choose.ts";
import type { EngineName } from "../engines/engine.ts";
import { confirmName } from "../output/confirm.ts";
import { withProgress } from "../output/progress.ts";
import { openSession, root, type StackOptions } from "../session.ts";

/** The `down` command: removes containers and networks, dependants first. Data volumes stay unless `--volumes` is confirmed. */
export async function down(
  options: StackOptions & { engine?: EngineName; volumes?: boolean },
): Promise<void> {
  const { loaded, state, stack } = openSession(options);
  if (options.volumes === true) await confirmName("all data of the stack", stack);
  await state.locked(async () => {
    const engine = await chooseEngine(options.engine, state);
    process.stderr.write(`engine: ${engine.description}\n`);
    const program = await declareStack(root, loaded);
    await withProgress(
      {
        title: `down ${stack}`,
        run: async (progress) => {
          const context = { root, loaded, state, program, progress };
          await engine.down(context);
          await removeScratch(await connectDocker(), stack);
          if (options.volumes === true) await engine.removeData(context);
        },
      },
      false,
    );
    state.removeSnapshot();
    state.writeReal(undefined);
    const kept = loaded.platform.volumes.length;
    process.stdout.write(
      options.volumes === true
        ? `stack ${stack} and its data are gone\n`
        : `stack ${stack} is down; its ${kept} data volumes are kept\n`,
    );
  });
}
