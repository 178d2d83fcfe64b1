import { existsSync, readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { writePrivate } from "../targets/files.ts";

const journalSchema = z.strictObject({
  at: z.iso.datetime(),
  /** Services whose state before it is in a backup. */
  saved: z.array(z.string()),
  /** Services that ran before it, and stop meanwhile. */
  stopped: z.array(z.string()),
});

/**
 * The restore that is under way, or was cut off. Going on, what it saved is not backed up again: what is there by then is
 * neither the old state nor the new one, and its servers are stopped.
 */
export type RestoreJournal = z.output<typeof journalSchema>;

/** Undefined where no restore was cut off, or what was written of it cannot be read: then everything is backed up first. */
export function readRestore(path: string): RestoreJournal | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return journalSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

export function writeRestore(path: string, journal: RestoreJournal): void {
  writePrivate(path, `${JSON.stringify(journal)}\n`);
}

export function removeRestore(path: string): void {
  rmSync(path, { force: true });
}
