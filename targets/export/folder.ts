import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { InputError, type Problem } from "../../stacks/errors.ts";
import { writePrivate, writePublic } from "../files.ts";
import type { ExportedFile } from "./exported.ts";

/** Says which files of a folder an export wrote, and with what content. */
export const markerName = ".ums-export.json";

const ownPath = z.string().refine((path) => !path.startsWith("/") && !path.split("/").includes(".."));
const markerSchema = z.strictObject({
  version: z.literal(1),
  stack: z.string(),
  format: z.string(),
  /** SHA-256 of what we wrote; of an export that was interrupted, what was there before too. */
  files: z.record(ownPath, z.array(z.string())),
});
type Marker = z.output<typeof markerSchema>;

export interface FolderReport {
  /** Files that are new or changed. */
  written: string[];
  removed: string[];
  /** Files that a person edited and for which the export has nothing new. */
  kept: string[];
}

/**
 * Makes a folder hold an export: writes what is new, removes what an earlier export wrote and this one has not. What it
 * did not write, or what was edited since, it leaves alone.
 * @throws InputError naming every file that is in the way, before anything is changed
 */
export function writeExport(
  folder: string,
  { stack, format }: Pick<Marker, "stack" | "format">,
  files: readonly ExportedFile[],
): FolderReport {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isFile())
    throw new InputError([{ message: `${folder} is a file: name a folder` }]);
  const before = readMarker(folder, { stack, format });
  const report: FolderReport = { written: [], removed: [], kept: [] };
  const problems: Problem[] = [];
  for (const { path, text, secret } of files) {
    const known = before.files[path] ?? [];
    const wanted = digestOf(text);
    const found = stateOf(join(folder, path), known);
    if (found.kind === "edited" && known.length === 1 && known[0] === wanted) report.kept.push(path);
    else if (found.kind === "free" || found.kind === "ours") {
      if (found.digest !== wanted || found.secret !== secret) report.written.push(path);
    } else if (found.digest !== wanted) problems.push(inTheWay(folder, path, found.kind, known.length > 0));
  }
  const names = new Set(files.map(({ path }) => path));
  for (const [path, known] of Object.entries(before.files)) {
    if (names.has(path)) continue;
    const found = stateOf(join(folder, path), known);
    if (found.kind === "ours") report.removed.push(path);
    else if (found.kind === "edited") problems.push(leftover(folder, path));
  }
  problems.push(...blockedFolders(folder, [...names]));
  if (problems.length > 0) throw new InputError(problems);

  apply(folder, { version: 1, stack, format, files: before.files }, files, report);
  return report;
}

function apply(folder: string, before: Marker, files: readonly ExportedFile[], report: FolderReport): void {
  const wanted = Object.fromEntries(files.map(({ path, text }) => [path, [digestOf(text)]]));
  // Until all is written a file may be the old or the new one: an interrupted export goes on.
  const both: Marker["files"] = { ...before.files };
  for (const [path, digests] of Object.entries(wanted))
    both[path] = [...new Set([...(both[path] ?? []), ...digests])];
  mkdirSync(folder, { recursive: true });
  writeMarker(folder, { ...before, files: both });
  for (const { path, text, secret } of files) {
    if (!report.written.includes(path)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    (secret ? writePrivate : writePublic)(join(folder, path), text);
  }
  for (const path of report.removed) {
    rmSync(join(folder, path), { force: true });
    removeEmpty(folder, dirname(path));
  }
  writeMarker(folder, { ...before, files: wanted });
}

type Found =
  | { kind: "free"; digest?: undefined; secret?: undefined }
  | { kind: "ours" | "edited" | "foreign"; digest: string; secret: boolean };

/** What stands at a path, judged by the digests of what we wrote there. */
function stateOf(path: string, known: readonly string[]): Found {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (!entry) return { kind: "free" };
  if (!entry.isFile()) return { kind: "foreign", digest: "", secret: false };
  const digest = digestOf(readFileSync(path));
  const kind = known.length === 0 ? "foreign" : known.includes(digest) ? "ours" : "edited";
  return { kind, digest, secret: (entry.mode & 0o077) === 0 };
}

function inTheWay(folder: string, path: string, kind: "edited" | "foreign", ours: boolean): Problem {
  const message =
    kind === "edited"
      ? "was edited since the last export, which has something new for it; move it away, export again, and carry your changes over"
      : ours
        ? "is no plain file any more; move it away"
        : "is there and was not written by an export; move it away, or export to another folder";
  return { place: { file: join(folder, path) }, message };
}

function leftover(folder: string, path: string): Problem {
  return {
    place: { file: join(folder, path) },
    message: "was edited, and is not part of the export any more; remove it, or move it away",
  };
}

/** Folders of the export in whose place something else stands, such as a link that leads elsewhere. */
function blockedFolders(folder: string, paths: readonly string[]): Problem[] {
  const inner = new Set<string>();
  for (const path of paths) for (let at = dirname(path); at !== "."; at = dirname(at)) inner.add(at);
  return [...inner].sort().flatMap((path) => {
    const entry = lstatSync(join(folder, path), { throwIfNoEntry: false });
    return !entry || entry.isDirectory()
      ? []
      : [
          {
            place: { file: join(folder, path) },
            message: "is no folder, and the export needs one here; move it away",
          },
        ];
  });
}

function removeEmpty(folder: string, path: string): void {
  if (path === ".") return;
  try {
    rmdirSync(join(folder, path));
  } catch {
    return; // something else is in it
  }
  removeEmpty(folder, dirname(path));
}

function readMarker(folder: string, expected: Pick<Marker, "stack" | "format">): Marker {
  const path = join(folder, markerName);
  if (!existsSync(path)) return { version: 1, ...expected, files: {} };
  const marker = markerSchema.safeParse(parseJson(readFileSync(path, "utf8")));
  const refuse = (message: string) => new InputError([{ place: { file: path }, message }]);
  if (!marker.success) throw refuse("is damaged: export to another folder");
  const { stack, format } = marker.data;
  if (stack !== expected.stack || format !== expected.format)
    throw refuse(`says that the folder holds the stack ${stack} as ${format}: export to another folder`);
  return marker.data;
}

/** For its owner alone: digests of secrets can be tried out. */
function writeMarker(folder: string, marker: Marker): void {
  const sorted = Object.fromEntries(Object.entries(marker.files).sort(([a], [b]) => (a < b ? -1 : 1)));
  writePrivate(join(folder, markerName), `${JSON.stringify({ ...marker, files: sorted }, null, 2)}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digestOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
