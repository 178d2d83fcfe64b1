import { stringify } from "smol-toml";
import { Document, isScalar, visit } from "yaml";
import type { SecretForm, TemplatePart } from "../platform.ts";

/** A secret inside a configuration file, by its id: its value is filled in when the stack is deployed. */
export class SecretValue {
  constructor(
    readonly id: string,
    /** What stands in the file in place of the plain value, such as a hash of it. */
    readonly form?: Exclude<SecretForm, "json">,
    /** Id of the secret that salts a hash. */
    readonly salt?: string,
  ) {}
}

/** A string with secrets in it, as in a database's address. */
export class SecretString {
  readonly pieces: readonly (string | SecretValue)[];
  constructor(...pieces: (string | SecretValue)[]) {
    this.pieces = pieces;
  }
}

/** A file's text; with secrets in it, in parts. */
export type FileText = string | readonly TemplatePart[];

/** Stands for a secret while a document is serialised. No document has these characters. */
const tokenOf = (index: number) => `\uE000${index}\uE001`;
const tokens = /\uE000(\d+)\uE001/;

/** A document as YAML: keys in the order given, nothing folded. Strings with secrets are double-quoted. */
export function yamlText(document: unknown): FileText {
  return serialise(document, (plain) => {
    const node = new Document(plain, { aliasDuplicateObjects: false });
    visit(node, {
      Scalar(_, scalar) {
        if (isScalar(scalar) && typeof scalar.value === "string" && tokens.test(scalar.value)) {
          scalar.type = "QUOTE_DOUBLE";
        }
      },
    });
    return node.toString({ lineWidth: 0 });
  });
}

/** A document as indented JSON. */
export function jsonText(document: unknown): FileText {
  return serialise(document, (plain) => `${JSON.stringify(plain, null, 2)}\n`);
}

/** A document as TOML: what is escaped in its basic strings is escaped as in JSON. */
export function tomlText(document: Record<string, unknown>): FileText {
  return serialise(document, (plain) => `${stringify(plain as Record<string, unknown>).trimEnd()}\n`);
}

/**
 * Lines of a format without a serialiser, each ended by a newline. Secrets stand as they are: a value that a person
 * chose may hold any character, so only generated ones, which are letters and digits, belong here.
 */
export function linesText(lines: readonly (string | SecretString)[]): FileText {
  return joined(
    lines.flatMap((line): TemplatePart[] => [
      ...(typeof line === "string"
        ? [line]
        : line.pieces.map((piece) => (typeof piece === "string" ? piece : partOf(piece)))),
      "\n",
    ]),
  );
}

/** Secrets become tokens, which `write` leaves inside double quotes; values are escaped as JSON is, which YAML reads too. */
function serialise(document: unknown, write: (plain: unknown) => string): FileText {
  const secrets: SecretValue[] = [];
  const pieces = write(withTokens(document, secrets)).split(tokens);
  return joined(
    pieces.map((piece, position): TemplatePart => {
      if (position % 2 === 0) return piece;
      const secret = secrets[Number(piece)];
      if (!secret) throw new Error(`no secret ${piece} in this document`);
      // A hash has no character that needs an escape.
      return secret.form === undefined ? { secret: secret.id, form: "json" } : partOf(secret);
    }),
  );
}

function withTokens(value: unknown, secrets: SecretValue[]): unknown {
  if (value instanceof SecretValue) return tokenOf(secrets.push(value) - 1);
  if (value instanceof SecretString) {
    return value.pieces
      .map((piece) => (typeof piece === "string" ? piece : withTokens(piece, secrets)))
      .join("");
  }
  if (Array.isArray(value)) return value.map((item) => withTokens(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, withTokens(item, secrets)]),
  );
}

function partOf({ id, form, salt }: SecretValue): TemplatePart {
  return { secret: id, ...(form === undefined ? {} : { form }), ...(salt === undefined ? {} : { salt }) };
}

/** Neighbouring strings as one; a text without a secret as a string. */
function joined(parts: readonly TemplatePart[]): FileText {
  const merged: TemplatePart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === "string" && typeof last === "string") merged[merged.length - 1] = last + part;
    else if (part !== "") merged.push(part);
  }
  return merged.every((part) => typeof part === "string") ? merged.join("") : merged;
}
