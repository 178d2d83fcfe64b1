import { InputError } from "../../stacks/errors.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { Backup, backupService } from "../../targets/backup/repository.ts";
import { stoppedFor } from "../../targets/backup/restore.ts";
import { connectDocker } from "../../targets/docker/host.ts";
import { startServices, stopServices } from "../../targets/docker/power.ts";
import { saveState } from "../backup/state.ts";
import { chooseEngine } from "../engines/choose.ts";
import { Violation } from "../output/exit.ts";
import { audit } from "../secrets/audit.ts";
import { openSession, root, type Session, type StackOptions } from "../session.ts";

export interface BackupOptions extends StackOptions {
  passphrase?: boolean;
  newRepository?: string;
}

/** The `backup` command: saves services now, to every repository; or what people need of the repositories once. */
export async function backup(names: readonly string[], options: BackupOptions): Promise<void> {
  const session = openSession(options);
  if (options.passphrase === true) return showPassphrase(session);
  const { platform, catalog } = session.loaded;
  checkNames(names, session);
  const docker = await connectDocker();
  const running = new Backup(docker, platform);
  const write = (text: string) => process.stderr.write(text);
  if (options.newRepository !== undefined) {
    const known = platformRepositories(session);
    if (!known.includes(options.newRepository))
      throw wrong(
        `no repository is called "${options.newRepository}"${didYouMean(options.newRepository, known)}`,
      );
    const { exitCode } = await running.run(["new-repository", options.newRepository], write);
    if (exitCode !== 0) throw new Violation();
    return;
  }
  await session.state.locked(async () => {
    const whileStopped = platform.services
      .filter(({ name, mounts }) => names.includes(name) && mounts.some(({ copy }) => copy === "stopped"))
      .map(({ name }) => name);
    const stopping = whileStopped.length > 0 ? await stoppedFor(running, catalog, whileStopped) : [];
    const say = (message: string) => write(`${message}\n`);
    await stopServices(docker, platform, stopping, say);
    try {
      const { exitCode } = await running.run(["now", ...names], write);
      const stateSaved = await saveState(session);
      if (exitCode !== 0 || !stateSaved) throw new Violation();
    } finally {
      if (stopping.length > 0) await startServices(docker, platform, stopping, say);
    }
  });
}

/** Names of the stack's repositories. */
export function platformRepositories({ loaded }: Session): string[] {
  return loaded.config.platform.backup.repositories.map(({ name }) => name);
}

/** @throws InputError for names of services that are not there, or have nothing to back up */
export function checkNames(names: readonly string[], { loaded, stack }: Session): void {
  const services = loaded.platform.services;
  const known = services.filter(({ backup }) => backup !== "none").map(({ name }) => name);
  const problems = names.flatMap((name) => {
    if (known.includes(name)) return [];
    const message = services.some((service) => service.name === name)
      ? `${name} has nothing to back up: its record says backup: none`
      : `the stack ${stack} has no service "${name}"${didYouMean(name, known)}`;
    return [{ message }];
  });
  if (problems.length > 0) throw new InputError(problems);
}

function wrong(message: string): InputError {
  return new InputError([{ message }]);
}

/** Without the passphrase no backup can be read, and it is lost with this machine: people keep it elsewhere. */
async function showPassphrase({ loaded, state, stack }: Session): Promise<void> {
  const { name } = backupService(loaded.platform);
  const secret = loaded.platform.secrets.find(({ id }) => id === `${name}/password`);
  if (!secret || !state.readSnapshot()) throw wrong(`the stack ${stack} is not up: its first up makes it`);
  const engine = await chooseEngine(undefined, state);
  await state.locked(async () => {
    const find = await engine.generatedSecrets({ root, loaded, state });
    const value = find(secret)?.value;
    if (value === undefined) throw wrong(`no passphrase was made yet: npx ums up --stack ${stack}`);
    audit(state.auditPath, { action: "reveal", stack, secrets: [{ name: secret.id }] });
    state.markShown(secret.id, value);
    process.stdout.write(`${value}\n`);
  });
}
