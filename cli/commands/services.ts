import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadGroups } from "../../stacks/catalog/groups.ts";
import { categories } from "../../stacks/catalog/record.ts";
import { changeSelection, type SelectionChange } from "../../stacks/config/selection.ts";
import { fallingWith } from "../../stacks/dependants.ts";
import { InputError } from "../../stacks/errors.ts";
import { type LoadedStack, loadStack } from "../../stacks/load.ts";
import { didYouMean } from "../../stacks/suggest.ts";
import { writeKept } from "../../targets/files.ts";
import { openSession, root, type StackOptions } from "../session.ts";

export interface SelectionOptions extends StackOptions {
  category?: string;
  group?: string;
  /** Take out dependants, too. */
  cascade?: boolean;
  /** Show what would change, and leave the config as it is. */
  dryRun?: boolean;
}

export type SelectionCommand = "add" | "remove" | "enable" | "disable";

/** The `add`, `remove`, `enable` and `disable` commands: change the services in the stack's config, nothing else. */
export function changeServices(
  command: SelectionCommand,
  names: readonly string[],
  options: SelectionOptions,
): void {
  const { loaded } = openSession(options);
  const { names: wanted, lines: notes } = namesOf(command, names, loaded, options);
  const { change, lines } = planChange(command, wanted, loaded, options);
  const path = resolve(root, loaded.config.file);
  const before = readFileSync(path, "utf8");
  const after = changeSelection(before, change);
  const next = tryOut(after, loaded, options);
  const has = new Set(next.platform.services.map(({ name }) => name));
  const stayed = wanted.filter((name) => (command === "remove" || command === "disable") && has.has(name));
  if (stayed.length > 0) throw stillRequired(stayed, next);
  if (options.dryRun !== true && after !== before) writeKept(path, after);
  process.stdout.write(
    `${[
      ...notes,
      ...lines,
      ...memberLines(loaded, next),
      after === before
        ? `${loaded.config.file} is as it was`
        : options.dryRun === true
          ? `${loaded.config.file} would change`
          : `${loaded.config.file} is changed; npx ums plan --stack ${options.stack} shows what an up does`,
    ].join("\n")}\n`,
  );
}

/** Who joins and who leaves between two states of a stack, and where the data stays. */
export function memberLines(
  { platform }: Pick<LoadedStack, "platform">,
  next: Pick<LoadedStack, "platform">,
): string[] {
  const had = new Set(platform.services.map(({ name }) => name));
  const has = new Set(next.platform.services.map(({ name }) => name));
  const joining = [...has].filter((name) => !had.has(name));
  const leaving = [...had].filter((name) => !has.has(name));
  const kept = platform.volumes
    .filter(({ users, shared }) => !shared && users.some((name) => leaving.includes(name)))
    .map(({ name }) => name);
  return [
    ...(joining.length > 0 ? [`joins the stack: ${joining.join(", ")}`] : []),
    ...(leaving.length > 0 ? [`leaves the stack: ${leaving.join(", ")}`] : []),
    ...(kept.length > 0 ? [`its data stays in ${kept.join(", ")} (npx ums volumes)`] : []),
  ];
}

/** The services that are meant: named ones, and of a category and a group those that the command can work on. */
interface Wanted {
  names: string[];
  /** What of a category or group is not among them, and why. */
  lines: string[];
}

