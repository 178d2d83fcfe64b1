import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import picocolors from "picocolors";
import { Chooser } from "../../stacks/chooser.ts";
import { changeSelection } from "../../stacks/config/selection.ts";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import { writeKept } from "../../targets/files.ts";
import { type BrowserState, openState, type Shelf } from "../browser/model.ts";
import { offersOf } from "../browser/offers.ts";
import { press } from "../browser/press.ts";
import { onFullScreen } from "../browser/terminal.ts";
import { screen } from "../browser/view.ts";
import { ask } from "../output/ask.ts";
import { Interrupted } from "../output/exit.ts";
import { openSession, planStack, root, type Session, type StackOptions } from "../session.ts";
import { planText, sinceLastUp } from "./plan.ts";
import { memberLines } from "./services.ts";
import { up } from "./up.ts";

/** The `browse` command: services chosen on the terminal, then the plan, and only then the stack's config is written. */
export async function browse(options: StackOptions): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new EnvironmentFault(
      "services are browsed on a terminal, and this is none",
      "npx ums list, add, remove and plan do the same without one",
    );
  const session = openSession(options);
  const { config, platform, catalog } = session.loaded;
  const path = resolve(root, config.file);
  const before = readFileSync(path, "utf8");
  const chooser = new Chooser(catalog, config);
  const shelf: Shelf = {
    stack: options.stack,
    description: `${platform.environment}, ${platform.images} images`,
    chooser,
    offers: offersOf(chooser),
  };
  let state = openState(shelf);
  for (;;) {
    state = await chosenOnScreen(shelf, state);
    if (state.end === "quit") return say(`${config.file} is as it was`);
    const after = changeSelection(before, chooser.change(state.named));
    const answer = await confirmed(session, options, after);
    if (answer === "no") return say(`${config.file} is as it was`);
    if (answer === "yes") {
      writeUnlessChanged(path, before, after, config.file);
      say(`${config.file} is changed`);
      return offerUp(options);
    }
    const { end, message, ...reopened } = state;
    state = reopened;
  }
}

/** @throws Interrupted by Ctrl-C */
async function chosenOnScreen(shelf: Shelf, start: BrowserState): Promise<BrowserState> {
  const state = await onFullScreen(start, {
    press: (before, key) => press(shelf, before, key),
    lines: (now, size) => screen(shelf, now, size, picocolors),
    isOver: ({ end }) => end !== undefined,
  });
  if (state === undefined || state.end === "interrupted") throw new Interrupted();
  return state;
}

/** Shows what the stack would be, and asks. A stack that cannot be is shown with what is wrong, and not written. */
async function confirmed(
  session: Session,
  options: StackOptions,
  text: string,
): Promise<"yes" | "back" | "no"> {
  let next: Session;
  try {
    next = openSession(options, { text });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say(`This cannot be:\n${error.message}`);
    return ask("Back to the list?", ["back", "no"]);
  }
  const planned = await planStack(next);
  say(planText(next.loaded.platform, planned, sinceLastUp(planned)));
  for (const line of memberLines(session.loaded, next.loaded)) say(line);
  if (planned.report.refused.length > 0)
    say("The policies refuse this (see above): an up would stop at that.");
  return ask(`Write this to ${session.loaded.config.file}?`, ["yes", "back", "no"]);
}

/** @throws InputError when somebody else changed the file meanwhile */
function writeUnlessChanged(path: string, before: string, after: string, file: string): void {
  if (readFileSync(path, "utf8") !== before)
    throw new InputError([
      { message: `${file} was changed meanwhile, so nothing was written; run the same command again` },
    ]);
  writeKept(path, after);
}

async function offerUp(options: StackOptions): Promise<void> {
  if ((await ask("Run ums up now?", ["yes", "no"])) === "yes") return up(options);
  say(`npx ums up --stack ${options.stack} makes it so`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
