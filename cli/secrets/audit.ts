import { hostname, userInfo } from "node:os";
import { appendPrivate } from "../../targets/files.ts";

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

/** Adds a line to the audit log, which is only ever added to: who, when and what, and never a value. On disk when it returns. */
export function audit(path: string, event: AuditEvent): void {
  const { SUDO_USER: behind } = process.env;
  const who = `${userInfo().username}${behind === undefined ? "" : ` (${behind})`}@${hostname()}`;
  appendPrivate(path, JSON.stringify({ at: new Date().toISOString(), who, ...event }));
}
