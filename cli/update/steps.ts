import { resolve } from "node:path";
import { overrideImage } from "../../stacks/config/imageOverride.ts";
import { parseImage } from "../../stacks/imageReference.ts";
import { ServicesFailed } from "../../targets/docker/health.ts";
import { writeKept } from "../../targets/files.ts";
import { Interrupted, Violation } from "../output/exit.ts";
import { root } from "../session.ts";
import { configText, converge, notUp, type UpdateContext } from "./converge.ts";
import type { Update, UpdateHistory } from "./history.ts";
import type { ImageChange } from "./images.ts";

/** Changes the person's config file, if that changes anything. */
export function rewriteConfig(context: UpdateContext, change: (text: string) => string): void {
  const before = configText(context);
  const after = change(before);
  if (after !== before) writeKept(resolve(root, context.session.loaded.config.file), after);
}

/**
 * Gives a service its new image. When it, or what needs it, does not become healthy, the service gets its old image
 * back. Returns how it went.
 */
export async function updateService(
  context: UpdateContext,
  history: UpdateHistory,
  { service, from, to }: ImageChange,
  at: string,
): Promise<Update> {
  const { platform, config } = context.session.loaded;
  const overridden = config.platform.overrides[service]?.image !== undefined;
  const update: Update = { service, from, to, at, overridden, state: "under way" };
  const earlier = history.get(service);
  history.put(update);
  try {
    await converge(context, `${service}: ${shortImage(from)} -> ${shortImage(to)}`, [service]);
  } catch (error) {
    if (!(await isItsFault(error, platform.stack, service))) {
      if (earlier) history.put(earlier);
      else history.remove(service);
      throw error;
    }
    process.stderr.write(`${(error as Error).message}\n${service} is not healthy: going back\n`);
    return undo(context, history, update);
  }
  context.deployed.set(service, to);
  const done: Update = { ...update, state: "done" };
  history.put(done);
  return done;
}

/** A failed step left the service down, or what needs it: the new image is to blame. */
async function isItsFault(error: unknown, stack: string, service: string): Promise<boolean> {
  if (error instanceof Violation || error instanceof Interrupted) return false;
  if (error instanceof ServicesFailed) return true;
  return (await notUp(stack, [service])).length > 0;
}

/**
 * Gives a service its old image back, and writes it into the config first, so that no later `up` brings the new one.
 * Its data stays as it is.
 */
export async function undo(context: UpdateContext, history: UpdateHistory, update: Update): Promise<Update> {
  const { service, from, to } = update;
  history.put({ ...update, state: "undoing" });
  rewriteConfig(context, (text) => overrideImage(text, service, parseImage(from)));
  await converge(context, `${service}: ${shortImage(to)} -> ${shortImage(from)}`, [service]);
  context.deployed.set(service, from);
  const undone: Update = { ...update, state: "undone" };
  history.put(undone);
  return undone;
}

/** Tag, and the start of the digest. */
export function shortImage(reference: string): string {
  const { tag, digest } = parseImage(reference);
  return digest === undefined ? tag : `${tag}@${digest.slice(7, 19)}`;
}
