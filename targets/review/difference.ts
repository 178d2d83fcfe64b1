import { isDeepStrictEqual } from "node:util";
import { fillSecrets } from "../inProcess/provision.ts";

/** Characters of one value that are shown. */
const longestValue = 48;
/** Parts of one property that are shown; more are counted. */
const mostParts = 4;
/** Characters two values begin with alike before their beginning is left out. */
const longStart = 16;

/**
 * How a property of a resource differs, in a few words of plain text: `256 → 512`, `+TZ=UTC, -LEVEL`. A secret is shown
 * as its name, and the content of a file not at all.
 */
export function describeDifference(before: unknown, after: unknown): string {
  if (isCollection(before) || isCollection(after)) return describeParts(partsOf(before), partsOf(after));
  if (before === undefined) return `set to ${shorten(textOf(after))}`;
  if (after === undefined) return `no more ${shorten(textOf(before))}`;
  return describeStep(textOf(before), textOf(after));
}

function isCollection(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A part of a list or mapping, by its title. */
interface Part {
  value: unknown;
  /** What may be shown of it beside the title. */
  text?: string;
}

function partsOf(collection: unknown): Map<string, Part> {
  if (!isCollection(collection)) return new Map();
  if (Array.isArray(collection)) return new Map(collection.map(partOf));
  return new Map(Object.entries(collection).map(([key, value]) => [key, { value, text: textOf(value) }]));
}

/** Fields that name an element of a list, in the order they are looked for. */
const naming = ["label", "file", "target", "name", "containerPath", "subnet"] as const;

function partOf(value: unknown): [string, Part] {
  if (typeof value === "string") {
    const [, variable, text] = /^([A-Za-z_]\w*)=(.*)$/s.exec(value) ?? [];
    return variable === undefined
      ? [shorten(textOf(value)), { value }]
      : [variable, { value, text: textOf(text) }];
  }
  if (!isCollection(value)) return [textOf(value), { value }];
  const fields = value as Record<string, unknown>;
  if ("external" in fields) {
    return [`${textOf(fields.external)}:${textOf(fields.internal)}/${textOf(fields.protocol)}`, { value }];
  }
  const name = naming.map((key) => fields[key]).find((field) => typeof field === "string");
  if (name === undefined) return [shorten(textOf(value)), { value }];
  // A label that holds JSON says too much for a line.
  const text = "label" in fields ? textOf(fields.value) : "{";
  return [shorten(textOf(name)), /^[[{]/.test(text) ? { value } : { value, text }];
}

function describeParts(before: ReadonlyMap<string, Part>, after: ReadonlyMap<string, Part>): string {
  const titles = [...new Set([...before.keys(), ...after.keys()])].sort();
  const told = titles.flatMap((title) => {
    const [then, now] = [before.get(title), after.get(title)];
    if (isDeepStrictEqual(then?.value, now?.value)) return [];
    if (!now) return [`-${title}`];
    if (!then) return [`+${title}${now.text === undefined ? "" : `=${shorten(now.text)}`}`];
    if (then.text === undefined || now.text === undefined) return [`${title} changed`];
    return [`${title}: ${describeStep(then.text, now.text)}`];
  });
  if (told.length === 0) return "the order or number of its parts";
  const more = told.length - mostParts;
  return told.slice(0, mostParts).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** What two values begin with alike is left out where it is long: the end of an image reference is what differs. */
function describeStep(before: string, after: string): string {
  if (before === after) return "changed";
  let alike = 0;
  while (alike < before.length && before[alike] === after[alike]) alike++;
  const start = before.slice(0, alike).search(/[^\s/:@=,]*$/);
  const tail = (text: string) => (start < longStart ? text : `…${text.slice(start)}`);
  return `${shorten(tail(before))} → ${shorten(tail(after))}`;
}

/** A value on one line: secrets and planned containers by their names, digests by their first digits. */
function textOf(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return fillSecrets(text, (_type, name) => `(secret ${name})`)
    .replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1")
    .replace(/(-container)-[0-9a-f]{16}\b/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length > longestValue ? `${characters.slice(0, longestValue - 1).join("")}…` : text;
}
