import { EnvironmentFault } from "../../stacks/errors.ts";
import { connectDocker } from "../../targets/docker/host.ts";
import { findPulumi, selectStack, usePulumiOf } from "../engines/pulumi.ts";
import { recover as recoverStack } from "../engines/recover.ts";
import { openSession, root, type StackOptions } from "../session.ts";

/** The `recover` command: makes a stack whose `pulumi up` was killed ready for the next one. */
export async function recover(options: StackOptions): Promise<void> {
  const { loaded, state, stack } = openSession(options);
  usePulumiOf(state.home);
  if (!(await findPulumi())) {
    throw new EnvironmentFault(
      "recover is for stacks of the Pulumi engine, and its CLI is not on PATH",
      "npx ums up: the embedded engine recovers by itself",
    );
  }
  const docker = await connectDocker();
  await state.locked(async () => {
    const selected = await selectStack({ root, loaded, state });
    const { done, gone } = await recoverStack(selected.workspace, docker, stack);
    if (gone.length > 0) {
      await selected.refresh({ color: "never" });
      done.push(`took ${gone.length} things that are gone out of the state`);
    }
    process.stdout.write(done.length === 0 ? "nothing to recover\n" : `${done.join("\n")}\n`);
  });
}
