import { InputError } from "../../../stacks/errors.ts";
import type { LoadedStack } from "../../../stacks/load.ts";
import { refuseWeak } from "../../../stacks/password.ts";
import { dayOf, type SecretEntry } from "../../../stacks/secrets/inventory.ts";
import { isUp } from "../../../targets/docker/health.ts";
import { connectDocker, dockerFault, stackContainers } from "../../../targets/docker/host.ts";
import { sealPulumiSecret } from "../../../targets/inProcess/cipher.ts";
import { countChanges } from "../../../targets/plan.ts";
import { saveState } from "../../backup/state.ts";
import { chooseEngine } from "../../engines/choose.ts";
import { Violation } from "../../output/exit.ts";
import { type Chosen, dueSecrets, namedSecrets } from "../../secrets/choose.ts";
import { readValues } from "../../secrets/input.ts";
import { inventoryOf } from "../../secrets/inventory.ts";
import type { Journal, RotatedSecret } from "../../secrets/journal.ts";
import { begin, goOn, RotationUndone } from "../../secrets/rotation.ts";
import { StackSteps } from "../../secrets/stackSteps.ts";
import { encryptionSalt, generatedSecrets } from "../../secrets/values.ts";
import { openSession, planStack, type Session, type StackOptions } from "../../session.ts";

export interface RotateOptions extends StackOptions {
  /** What is due, instead of named secrets. */
  due?: boolean;
  /** Say what would be done, and do nothing. */
  dryRun?: boolean;
}

/**
 * The `secrets rotate` command: another value for secrets, at the server first and then at its consumers. A rotation
 * that was interrupted is taken to its end first.
 */
export async function rotateSecrets(names: readonly string[], options: RotateOptions): Promise<void> {
  if (names.length > 0 && options.due === true)
    throw new InputError([{ message: "name secrets, or say --due; not both" }]);
  const session = openSession(options, { unsetSecrets: options.dryRun === true ? "warn" : "refuse" });
  await session.state.locked(async () => {
    const interrupted = session.state.readRotation();
    if (!interrupted && names.length === 0 && options.due !== true)
      throw new InputError([{ message: "name the secrets to rotate, or say --due" }]);
    if (options.dryRun === true) return describeOnly(names, session, options, interrupted);
    const steps = new StackSteps(session, options, await engineOf(session));
    const done = interrupted ? await finish(interrupted, session, steps) : [];
    const left = names.filter((name) => !done.includes(name));
    if (left.length === 0 && options.due !== true) return;
    // What was interrupted may have changed the config.
    await rotate(left, openSession(options, { unsetSecrets: "refuse" }), options, steps);
  });
}

async function engineOf({ state }: Session) {
  if (!state.readSnapshot())
    throw new InputError([
      { message: `the stack ${state.stack} is not up: its first up makes what is generated` },
    ]);
  return chooseEngine(undefined, state);
}

/** Takes an interrupted rotation to its end. Returns the secrets that have a new version by it. */
async function finish(journal: Journal, session: Session, steps: StackSteps): Promise<string[]> {
  const names = journal.secrets.map(({ name }) => name).join(", ");
  process.stderr.write(`going on with the interrupted rotation of ${names}\n`);
  const end = await goOn(journal, steps)
    .finally(() => saveState(session))
    .catch((error: unknown) => undone(error, journal.secrets));
  process.stdout.write(
    end === "done"
      ? `${doneLines(journal.secrets).join("\n")}\n`
      : `the interrupted rotation of ${names} is undone: ${versionsBack(journal.secrets)}\n`,
  );
  return end === "done" ? journal.secrets.map(({ name }) => name) : [];
}

async function rotate(
  names: readonly string[],
  session: Session,
  options: RotateOptions,
  steps: StackSteps,
): Promise<void> {
  const { entries, byHand } = await choose(names, session, options);
  if (entries.length > 0) {
    await requireSettled(session);
    process.stderr.write(`${planLines(entries, session.loaded).join("\n")}\n`);
    const secrets = await newVersions(entries, session);
    await begin(secrets, steps)
      .finally(() => saveState(session))
      .catch((error: unknown) => undone(error, secrets));
    process.stdout.write(
      `${[...doneLines(secrets), `${session.loaded.config.file} is changed: keep it with the rest of your configuration`].join("\n")}\n`,
    );
  } else {
    process.stdout.write("no generated secret is due\n");
  }
  if (byHand.length === 0) return;
  process.stdout.write(`${byHandLines(byHand, options.stack).join("\n")}\n`);
  throw new Violation();
}

async function choose(
  names: readonly string[],
  session: Session,
  { due, stack }: RotateOptions,
): Promise<Chosen> {
  const generated = await generatedSecrets(session);
  const all = inventoryOf(session.loaded, generated);
  if (due !== true) return namedSecrets(names, all, stack);
  if (generated.why !== undefined)
    throw new InputError([{ message: `what is due cannot be known: ${generated.why}` }]);
  return dueSecrets(all);
}

