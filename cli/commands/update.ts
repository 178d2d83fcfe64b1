import { overrideImage } from "../../stacks/config/imageOverride.ts";
import { InputError } from "../../stacks/errors.ts";
import { parseImage } from "../../stacks/imageReference.ts";
import type { Platform } from "../../stacks/platform.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { connectDocker } from "../../targets/docker/host.ts";
import { runningServices } from "../../targets/docker/power.ts";
import { saveState } from "../backup/state.ts";
import { Violation } from "../output/exit.ts";
import { table } from "../output/table.ts";
import { openSession, type Session, type StackOptions } from "../session.ts";
import { backUpFirst, backupSteps } from "../update/backup.ts";
import { checkOnlyImages, checkProviders, configText, type UpdateContext } from "../update/converge.ts";
import { type Update, UpdateHistory } from "../update/history.ts";
import { deployedImages, type ImageChange, imageChanges, runningImages } from "../update/images.ts";
import { rewriteConfig, undo, updateService } from "../update/steps.ts";

export interface UpdateOptions extends StackOptions {
  /** Show what would change, and change nothing. */
  dryRun?: boolean;
  /** False: take no backup first. */
  backup?: boolean;
}

/** The `update` command: services whose record names another image than the one deployed get it, one after the other. */
export async function update(names: readonly string[], options: UpdateOptions): Promise<void> {
  const context = await openUpdate(names, options);
  const { state } = context.session;
  const history = new UpdateHistory(state.folder);
  if (options.dryRun !== true) await finishRollbacks(context, history);
  const { text, held } = released(context, history, names);
  const interrupted = interruptedUpdates(context, history);
  const { platform } = openSession(options, { text }).loaded;
  const changes = imageChanges(platform, context.deployed).filter(
    ({ service }) => names.length === 0 || names.includes(service) || interrupted.includes(service),
  );
  for (const line of held) say(line);
  if (changes.length === 0) return say("nothing to update: what was deployed is what is declared");
  showChanges(changes, interrupted);
  if (options.dryRun === true) return;
  const services = changes.map(({ service }) => service);
  await checkProviders(platform, services);
  await checkOnlyImages(context, text);
  const fresh = services.filter((service) => !interrupted.includes(service));
  await backUpFirst(
    platform,
    fresh,
    options,
    backupSteps(options, async () => runningServices(await connectDocker(), platform)),
  );
  await state.locked(async () => {
    rewriteConfig(context, () => text);
    context.session = openSession(options);
    await updateAll(context, history, changes).finally(() => saveState(context.session));
  });
}

/** The `rollback` command: services get the image back that they had before their last update. */
export async function rollback(names: readonly string[], options: StackOptions): Promise<void> {
  const context = await openUpdate(names, options);
  const { state, loaded } = context.session;
  const history = new UpdateHistory(state.folder);
  await checkOnlyImages(context, configText(context));
  await state.locked(async () => {
    const wanted = undoable(history, names);
    const order = loaded.platform.waves.flat().reverse();
    try {
      for (const one of wanted.sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service))) {
        await undo(context, history, one);
        say(
          `${one.service} has ${one.from} again; ${loaded.config.file} says so, and its data is as it was left`,
        );
      }
    } finally {
      await saveState(context.session);
    }
  });
}

/** @throws InputError for services that the stack does not have, or before anything was deployed */
async function openUpdate(names: readonly string[], options: StackOptions): Promise<UpdateContext> {
  const session = openSession(options);
  const { platform } = session.loaded;
  const known = platform.services.map(({ name }) => name);
  const problems = names
    .filter((name) => !known.includes(name))
    .map((name) => ({ message: `the stack has no service "${name}"${didYouMean(name, known)}` }));
  if (problems.length > 0) throw new InputError(problems);
  const deployed = await deployedOf(session);
  if (deployed.size === 0)
    throw new InputError([
      { message: `nothing is deployed yet; npx ums up --stack ${platform.stack} does it` },
    ]);
  return { options, session, deployed: new Map(deployed) };
}

