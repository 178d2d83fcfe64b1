import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import { findCompose, requireCompose } from "../../targets/compose/client.ts";
import type { StackState } from "../state.ts";
import { ComposeEngine } from "./compose.ts";
import type { Engine, EngineName } from "./engine.ts";
import { findPulumi, PulumiEngine, usePulumiOf } from "./pulumi.ts";

/**
 * The engine to work with: the one asked for; else the one that deployed the stack last; else Pulumi where its CLI is
 * to be had, else Compose.
 * @throws EnvironmentFault when it is not installed
 * @throws InputError when the stack was deployed by the other engine
 */
export async function chooseEngine(asked: EngineName | undefined, state: StackState): Promise<Engine> {
  const last = state.readSnapshot()?.engine;
  if (asked !== undefined && last !== undefined && asked !== last) {
    throw new InputError([
      {
        message: `the stack ${state.stack} runs on the ${last} engine; take it down first (npx ums down --stack ${state.stack}), its data stays`,
      },
    ]);
  }
  const wanted = asked ?? last;
  if (wanted !== "compose") {
    usePulumiOf(state.home);
    const pulumi = await findPulumi();
    if (pulumi) return new PulumiEngine(pulumi);
    if (wanted === "pulumi") {
      throw new EnvironmentFault(
        "the Pulumi CLI is not on PATH",
        "install it (https://www.pulumi.com/docs/install/), or use --engine compose",
      );
    }
  }
  if (wanted === "compose" || (await findCompose())) return new ComposeEngine(await requireCompose());
  throw new EnvironmentFault(
    "neither the Pulumi CLI nor Docker Compose is installed",
    "install one: apt-get install docker-compose-v2 (Ubuntu) or docker-compose (Debian), or the Pulumi CLI",
  );
}
