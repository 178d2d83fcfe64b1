import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { InputError, type Problem } from "../errors.ts";
import { readYaml } from "../yaml.ts";
import { checkRecord } from "./check.ts";
import type { Catalog, CatalogEntry } from "./entry.ts";
import { recordSchema } from "./record.ts";

/** Numbers of records that do not come with the project. */
const ownNumbers = { first: 100, last: 127 };

/** Files in a catalogue folder that are not service records. */
const notRecords = new Set(["environments.yaml", "groups.yaml"]);

/**
 * Reads every `*.yaml` below the given folders.
 * File names in messages are relative to `root`.
 * @throws InputError naming every wrong record, with file, line and column
 */
export function loadCatalog(root: string, folders: readonly string[]): Catalog {
  const problems: Problem[] = [];
  const entries: CatalogEntry[] = [];
  for (const folder of folders) {
    for (const path of yamlFiles(resolve(root, folder), problems, folder)) {
      const result = readYaml(path, relative(root, path), recordSchema);
      if (result.ok) entries.push(result.yaml);
      else problems.push(...result.problems);
    }
  }
  for (const entry of entries) problems.push(...checkRecord(entry));
  problems.push(...duplicates(entries));
  if (problems.length > 0) throw new InputError(problems);
  return new Map(
    entries.map((entry) => [entry.value.name, entry] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function yamlFiles(folder: string, problems: Problem[], shown: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !notRecords.has(relative(folder, path)))
      .sort();
  } catch {
    problems.push({ message: `the catalogue folder ${shown} cannot be read` });
    return [];
  }
}

/** Names and numbers are unique over all folders. */
function duplicates(entries: readonly CatalogEntry[]): Problem[] {
  const problems: Problem[] = [];
  for (const key of ["name", "number"] as const) {
    const first = new Map<string | number, CatalogEntry>();
    for (const entry of entries) {
      const value = entry.value[key];
      const earlier = first.get(value);
      if (earlier) {
        const free = key === "number" ? `; ${nextFree(entries)}` : "";
        problems.push({
          place: entry.locate([key]),
          message: `${key} ${JSON.stringify(value)} is taken by ${earlier.value.name} (${earlier.file})${free}`,
        });
      } else first.set(value, entry);
    }
  }
  return problems;
}

/** The next number for a record of one's own. */
function nextFree(entries: readonly CatalogEntry[]): string {
  const taken = new Set(entries.map((entry) => entry.value.number));
  for (let number = ownNumbers.first; number <= ownNumbers.last; number++) {
    if (!taken.has(number)) return `the next free one is ${number}`;
  }
  return `none of ${ownNumbers.first} to ${ownNumbers.last} is free`;
}
