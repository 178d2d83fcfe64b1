import { readFileSync, statSync } from "node:fs";
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from "yaml";
import type { z } from "zod";
import type { Place, Problem } from "./errors.ts";
import { problemsOf, type YamlPath } from "./issues.ts";

/** Larger files are refused unread: no record or stack config comes near it. Bytes. */
const largestFile = 1024 * 1024;
/** Aliases a document may expand to before it is refused as an anchor bomb. */
const mostAliases = 64;
/** Levels a file may be nested: the parser calls itself for each, and a record has fewer than ten. */
const deepest = 64;

/** A parsed and validated YAML file that still knows where everything in it was written. */
export interface YamlFile<T> {
  file: string;
  value: T;
  /** Place of the value at a path; of the nearest enclosing value where the path is absent. */
  locate(path: YamlPath): Place;
}

export type YamlResult<T> = { ok: true; yaml: YamlFile<T> } | { ok: false; problems: Problem[] };

export interface YamlOptions {
  /** True for paths that hold secrets, and all below them: no message repeats what is written there. */
  isSecret?: (path: YamlPath) => boolean;
}

/** Reads the file at `path`, which messages call `file`, as `parseYaml` does. One that cannot be read is a problem. */
export function readYaml<S extends z.ZodType>(
  path: string,
  file: string,
  schema: S,
  options: YamlOptions = {},
): YamlResult<z.output<S>> {
  let text: string;
  try {
    if (statSync(path).size > largestFile) return tooLarge(file);
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message =
      code === "ENOENT"
        ? "the file is not there, or is a link to one that is not"
        : `the file cannot be read (${code})`;
    return { ok: false, problems: [{ place: { file }, message }] };
  }
  return parseYaml(file, text, schema, options);
}

/** Line at which the text is nested too deeply, by brackets or by indentation; read before the parser sees it. */
function tooDeepAt(text: string): number | undefined {
  let brackets = 0;
  const indents: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const indent = line.search(/\S/);
    if (indent >= 0) {
      while (indents.length > 0 && (indents.at(-1) ?? 0) >= indent) indents.pop();
      indents.push(indent);
    }
    // "- - - x" nests without brackets or lines of its own.
    const dashes = /^\s*((?:- )+)/.exec(line)?.[1]?.length ?? 0;
    for (const character of line) {
      if (character === "[" || character === "{") brackets++;
      else if (character === "]" || character === "}") brackets = Math.max(0, brackets - 1);
      if (brackets > deepest) return index + 1;
    }
    if (indents.length + dashes / 2 > deepest) return index + 1;
  }
  return undefined;
}

/** Parses `text` and checks it against `schema`. Reports every problem with its line and column; never throws. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  { isSecret }: YamlOptions = {},
): YamlResult<z.output<S>> {
  if (Buffer.byteLength(text) > largestFile) return tooLarge(file);
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    const message = `is nested more than ${deepest} levels deep: no record or config needs that`;
    return { ok: false, problems: [{ place: { file, line: deep }, message }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const told = (message: string) => (isSecret ? withoutQuotes(message) : message);
  if (document.errors.length > 0) {
    const keys = keysByOffset(document, text);
    const problems = document.errors.map(({ code, message, pos: [offset] }) => ({
      place: placeAt(offset),
      message:
        code === "DUPLICATE_KEY" ? `this key is written twice: ${keys.get(offset) ?? ""}` : told(message),
    }));
    return { ok: false, problems };
  }
  const locate = (path: YamlPath): Place => {
    const offset = offsetOf(document, path);
    return offset === undefined ? { file, line: 1, column: 1 } : placeAt(offset);
  };
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    const message = `refused: ${told((error as Error).message)}`;
    return { ok: false, problems: [{ place: { file }, message }] };
  }
  const circle = circleIn(raw);
  if (circle) {
    const message = "this alias stands for a value that contains it; write the value out";
    return { ok: false, problems: [{ place: locate(circle), message }] };
  }
  const result = schema.safeParse(raw);
  if (result.success) return { ok: true, yaml: { file, value: result.data, locate } };
  const context = { raw, schema, locate, isSecret };
  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, context)) };
}

function tooLarge(file: string): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [{ place: { file }, message: "the file is over 1 MiB; split it" }] };
}

/** The parser's message without the text it quotes: after a colon that ends a word, or an escape sequence. */
function withoutQuotes(message: string): string {
  return message.replace(/(?<=[\w)]):\s.*|\\.*/s, "").trim();
}

/** Keys as they are written, by the offset they start at. */
function keysByOffset(document: Document.Parsed, text: string): Map<number, string> {
  const keys = new Map<number, string>();
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.range) keys.set(key.range[0], text.slice(key.range[0], key.range[1]));
    },
  });
  return keys;
}

/** Path to a value that contains itself, which an anchor and an alias inside it make. */
function circleIn(
  value: unknown,
  path: YamlPath = [],
  enclosing: readonly unknown[] = [],
): YamlPath | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (enclosing.includes(value)) return path;
  for (const [key, inner] of Object.entries(value)) {
    const circle = circleIn(inner, [...path, key], [...enclosing, value]);
    if (circle) return circle;
  }
  return undefined;
}

function offsetOf(document: Document.Parsed, path: YamlPath): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const sub = path.slice(0, length);
    const node = length === 0 ? document.contents : document.getIn(sub as unknown[], true);
    const found = pairKeyOffset(document, sub) ?? (node as Node | null)?.range?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Offset of the key at a path, when the path ends in a mapping. */
function pairKeyOffset(document: Document.Parsed, path: YamlPath): number | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1) as unknown[], true);
  if (!isMap(parent)) return undefined;
  const pair = (parent.items as Pair[]).find(
    (item) => isScalar(item.key) && String(item.key.value) === String(last),
  );
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}
