import { type FileText, linesText, SecretString, type SecretValue } from "../text.ts";

/** Keys and values of a section, written as the program's own format has them. */
export type IniValues = Readonly<
  Record<string, string | number | boolean | SecretValue | SecretString | undefined>
>;

export interface IniSection {
  /** Nothing for what stands before the first section; two names for a section inside another. */
  path: readonly [] | readonly [string] | readonly [string, string];
  values: IniValues;
}

/**
 * Sections of `key=value` lines, for the dialects of Qt (qBittorrent), ConfigObj (SABnzbd) and NZBGet: they differ in
 * how values are quoted, keys escaped and sections nested, and no library writes any of the three.
 */
export function iniText(sections: readonly IniSection[]): FileText {
  return linesText(
    sections.flatMap(({ path: [name, nested], values }) => [
      ...(name === undefined ? [] : [`[${line(name)}]`]),
      ...(nested === undefined ? [] : [`[[${line(nested)}]]`]),
      ...Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [keyLine(key, value)])),
    ]),
  );
}

function keyLine(key: string, value: NonNullable<IniValues[string]>): string | SecretString {
  if (typeof value !== "object") return `${line(key)}=${line(String(value))}`;
  const pieces = value instanceof SecretString ? value.pieces : [value];
  return new SecretString(`${line(key)}=`, ...pieces);
}

/** @throws Error for a text of several lines, which the format cannot hold: a mistake in a generator */
function line(text: string): string {
  if (/[\r\n]/.test(text)) throw new Error(`${JSON.stringify(text)} is not one line`);
  return text;
}