async function deployedOf({ state, loaded }: Session) {
  const snapshot = state.readSnapshot();
  return snapshot
    ? deployedImages(snapshot, loaded.platform)
    : runningImages(await connectDocker(), loaded.platform.stack);
}

/** Services whose update was killed; one that an `up` brought to its end meanwhile is done. */
function interruptedUpdates({ deployed }: UpdateContext, history: UpdateHistory): string[] {
  for (const one of history.in("under way"))
    if (deployed.get(one.service) === one.to) history.put({ ...one, state: "done" });
  return history.in("under way").map(({ service }) => service);
}

/** A rollback that was killed: the config says the old image already. */
async function finishRollbacks(context: UpdateContext, history: UpdateHistory): Promise<void> {
  const open = history.in("undoing");
  if (open.length === 0) return;
  await context.session.state.locked(async () => {
    try {
      for (const one of open) {
        say(`going on with the rollback of ${one.service}`);
        await undo(context, history, one);
      }
    } finally {
      await saveState(context.session);
    }
  });
}

/**
 * The config as it is to be. A service that was rolled back is held at its old image by an override, until it is
 * updated by name.
 */
function released(
  context: UpdateContext,
  history: UpdateHistory,
  names: readonly string[],
): { text: string; held: string[] } {
  let text = configText(context);
  const held: string[] = [];
  for (const { service, from, to, overridden } of history.in("undone")) {
    if (declaredImage(context.session.loaded.platform, service) !== from) continue;
    if (names.includes(service)) text = overrideImage(text, service, overridden ? parseImage(to) : undefined);
    else
      held.push(
        `${service} is held at ${from}, because ${to} was taken back; npx ums update ${service} tries again`,
      );
  }
  return { text, held };
}

function declaredImage({ services }: Platform, name: string): string | undefined {
  return services.find((service) => service.name === name)?.image.reference;
}

function showChanges(changes: readonly ImageChange[], interrupted: readonly string[]): void {
  const digest = (reference: string) => parseImage(reference).digest?.slice(7, 19) ?? "-";
  const change = (from: string, to: string) => (from === to ? from : `${from} -> ${to}`);
  const rows = changes.map(({ service, from, to }) => [
    service,
    change(parseImage(from).tag, parseImage(to).tag),
    change(digest(from), digest(to)),
    interrupted.includes(service) ? "was interrupted, goes on" : "",
  ]);
  say(table(["service", "tag", "digest", ""], rows));
}

/** @throws Violation when a service had to be given its old image back; those after it are not updated then */
async function updateAll(
  context: UpdateContext,
  history: UpdateHistory,
  changes: readonly ImageChange[],
): Promise<void> {
  const at = new Date().toISOString();
  for (const [index, change] of changes.entries()) {
    const { state } = await updateService(context, history, change, at);
    if (state === "done") {
      say(`${change.service} runs ${change.to}; npx ums rollback ${change.service} takes it back`);
      continue;
    }
    const { file } = context.session.loaded.config;
    say(
      `${change.service} has ${change.from} again, and ${file} holds it there: overrides.${change.service}.image`,
    );
    const rest = changes.slice(index + 1).map(({ service }) => service);
    if (rest.length > 0) say(`not updated: ${rest.join(", ")}`);
    throw new Violation();
  }
}

/** The updates that are meant: of named services, or those of the last run. @throws InputError when there is none */
function undoable(history: UpdateHistory, names: readonly string[]): Update[] {
  const updates = history.in("done", "under way", "undoing");
  if (names.length === 0) {
    const last = updates
      .map(({ at }) => at)
      .sort()
      .at(-1);
    if (last === undefined)
      throw new InputError([{ message: "nothing was updated that could be taken back" }]);
    return updates.filter(({ at }) => at === last);
  }
  const problems = names
    .filter((name) => !updates.some(({ service }) => service === name))
    .map((name) => ({ message: `${name} was not updated, so there is nothing to take back` }));
  if (problems.length > 0) throw new InputError(problems);
  return updates.filter(({ service }) => names.includes(service));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
