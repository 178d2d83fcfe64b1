import { type Document, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import type { z } from "zod";
import type { Place, Problem } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

/** Larger files are refused unread: no record or stack config comes near it. Bytes. */
export const largestFile = 1024 * 1024;
/** Aliases a document may expand to before it is refused as an anchor bomb. */
const mostAliases = 64;

export type YamlPath = readonly PropertyKey[];

/** A parsed and validated YAML file that still knows where everything in it was written. */
export interface YamlFile<T> {
  file: string;
  value: T;
  /** Place of the value at a path; of the nearest enclosing value where the path is absent. */
  locate(path: YamlPath): Place;
}

export type YamlResult<T> = { ok: true; yaml: YamlFile<T> } | { ok: false; problems: Problem[] };

/** Parses `text` and checks it against `schema`. Reports every problem with its line and column; never throws. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
): YamlResult<z.output<S>> {
  if (Buffer.byteLength(text) > largestFile) {
    return { ok: false, problems: [{ place: { file }, message: "the file is over 1 MiB; split it" }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      place: placeAt(error.pos[0]),
      message:
        error.code === "DUPLICATE_KEY"
          ? `this key is written twice: ${quoteAt(text, error.pos)}`
          : error.message,
    }));
    return { ok: false, problems };
  }
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    return { ok: false, problems: [{ place: { file }, message: `refused: ${(error as Error).message}` }] };
  }
  const locate = (path: YamlPath): Place => {
    const offset = offsetOf(document, path);
    return offset === undefined ? { file, line: 1, column: 1 } : placeAt(offset);
  };
  const result = schema.safeParse(raw);
  if (!result.success) {
    return {
      ok: false,
      problems: result.error.issues.flatMap((issue) => problemsOf(issue, raw, locate, schema)),
    };
  }
  return { ok: true, yaml: { file, value: result.data, locate } };
}

function quoteAt(text: string, [start, end]: readonly [number, number]): string {
  return (text.slice(start, end).split("\n")[0] ?? "").trim();
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

export function showPath(path: YamlPath): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index ? "." : ""}${String(part)}`))
    .join("");
}

function valueAt(raw: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    raw,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function problemsOf(
  issue: z.core.$ZodIssue,
  raw: unknown,
  locate: (path: YamlPath) => Place,
  schema: z.core.$ZodType,
): Problem[] {
  const at = showPath(issue.path);
  const prefix = at ? `${at} ` : "";
  const value = valueAt(raw, issue.path);
  const place = locate(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        place: locate([...issue.path, key]),
        message: `${prefix}has the unknown key "${key}"${didYouMean(key, knownKeysAt(schema, issue.path))}`,
      }));
    case "invalid_value": {
      const known = issue.values.map(String);
      const hint = didYouMean(String(value), known) || `; possible: ${known.join(", ")}`;
      return [
        { place, message: value === undefined ? `${at} is missing` : `${at} is ${show(value)}${hint}` },
      ];
    }
    case "invalid_type":
      if (value === undefined) return [{ place, message: `${at} is missing (${issue.expected})` }];
      return [{ place, message: `${prefix}is ${show(value)}, expected ${issue.expected}` }];
    case "invalid_union": {
      if (issue.errors.length === 0 || value === undefined) {
        const known = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
        const hint =
          known.length > 0 ? `${didYouMean(String(value), known) || `; possible: ${known.join(", ")}`}` : "";
        return [
          { place, message: value === undefined ? `${at} is missing` : `${at} is ${show(value)}${hint}` },
        ];
      }
      const closest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [];
      return closest.flatMap((inner) =>
        problemsOf(
          { ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue,
          raw,
          locate,
          schema,
        ),
      );
    }
    default:
      return [
        {
          place,
          message: `${at ? `${at}: ` : ""}${issue.message}${value === undefined ? "" : ` (found ${show(value)})`}`,
        },
      ];
  }
}

/** Keys the object schema at a path allows; empty where the path leads through a union. */
function knownKeysAt(schema: z.core.$ZodType, path: YamlPath): string[] {
  let current: z.core.$ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (!current) return [];
    const definition = current._zod.def as {
      shape?: Record<string, z.core.$ZodType>;
      element?: z.core.$ZodType;
      valueType?: z.core.$ZodType;
    };
    const next =
      typeof part === "number"
        ? definition.element
        : (definition.shape?.[String(part)] ?? definition.valueType);
    current = next && unwrap(next);
  }
  const { shape } = (current?._zod.def ?? {}) as { shape?: Record<string, unknown> };
  return Object.keys(shape ?? {});
}

/** The schema inside default, optional and nullable wrappers. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return innerType ? unwrap(innerType) : schema;
}
