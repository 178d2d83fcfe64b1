import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname } from "node:path";

/** What was done with secrets. */
export type AuditAction =
  | "reveal"
  | "export"
  | "set"
  | "rotation begins"
  | "new version in use"
  | "rotation done"
  | "rotation fails"
  | "rotation undone";

export interface AuditEvent {
  action: AuditAction;
  stack: string;
  /** Names of secrets, with their versions where these change. */
  secrets: readonly { name: string; from?: number; to?: number }[];
}

/** Readable and writable by the owner alone. */
const mode = 0o600;

/** Adds a line to the audit log, which is only ever added to: who, when and what, and never a value. On disk when it returns. */
export function audit(path: string, event: AuditEvent): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { SUDO_USER: behind } = process.env;
  const who = `${userInfo().username}${behind === undefined ? "" : ` (${behind})`}@${hostname()}`;
  const file = openSync(path, "a", mode);
  try {
    writeSync(file, `${JSON.stringify({ at: new Date().toISOString(), who, ...event })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
