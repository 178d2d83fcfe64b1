import type { VersionChange } from "../../stacks/config/versions.ts";
import type { AuditAction } from "./audit.ts";
import {
  backwardChange,
  forwardChange,
  type Journal,
  type RotatedSecret,
  retireChange,
  undoChange,
} from "./journal.ts";

/** What a rotation does to the world. Each may be done again after it was interrupted. */
export interface RotationSteps {
  keep(journal: Journal): void;
  forget(): void;
  /** Changes the stack's config. */
  change(change: VersionChange): void;
  /** Makes the stack as its config says, providers first, and waits until all of it is healthy. */
  deploy(): Promise<void>;
  /** Removes versions from services that keep them of themselves. */
  retire(versions: readonly { name: string; version: number }[]): Promise<void>;
  audit(action: AuditAction, secrets: readonly RotatedSecret[]): void;
}

/** New versions could not be put in place, and the old ones are back. */
export class RotationUndone extends Error {
  override readonly name = "RotationUndone";
  constructor(override readonly cause: unknown) {
    super("the rotation was undone");
  }
}

/** Begins a rotation and takes it to its end. @throws RotationUndone when what runs does not become healthy with it */
export async function begin(secrets: readonly RotatedSecret[], steps: RotationSteps): Promise<void> {
  const journal: Journal = { phase: "forward", secrets: [...secrets] };
  steps.audit("rotation begins", secrets);
  steps.keep(journal);
  await goOn(journal, steps);
}

/**
 * Takes a rotation to its end from where its journal says it is. Each phase is written down before its first step, and
 * every step changes nothing where it was done already: so a run that was killed anywhere is gone on with.
 * @returns what became of it: an interrupted undoing is undone without an error
 * @throws RotationUndone
 */
export async function goOn(journal: Journal, steps: RotationSteps): Promise<"done" | "undone"> {
  if (journal.phase === "undo") {
    await undo(journal, steps);
    return "undone";
  }
  if (journal.phase === "forward") await forward(journal, steps);
  await retire({ ...journal, phase: "retire" }, steps);
  return "done";
}

async function forward(journal: Journal, steps: RotationSteps): Promise<void> {
  try {
    steps.change(forwardChange(journal));
    await steps.deploy();
  } catch (error) {
    steps.audit("rotation fails", journal.secrets);
    const undoing: Journal = { ...journal, phase: "undo" };
    steps.keep(undoing);
    await undo(undoing, steps);
    throw new RotationUndone(error);
  }
  steps.keep({ ...journal, phase: "retire" });
  steps.audit("new version in use", journal.secrets);
}

async function retire(journal: Journal, steps: RotationSteps): Promise<void> {
  // Of what the user set nothing is left but the new value.
  const left = journal.secrets.filter(
    ({ ciphertexts, keepsPrevious }) => ciphertexts === undefined && !keepsPrevious,
  );
  if (left.length > 0) {
    steps.change(retireChange(journal));
    await steps.deploy();
    await steps.retire(left.map(({ name, from }) => ({ name, version: from })));
  }
  steps.audit("rotation done", journal.secrets);
  steps.forget();
}

async function undo(journal: Journal, steps: RotationSteps): Promise<void> {
  if (journal.secrets.some(({ keepsPrevious }) => keepsPrevious)) {
    steps.change(backwardChange(journal));
    await steps.deploy();
  }
  steps.change(undoChange(journal));
  await steps.deploy();
  await steps.retire(journal.secrets.map(({ name, to }) => ({ name, version: to })));
  steps.audit("rotation undone", journal.secrets);
  steps.forget();
}
