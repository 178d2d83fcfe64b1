import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { overrideImage } from "../../stacks/config/imageOverride.ts";
import { InputError } from "../../stacks/errors.ts";
import { parseImage } from "../../stacks/imageReference.ts";
import type { Platform } from "../../stacks/platform.ts";
import { isUp, ServicesFailed } from "../../targets/docker/health.ts";
import { connectDocker, stackContainers } from "../../targets/docker/host.ts";
import { withProviders } from "../../targets/docker/power.ts";
import { writePrivate } from "../../targets/files.ts";
import { snapshotOf } from "../../targets/plan.ts";
import { chooseEngine } from "../engines/choose.ts";
import { stopIfRefused } from "../output/findings.ts";
import { withProgress } from "../output/progress.ts";
import { openSession, planStack, root, type Session, type StackOptions } from "../session.ts";
import { imageChanges } from "./images.ts";

/** What an update of a stack works with. */
export interface UpdateContext {
  options: StackOptions;
  session: Session;
  /** What every service was deployed with, as the last complete step left it. */
  deployed: Map<string, string>;
}

/** The stack's config file as it is now. */
export function configText({ session }: UpdateContext): string {
  return readFileSync(resolve(root, session.loaded.config.file), "utf8");
}

/**
 * The config with every service held at the image it was deployed with, but those in `moving`. Nothing of it is written
 * to the person's file.
 */
export function heldText(
  { options, deployed }: Pick<UpdateContext, "options" | "deployed">,
  text: string,
  moving: readonly string[],
): string {
  const { platform } = openSession(options, { text }).loaded;
  return imageChanges(platform, deployed)
    .filter(({ service }) => !moving.includes(service))
    .reduce((held, { service, from }) => overrideImage(held, service, parseImage(from)), text);
}

/**
 * Makes the stack what the config says, in which only the services in `moving` may change their image, and waits until
 * they are healthy.
 * @throws ServicesFailed when one of them, or what needs them, is not
 */
export async function converge(
  context: UpdateContext,
  title: string,
  moving: readonly string[],
): Promise<void> {
  const { state } = context.session;
  const own = configText(context);
  const text = heldText(context, own, moving);
  const file = join(state.folder, "update.yaml");
  if (text !== own) writePrivate(file, text);
  try {
    await deploy({ ...context.options, ...(text === own ? {} : { stackFile: file }) }, title, moving);
  } finally {
    rmSync(file, { force: true });
  }
}

async function deploy(options: StackOptions, title: string, moving: readonly string[]): Promise<void> {
  const session = openSession(options, { unsetSecrets: "refuse" });
  const { loaded, state } = session;
  const { program, report } = await planStack(session);
  stopIfRefused(report);
  const engine = await chooseEngine(undefined, state);
  try {
    await withProgress(
      { title, run: (progress) => engine.up({ root, loaded, state, program, progress }) },
      false,
    );
  } catch (error) {
    const concerned = [...moving, ...dependants(loaded.platform, moving)];
    const isOthers =
      error instanceof ServicesFailed && !error.failed.some(({ service }) => concerned.includes(service));
    if (!isOthers || moving.length === 0) throw error;
    process.stderr.write(`${error.message}\nthis has nothing to do with ${moving.join(", ")}\n`);
  }
  state.writeSnapshot(snapshotOf(program, engine.name));
}

/** Services that wait for others or live in their network namespace, directly or not. */
function dependants({ services }: Platform, names: readonly string[]): string[] {
  const found = new Set(names);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { name, after, through } of services)
      if (after.some((need) => found.has(need)) || (through !== undefined && found.has(through)))
        found.add(name);
  }
  return [...found].filter((name) => !names.includes(name));
}

/** Services of some whose container does not run or is not healthy. */
export async function notUp(stack: string, names: readonly string[]): Promise<string[]> {
  const containers = await stackContainers(await connectDocker(), stack);
  const up = new Set(containers.filter(isUp).map(({ service }) => service));
  return names.filter((name) => !up.has(name));
}

/**
 * Refuses an update whose failure would say nothing about the new image.
 * @throws InputError when what a service needs is not healthy
 */
export async function checkProviders(platform: Platform, names: readonly string[]): Promise<void> {
  const needs = withProviders(platform, names).filter((name) => !names.includes(name));
  const down = await notUp(platform.stack, needs);
  if (down.length === 0) return;
  const message = `${down.join(", ")}: needed by what is to be updated, and not healthy; npx ums status and logs say more`;
  throw new InputError([{ message }]);
}

/** @throws InputError when a config says more than new images: only `up` deploys that */
export async function checkOnlyImages(context: UpdateContext, text: string): Promise<void> {
  const { loaded, state } = context.session;
  const last = state.readSnapshot();
  if (!last) return;
  const held = openSession(context.options, { text: heldText(context, text, []) });
  const others = (await planStack(held, last)).changes.filter(({ type }) => type.startsWith("docker:"));
  if (others.length === 0) return;
  const shown = others.slice(0, 5).map(({ kind, name }) => `${kind} ${name}`);
  const more = others.length > shown.length ? ", …" : "";
  const message = `the stack's config says more than new images (${shown.join(", ")}${more}): npx ums up --stack ${loaded.platform.stack} does it; update and rollback change images alone`;
  throw new InputError([{ message }]);
}