/** Says what a rotation would do. */
async function describeOnly(
  names: readonly string[],
  session: Session,
  options: RotateOptions,
  interrupted: Journal | undefined,
): Promise<void> {
  const { entries, byHand } = await choose(names, session, options);
  const chosen = names.length > 0 || options.due === true;
  const lines = [
    ...(interrupted
      ? [`first the interrupted rotation of ${interrupted.secrets.map(({ name }) => name).join(", ")}`]
      : []),
    ...(entries.length > 0
      ? planLines(entries, session.loaded)
      : chosen
        ? ["no generated secret is due"]
        : []),
    ...byHandLines(byHand, options.stack),
    "nothing was changed",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/**
 * A rotation changes secrets and nothing else, and takes what is not healthy afterwards for its own doing.
 * @throws InputError when an up would change something, or a service is not healthy
 */
async function requireSettled(session: Session): Promise<void> {
  const { loaded, stack } = session;
  const { changes } = await planStack(session);
  const counts = countChanges(changes);
  const waiting = counts.create + counts.update + counts.replace + counts.delete;
  if (waiting > 0)
    throw new InputError([
      { message: `the stack ${stack} is not yet as its config says: npx ums up --stack ${stack} first` },
    ]);
  const docker = await connectDocker();
  const containers = await stackContainers(docker, stack).catch((error: unknown) => {
    throw dockerFault(error);
  });
  const down = loaded.platform.services.filter(
    ({ name }) => !containers.some((container) => container.service === name && isUp(container)),
  );
  if (down.length > 0)
    throw new InputError([
      {
        message: `${down.map(({ name }) => name).join(", ")} ${down.length === 1 ? "is" : "are"} not healthy; a rotation begins where all is well (npx ums status --stack ${stack})`,
      },
    ]);
}

/** The secrets with the versions they get; for those that the user set, the new values are read. */
async function newVersions(entries: readonly SecretEntry[], session: Session): Promise<RotatedSecret[]> {
  const { loaded, state } = session;
  const { config, platform } = loaded;
  const since = dayOf(new Date());
  const set = entries.filter(({ kind }) => kind === "set");
  const values = new Map<string, string>();
  const read = set.length > 0 ? await readValues(set.map(({ name }) => `new value of ${name}: `)) : [];
  for (const [index, { name }] of set.entries()) values.set(name, read[index] ?? "");
  const empty = [...values].filter(([, value]) => value === "").map(([name]) => name);
  if (empty.length > 0)
    throw new InputError([
      { message: `no new value for ${empty.join(", ")}: one line each on standard input, in this order` },
    ]);
  await refuseWeak(platform, Object.fromEntries(values));
  const kept = new Set(platform.secrets.flatMap(({ id, keepsPrevious }) => (keepsPrevious ? [id] : [])));
  const passphrase = set.length > 0 ? state.passphrase(config.platform.environment) : "";
  return entries.map(({ name, version }) => {
    const before = config.platform.secretVersions[name];
    const value = values.get(name);
    const ciphertext = config.encryptedSecrets[name];
    return {
      name,
      from: version,
      to: version + 1,
      since,
      ...(before === undefined ? {} : { before }),
      ...(kept.has(name) ? { keepsPrevious: true as const } : {}),
      ...(value === undefined || ciphertext === undefined
        ? {}
        : {
            ciphertexts: {
              before: ciphertext,
              after: sealPulumiSecret(value, encryptionSalt(config), passphrase),
            },
          }),
    };
  });
}

function planLines(entries: readonly SecretEntry[], { platform }: LoadedStack): string[] {
  const touched = new Set(entries.flatMap(({ consumers }) => consumers));
  const inOrder = platform.waves.flat().filter((service) => touched.has(service));
  return [
    ...entries.map(({ name, version }) => `${name}: version ${version} -> ${version + 1}`),
    `started anew, in this order: ${inOrder.join(", ") || "nothing"}`,
  ];
}

function doneLines(secrets: readonly RotatedSecret[]): string[] {
  return secrets.map(
    ({ name, from, to, keepsPrevious }) =>
      `${name} has version ${to}; version ${from} ${keepsPrevious ? "is kept for older backups, until the next rotation" : "is gone"}`,
  );
}

function byHandLines(entries: readonly SecretEntry[], stack: string): string[] {
  return entries.map(
    ({ name, due }) =>
      `${name} is due since ${due} and was issued elsewhere: get another value, then npx ums secrets rotate ${name} --stack ${stack}`,
  );
}

function versionsBack(secrets: readonly RotatedSecret[]): string {
  return `${secrets.map(({ name, from }) => `${name} has version ${from}`).join(", ")} again`;
}

/** Says that all is as before, and why. */
function undone(error: unknown, secrets: readonly RotatedSecret[]): never {
  if (!(error instanceof RotationUndone)) throw error;
  process.stderr.write(`the rotation was undone: ${versionsBack(secrets)}; the reason:\n`);
  throw error.cause;
}
