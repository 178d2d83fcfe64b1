import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** Writes a file only its owner can read, whole or not at all, so that an interrupted run leaves the old one. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeWhole(path, text, 0o600);
}

/** Writes a file that others may read, whole or not at all. */
export function writePublic(path: string, text: string): void {
  writeWhole(path, text, 0o644);
}

/** Changes a person's file, whole or not at all; its mode stays. */
export function writeKept(path: string, text: string): void {
  writeWhole(path, text, statSync(path).mode & 0o777);
}

function writeWhole(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = openSync(temporary, "w", mode);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Adds a line to a file that is only ever added to, and that its owner alone can read: whole and on disk when it returns,
 * or not at all.
 */
export function appendPrivate(path: string, line: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "a", 0o600);
  const { size } = fstatSync(file);
  try {
    writeFileSync(file, `${line}\n`);
    fsyncSync(file);
  } catch (error) {
    ftruncateSync(file, size);
    throw error;
  } finally {
    closeSync(file);
  }
}
