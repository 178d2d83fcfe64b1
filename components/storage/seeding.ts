import { basename, dirname } from "node:path/posix";
import type { Mount, SeededFile, Service } from "../../stacks/platform.ts";
import { shellQuoted } from "../../stacks/shell.ts";

/** What the one-shot container of a service does before the service starts. */
export interface SeedingPlan {
  /** Volumes made for seeded files, one a folder, sorted by folder. */
  folders: readonly { volume: string; path: string }[];
  /** Data volumes whose root folder gets its owner, and in which folders are made. */
  owned: readonly Mount[];
  files: readonly SeededFile[];
  owner: { uid: number; gid: number };
}

/** Where a volume stands inside the one-shot container. */
const stage = "/seed";

/** Undefined for a service that needs no seeding. */
export function planSeeding(stack: string, service: Service): SeedingPlan | undefined {
  const paths = [...new Set(service.files.map((file) => dirname(file.path)))].sort();
  const owned = service.mounts.filter((mount) => mount.setOwner);
  if (paths.length === 0 && owned.length === 0) return undefined;
  const folders = paths.map((path) => ({
    volume: `${stack}-${service.name}_files${encodePath(path)}`,
    path,
  }));
  return { folders, owned, files: service.files, owner: service.owner };
}

/** A path in the characters a volume's name may have, with no two paths alike. */
function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9-]/g, (character) =>
    character === "/" ? "." : `_${character.codePointAt(0)?.toString(16)}_`,
  );
}

/** Path of a file of the service inside the one-shot container. */
export function stagedPath(path: string): string {
  return `${stage}${path}`;
}

/** A step of the one-shot container. */
export type SeedStep =
  | { do: "own"; uid: number; gid: number; path: string }
  | { do: "mode"; mode: string; path: string }
  | { do: "mkdir"; path: string }
  /** Removes every file of a folder but these; folders in it stay, for they may be volumes of their own. */
  | { do: "only"; path: string; names: readonly string[] }
  /** Puts a copy of a file in the place of another, in one step. */
  | { do: "copy"; from: string; path: string };

/** Folders get their owner; files their mode and owner. Others may pass a folder; each file has a mode of its own. */
export function seedSteps(plan: SeedingPlan): SeedStep[] {
  const { uid, gid } = plan.owner;
  return [
    ...plan.owned.flatMap(({ path, folders = [] }): SeedStep[] => [
      { do: "own", uid, gid, path: stagedPath(path) },
      // What is there stays as it is, but for its owner.
      ...folders.flatMap((folder): SeedStep[] => [
        { do: "mkdir", path: stagedPath(`${path}/${folder}`) },
        { do: "own", uid, gid, path: stagedPath(`${path}/${folder}`) },
      ]),
    ]),
    ...plan.folders.flatMap(({ path }): SeedStep[] => [
      // The volume may hold a file, even a secret, that is not declared any more.
      { do: "only", path: stagedPath(path), names: namesIn(path, plan.files) },
      { do: "own", uid, gid, path: stagedPath(path) },
      { do: "mode", mode: "0755", path: stagedPath(path) },
    ]),
    ...plan.files.flatMap((file) => [
      { do: "mode" as const, mode: file.mode, path: stagedPath(file.path) },
      { do: "own" as const, uid, gid, path: stagedPath(file.path) },
    ]),
  ];
}

function namesIn(folder: string, files: readonly SeededFile[]): string[] {
  return files
    .filter(({ path }) => dirname(path) === folder)
    .map(({ path }) => basename(path))
    .sort();
}

/** A program that can seed: its image, and how its command line is written. */
export interface Seeder {
  image: string;
  command(steps: readonly SeedStep[]): { entrypoint: string[]; command: string[] };
}

/** The rehearsal's stand-in, which seeds without a shell. */
export function standinSeeder(image: string): Seeder {
  return {
    image,
    command: (steps) => ({
      entrypoint: ["/standin"],
      command: ["seed", ...steps.map(standinWord)],
    }),
  };
}

function standinWord(step: SeedStep): string {
  switch (step.do) {
    case "own":
      return `own:${step.uid}:${step.gid}:${step.path}`;
    case "mode":
      return `mode:${step.mode}:${step.path}`;
    case "mkdir":
      return `mkdir:${step.path}`;
    case "only":
      return `only:${step.path}//${step.names.join("/")}`;
    case "copy":
      return `copy:${step.from}//${step.path}`;
  }
}

/** Any image with a POSIX shell, chown, chmod, mkdir, cp and mv. */
export function shellSeeder(image: string): Seeder {
  return {
    image,
    command: (steps) => ({
      entrypoint: ["/bin/sh", "-euc"],
      command: [steps.map(shellLine).join("\n")],
    }),
  };
}

function shellLine(step: SeedStep): string {
  const path = shellQuoted(step.path);
  switch (step.do) {
    case "own":
      return `chown ${step.uid}:${step.gid} ${path}`;
    case "mode":
      return `chmod ${step.mode} ${path}`;
    case "mkdir":
      return `mkdir -p ${path}`;
    case "only": {
      const kept = step.names.map(shellQuoted).join("|");
      return `for f in ${path}/* ${path}/.[!.]*; do case "\${f##*/}" in ${kept}) ;; *) [ -d "$f" ] || rm -f "$f" ;; esac; done`;
    }
    case "copy": {
      const aside = shellQuoted(`${step.path}.new`);
      return `cp ${shellQuoted(step.from)} ${aside}\nmv -f ${aside} ${path}`;
    }
  }
}

/** Owner, as `uid:gid`, and mode, in four octal digits, of a file. */
export interface Access {
  owner: string;
  mode: string;
}

/** The reverse of both seeders, as far as it says who may do what with a path; later steps win. */
export function accessIn(command: readonly string[]): ReadonlyMap<string, Partial<Access>> {
  const access = new Map<string, Partial<Access>>();
  const note = (path: string, part: Partial<Access>) => access.set(path, { ...access.get(path), ...part });
  for (const line of command.flatMap((word) => word.split("\n"))) {
    const [, owner, owned] = /^(?:own:|chown )(\d+:\d+)[: ](.*)$/.exec(line) ?? [];
    const [, mode, moded] = /^(?:mode:|chmod )([0-7]+)[: ](.*)$/.exec(line) ?? [];
    if (owner !== undefined && owned !== undefined) note(unquoted(owned), { owner });
    if (mode !== undefined && moded !== undefined) note(unquoted(moded), { mode });
  }
  return access;
}

function unquoted(word: string): string {
  return word.startsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word;
}
