import { EnvironmentFault } from "../../stacks/errors.ts";
import type { EngineName } from "../engines/engine.ts";
import { openSession, root } from "../session.ts";
import { prepareMachine } from "../setup/machine.ts";
import { plan } from "./plan.ts";
import { up } from "./up.ts";
import { verify } from "./verify.ts";

/** The `start` command: prepares the machine, starts the rehearsal, and proves its isolation. */
export async function start(options: { engine?: EngineName }): Promise<void> {
  const stack = { stack: "dev" };
  const { state } = openSession(stack);
  try {
    await prepareMachine(root, state.home, (message) => process.stderr.write(`${message}\n`));
  } catch (error) {
    // Nothing can run here, but what would run can be shown.
    if (error instanceof EnvironmentFault) await plan(stack);
    throw error;
  }
  await up({ ...stack, ...options });
  await verify({ ...stack, brief: true });
  process.stdout.write(
    "next: npx ums status, npx ums plan --stack prod, npx ums down; README.md has the rest\n",
  );
}
