import { resolve } from "node:path";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { isReal } from "../../stacks/platform.ts";
import { Backup } from "../../targets/backup/repository.ts";
import { stateArchive } from "../../targets/backup/state.ts";
import { connectDocker, isMissing } from "../../targets/docker/host.ts";
import { chooseEngine } from "../engines/choose.ts";
import { root, type Session } from "../session.ts";

/** What saving a stack's own state needs of the world. */
export interface StateSteps {
  /** Whether the backup's container runs; undefined where it has none yet. */
  runs(): Promise<boolean | undefined>;
  /** What a Pulumi backend elsewhere keeps of the stack. */
  exported(): Promise<string | undefined>;
  /** Saves a tar to every repository; false where that failed, which the backup has said by then. */
  save(archive: Buffer): Promise<boolean>;
  say(line: string): void;
}

/**
 * Saves what a stack is besides its data into its backups: whatever changes its config, its secrets or what is deployed
 * does this at its end. It fails nothing: what could not be saved is said, has an alert, and is saved by the next command
 * that does it.
 * @returns false where it could not be saved everywhere; a stack whose backup is yet to be deployed has nothing to save to
 */
export async function saveState(session: Session, steps = stateSteps(session)): Promise<boolean> {
  const { loaded, state, stack } = session;
  const service = loaded.platform.services.find(({ roles }) => roles.includes("backup"));
  if (!service || !isReal(loaded.platform, service.name)) return true;
  const failed = (why: string) => {
    steps.say(
      `the stack's own state is not in the backups yet: ${why}; npx ums backup --stack ${stack} tries again`,
    );
    return false;
  };
  try {
    const runs = await steps.runs();
    if (runs === undefined) return true;
    if (!runs) return failed(`${service.name} does not run`);
    const archive = await stateArchive(state.home, stack, {
      configFile: resolve(root, loaded.config.file),
      exported: await steps.exported(),
    });
    return (await steps.save(archive)) || failed("a repository could not take it");
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/** The steps as they are on this machine. */
function stateSteps({ loaded, state }: Session): StateSteps {
  const write = (text: string) => process.stderr.write(text);
  const backup = async () => new Backup(await connectDocker(), loaded.platform);
  return {
    runs: async () => {
      try {
        const { docker, container } = await backup();
        return (await docker.getContainer(container).inspect()).State.Running;
      } catch (error) {
        // Secrets are set on machines without an engine, too, where nothing was ever deployed.
        if (isMissing(error) || (error instanceof EnvironmentFault && !state.readSnapshot()))
          return undefined;
        throw error;
      }
    },
    exported: async () => (await chooseEngine(undefined, state)).exportState({ root, loaded, state }),
    save: async (archive) => (await backup()).saveState(archive, write),
    say: (line) => write(`${line}\n`),
  };
}
