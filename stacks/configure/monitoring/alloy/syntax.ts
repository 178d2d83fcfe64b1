/**
 * Alloy's configuration syntax: blocks with attributes and further blocks
 * (docs/sources/get-started/syntax.md of grafana/alloy). No library writes it for Node.
 */
export interface Block {
  /** As in loki.write. */
  name: string;
  /** What tells two blocks of a name apart; not every block has one. */
  label?: string;
  body: readonly Statement[];
}

export interface Attribute {
  key: string;
  value: Value;
}

export type Statement = Block | Attribute;

/** A value other blocks export, as in loki.write.loki.receiver. */
export class Reference {
  constructor(readonly path: string) {
    if (!path.split(".").every((part) => identifier.test(part))) throw new Error(`${path} is no reference`);
  }
}

export type Value =
  | string
  | number
  | boolean
  | Reference
  | readonly Value[]
  | { readonly [key: string]: Value };

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Blocks as text, each followed by an empty line. */
export function alloyText(blocks: readonly Block[]): string {
  return blocks.map((block) => `${lines(block).join("\n")}\n`).join("\n");
}

function lines(statement: Statement): string[] {
  if ("key" in statement) {
    check(statement.key);
    return [`${statement.key} = ${valueText(statement.value)}`];
  }
  const { name, label, body } = statement;
  for (const part of name.split(".")) check(part);
  if (label !== undefined) check(label);
  const head = label === undefined ? name : `${name} ${quoted(label)}`;
  if (body.length === 0) return [`${head} { }`];
  return [`${head} {`, ...body.flatMap(lines).map((line) => `\t${line}`), "}"];
}

/** On one line, as the syntax allows without a comma at the end. */
function valueText(value: Value): string {
  if (value instanceof Reference) return value.path;
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${value} cannot be written`);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map(valueText).join(", ")}]`;
  const fields = Object.entries(value).map(
    ([key, field]) => `${identifier.test(key) ? key : quoted(key)} = ${valueText(field)}`,
  );
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** JSON's escapes are a part of Alloy's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function check(name: string): void {
  if (!identifier.test(name)) throw new Error(`"${name}" cannot name an attribute or a block`);
}
