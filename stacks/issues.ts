import type { z } from "zod";
import type { Place, Problem } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

export type YamlPath = readonly PropertyKey[];

/** What a schema's issues are told with. */
export interface IssueContext {
  raw: unknown;
  schema: z.core.$ZodType;
  locate(path: YamlPath): Place;
  /** True for the path of a secret: it is told in the schema's words alone, which quote nothing. */
  isSecret?: ((path: YamlPath) => boolean) | undefined;
}

/** A schema's issue as a person reads it, with the place it is written at. */
export function problemsOf(issue: z.core.$ZodIssue, context: IssueContext): Problem[] {
  const { raw, schema, locate, isSecret } = context;
  const at = showPath(issue.path);
  const prefix = at ? `${at} ` : "";
  const value = valueAt(raw, issue.path);
  const shown = () => show(value, isSecret !== undefined);
  const place = locate(issue.path);
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    return issue.issues.map(({ message }) => ({ place, message: `${at}: ${message}` }));
  }
  if (isSecret?.(issue.path)) return [{ place, message: `${at}: ${issue.message}` }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        place: locate([...issue.path, key]),
        message: `${prefix}has the unknown key "${key}"${didYouMean(key, knownKeysAt(schema, issue.path))}`,
      }));
    case "invalid_value": {
      if (value === undefined) return [{ place, message: `${at} is missing` }];
      return [{ place, message: `${at} is ${shown()}${hintOf(value, issue.values.map(String))}` }];
    }
    case "invalid_type":
      if (value === undefined) return [{ place, message: `${at} is missing (${issue.expected})` }];
      return [{ place, message: `${prefix}is ${shown()}, expected ${issue.expected}` }];
    case "invalid_union": {
      if (value === undefined) return [{ place, message: `${at} is missing` }];
      if (issue.errors.length === 0) {
        const known = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
        return [{ place, message: `${at} is ${shown()}${hintOf(value, known)}` }];
      }
      const closest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [];
      return closest.flatMap((inner) =>
        problemsOf({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, context),
      );
    }
    default: {
      const found = value === undefined ? "" : ` (found ${shown()})`;
      return [{ place, message: `${at ? `${at}: ` : ""}${issue.message}${found}` }];
    }
  }
}

/** `links[2].provider` */
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

/** A value in at most 80 characters. What a mapping or list holds stays unsaid where it may hold a secret. */
function show(value: unknown, mayHoldSecrets: boolean): string {
  if (mayHoldSecrets && typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "a list" : "a mapping";
  }
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function hintOf(value: unknown, known: readonly string[]): string {
  if (known.length === 0) return "";
  return didYouMean(String(value), known) || `; possible: ${known.join(", ")}`;
}

/** Keys that the object or enum-keyed record at a path allows; none where the path leads through a union. */
function knownKeysAt(schema: z.core.$ZodType, path: YamlPath): string[] {
  let current: z.core.$ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (!current) return [];
    const { shape, element, valueType } = definitionOf(current);
    const next = typeof part === "number" ? element : (shape?.[String(part)] ?? valueType);
    current = next && unwrap(next);
  }
  if (!current) return [];
  const { shape, keyType } = definitionOf(current);
  return shape ? Object.keys(shape) : [...(keyType?._zod.values ?? [])].map(String);
}

function definitionOf(schema: z.core.$ZodType) {
  return schema._zod.def as {
    shape?: Record<string, z.core.$ZodType>;
    element?: z.core.$ZodType;
    keyType?: z.core.$ZodType;
    valueType?: z.core.$ZodType;
  };
}

/** The schema inside default, optional and nullable wrappers. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return innerType ? unwrap(innerType) : schema;
}
