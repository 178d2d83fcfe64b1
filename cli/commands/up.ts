import type { Platform } from "../../stacks/platform.ts";
import { chosenReal } from "../../stacks/real.ts";
import { signInUsers } from "../../stacks/signIn.ts";
import { connectDocker, stackContainers } from "../../targets/docker/host.ts";
import { countChanges, snapshotOf } from "../../targets/plan.ts";
import { escrowLines } from "../backup/escrow.ts";
import { saveState } from "../backup/state.ts";
import { chooseEngine } from "../engines/choose.ts";
import type { EngineName } from "../engines/engine.ts";
import { stopIfRefused } from "../output/findings.ts";
import { withProgress } from "../output/progress.ts";
import { openSession, planStack, rememberReal, root, type StackOptions } from "../session.ts";
import type { StackState } from "../state.ts";
import { statusOf, statusTable } from "./status.ts";

/** The `up` command: makes the stack real, and says what runs where. */
export async function up(options: StackOptions & { engine?: EngineName }): Promise<void> {
  const session = openSession(options, { unsetSecrets: "refuse" });
  const { loaded, state, stack } = session;
  await state.locked(async () => {
    const { program, changes, report } = await planStack(session);
    stopIfRefused(report);
    const engine = await chooseEngine(options.engine, state);
    process.stderr.write(`engine: ${engine.description}\n`);
    rememberReal(session, options);
    if (state.readReal() !== undefined)
      process.stderr.write(
        `real programs: ${chosenReal(loaded.platform)} (as chosen by up --real; --real config goes back to the stack's config)\n`,
      );
    const rotation = state.readRotation();
    if (rotation)
      process.stderr.write(
        `a rotation of ${rotation.secrets.map(({ name }) => name).join(", ")} was interrupted: npx ums secrets rotate --stack ${stack} goes on with it\n`,
      );
    const counts = countChanges(changes);
    process.stderr.write(
      `plan: ${counts.create} to create, ${counts.update} to update, ${counts.replace} to replace, ${counts.delete} to delete\n`,
    );
    await withProgress(
      {
        title: `up ${stack}`,
        run: (progress) => engine.up({ root, loaded, state, program, progress }),
      },
      false,
    );
    state.writeSnapshot(snapshotOf(program, engine.name));
    const docker = await connectDocker();
    await saveState(session);
    for (const line of escrowLines(loaded.platform, state)) process.stderr.write(`${line}\n`);
    const rows = statusOf(loaded.platform, await stackContainers(docker, stack));
    process.stdout.write(`${statusTable(rows)}\n`);
    for (const line of firstSignIn(loaded.platform, state)) process.stdout.write(`${line}\n`);
  });
}

/** How the first administrator of a real stack gets in. */
function firstSignIn(platform: Platform, state: StackState): string[] {
  if (platform.images === "rehearsal") return [];
  return [...signInUsers(platform)]
    .filter(([, { id, source }]) => source.kind === "generate" && !state.wasShown(id))
    .map(
      ([user]) =>
        `${user}'s password is shown once: npx ums secrets show-once ${user} --stack ${platform.stack}`,
    );
}
