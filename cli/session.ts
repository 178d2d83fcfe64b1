import { join, resolve } from "node:path";
import type { StackConfigOptions } from "../stacks/config/load.ts";
import { type LoadedStack, loadStack, readStack } from "../stacks/load.ts";
import { chosenReal } from "../stacks/real.ts";
import type { ResolveOptions } from "../stacks/resolve/index.ts";
import { type CheckReport, checkProgram } from "../targets/check/check.ts";
import { declareStack } from "../targets/declare.ts";
import { type Change, changesSince, type Snapshot, snapshotOf } from "../targets/plan.ts";
import type { DeclaredProgram } from "../targets/resources.ts";
import { StackState } from "./state.ts";

/** Folder of the project: where catalogue, program and stack configs are. */
export const root = join(import.meta.dirname, "..");

/** Options every command that works on a stack takes. */
export interface StackOptions {
  stack: string;
  stackFile?: string;
  /** Services that run as real programs: `--real`, over what was remembered and what the config says. */
  real?: string;
}

/** A stack that is read and checked. */
export interface Session {
  stack: string;
  loaded: LoadedStack;
  state: StackState;
}

/** Folder of all state: UMS_HOME, or .ums in the project. */
function stateHome(): string {
  return resolve(process.env.UMS_HOME ?? join(root, ".ums"));
}

/** What `--real` takes to go back to what the stack's config says. */
const realOfConfig = "config";

/** @throws InputError when catalogue or config are wrong */
export function openSession(
  { stack, stackFile, real }: StackOptions,
  options: ResolveOptions & Pick<StackConfigOptions, "text"> = {},
): Session {
  const state = new StackState(stateHome(), stack);
  const choice = real === undefined ? state.readReal() : real === realOfConfig ? undefined : real;
  const loaded = loadStack(root, stack, {
    ...options,
    ...(stackFile === undefined ? {} : { file: stackFile }),
    ...(choice === undefined ? {} : { real: { choice, lenient: real === undefined } }),
  });
  return { stack, loaded, state };
}

/** A stack whose config can be read, whatever it still lacks. @throws InputError */
export function openConfig({ stack, stackFile }: StackOptions) {
  const read = readStack(root, stack, stackFile === undefined ? {} : { file: stackFile });
  return { ...read, stack, state: new StackState(stateHome(), stack) };
}

/** Keeps what `--real` chose for every later command on the stack, until another choice or a `down`. */
export function rememberReal({ loaded, state }: Session, { real }: StackOptions): void {
  if (real === undefined) return;
  state.writeReal(real === realOfConfig ? undefined : chosenReal(loaded.platform));
}

export interface PlannedStack {
  program: DeclaredProgram;
  next: Snapshot;
  changes: Change[];
  /** What the changes are counted from. */
  last: Snapshot | undefined;
  /** What the policies say. */
  report: CheckReport;
}

/** Runs the program in this process, judges it by the policies and compares it with `last`: of itself, the last `up`. */
export async function planStack(
  { loaded, state }: Session,
  last = state.readSnapshot(),
): Promise<PlannedStack> {
  const program = await declareStack(root, loaded);
  const next = snapshotOf(program, "compose");
  const report = checkProgram(root, loaded, program);
  return { program, next, last, report, changes: changesSince(last, next) };
}