/** @throws InputError for unknown names, and where nothing is meant */
function namesOf(
  command: SelectionCommand,
  named: readonly string[],
  loaded: LoadedStack,
  { category, group }: SelectionOptions,
): Wanted {
  const { catalog } = loaded;
  const problems = named
    .filter((name) => !catalog.has(name))
    .map((name) => ({ message: `no service is called "${name}"${didYouMean(name, catalog.keys())}` }));
  const listed = new Set<string>();
  if (category !== undefined) {
    if (!(categories as readonly string[]).includes(category))
      problems.push({
        message: `no category is called "${category}"${didYouMean(category, categories) || `; there are ${categories.join(", ")}`}`,
      });
    for (const { value } of catalog.values()) if (value.category === category) listed.add(value.name);
  }
  if (group !== undefined) {
    const groups = loadGroups(root, catalog);
    const found = groups[group];
    if (!found)
      problems.push({
        message: `no group is called "${group}"${didYouMean(group, Object.keys(groups)) || `; there are ${Object.keys(groups).sort().join(", ")}`}`,
      });
    for (const name of found?.services ?? []) listed.add(name);
  }
  const meant = [...listed].filter((name) => isMeant(command, name, loaded));
  const names = [...new Set([...named, ...meant])].sort();
  if (names.length === 0 && problems.length === 0)
    problems.push({
      message:
        listed.size === 0
          ? "name a service, --category or --group"
          : `the stack ${loaded.config.stack} has no service there that ${command} could change`,
    });
  if (problems.length > 0) throw new InputError(problems);
  const retired = [...listed].filter((name) => command === "add" && !names.includes(name)).sort();
  return {
    names,
    lines:
      retired.length > 0
        ? [`left out, because retired: ${retired.join(", ")}; npx ums add takes it by its name`]
        : [],
  };
}

/** Whether a command that names a whole category or group means a service of it. */
function isMeant(command: SelectionCommand, name: string, loaded: LoadedStack): boolean {
  const { catalog, config, platform } = loaded;
  const runs = platform.services.some((service) => service.name === name);
  const { include, exclude } = config.platform.services;
  switch (command) {
    case "add":
      return runs || catalog.get(name)?.value.lifecycle.status !== "retired";
    case "remove":
      return runs || (include !== "all" && include.includes(name));
    case "disable":
      return runs;
    case "enable":
      return exclude.includes(name) && isIncluded(name, loaded);
  }
}

function planChange(
  command: SelectionCommand,
  wanted: readonly string[],
  loaded: LoadedStack,
  options: SelectionOptions,
): { change: SelectionChange; lines: string[] } {
  if (command === "add") return { change: { add: wanted }, lines: [] };
  const present = loaded.platform.services.map(({ name }) => name);
  if (command === "enable") {
    const unknown = wanted.filter((name) => !isIncluded(name, loaded));
    if (unknown.length > 0)
      throw new InputError([
        {
          message: `${unknown.join(", ")}: not among the stack's services, so there is nothing to switch on again; npx ums add does it`,
        },
      ]);
    return { change: { enable: wanted }, lines: [] };
  }
  const falling = fallingWith(loaded.catalog, present, wanted).filter((name) => !comesByItself(name, loaded));
  if (falling.length > 0 && options.cascade !== true)
    throw new InputError([
      {
        message: `${falling.join(", ")} cannot do without ${wanted.join(", ")}; --cascade takes ${falling.length === 1 ? "it" : "them"} out, too`,
      },
    ]);
  const all = [...wanted, ...falling];
  const lines = falling.length > 0 ? [`with ${wanted.join(", ")} goes ${falling.join(", ")}`] : [];
  return { change: command === "remove" ? { remove: all } : { disable: all }, lines };
}

/** True for what nobody named and is there to measure another: it goes with that one, and comes back with it. */
function comesByItself(name: string, loaded: LoadedStack): boolean {
  return loaded.catalog.get(name)?.value.measures !== undefined && !isIncluded(name, loaded);
}

function isIncluded(name: string, { config }: LoadedStack): boolean {
  const { include } = config.platform.services;
  return include === "all" || include.includes(name);
}

/** The stack as it would be. @throws InputError when it cannot be, and nothing was written */
function tryOut(text: string, { config }: LoadedStack, { stack }: SelectionOptions): LoadedStack {
  return loadStack(root, stack, { file: config.file, text });
}

/** A service that leaves the config but that others pull in again, or that measures one of them. */
function stillRequired(names: readonly string[], { platform }: LoadedStack): InputError {
  return new InputError(
    names.map((name) => {
      const why = platform.warnings.find(
        ({ service, message }) => service === name && message.startsWith(`${name} is in the stack because `),
      );
      return { message: why?.message ?? `${name} stays in the stack` };
    }),
  );
}
