import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { InputError, type Problem } from "../errors.ts";
import { largestFile, parseYaml, type YamlFile } from "../yaml.ts";
import { checkRecord } from "./check.ts";
import { recordSchema, type ServiceRecord } from "./record.ts";

/** One record with the places of everything in it. */
export type CatalogEntry = YamlFile<ServiceRecord>;

/** All records by name, sorted. */
export type Catalog = ReadonlyMap<string, CatalogEntry>;

/** Files in a catalogue folder that are not service records. */
const notRecords = new Set(["environments.yaml"]);

/**
 * Reads every `*.yaml` below the given folders.
 * File names in messages are relative to `root`.
 * @throws InputError naming every wrong record, with file, line and column
 */
export function loadCatalog(root: string, folders: readonly string[]): Catalog {
  const problems: Problem[] = [];
  const entries: CatalogEntry[] = [];
  for (const folder of folders) {
    for (const path of yamlFiles(join(root, folder), problems, folder)) {
      const file = relative(root, path);
      if (statSync(path).size > largestFile) {
        problems.push({ place: { file }, message: "the file is over 1 MiB; split it" });
        continue;
      }
      const result = parseYaml(file, readFileSync(path, "utf8"), recordSchema);
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
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    problems.push({ message: `the catalogue folder ${shown} cannot be read` });
    return [];
  }
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !notRecords.has(name))
    .sort()
    .map((name) => join(folder, name));
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
        const free = key === "number" ? `; the next free one is ${nextFree(entries)}` : "";
        problems.push({
          place: entry.locate([key]),
          message: `${key} ${JSON.stringify(value)} is taken by ${earlier.value.name} (${earlier.file})${free}`,
        });
      } else first.set(value, entry);
    }
  }
  return problems;
}

function nextFree(entries: readonly CatalogEntry[]): number {
  const taken = new Set(entries.map((entry) => entry.value.number));
  let number = 100;
  while (taken.has(number)) number++;
  return number;
}
