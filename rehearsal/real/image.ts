import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { archiveRecipe, unpacked } from "./debian/recipe.ts";
import type { RealProgram } from "./program.ts";
import { realPrograms } from "./programs.ts";

/** Folder of recipes and of the files they name, relative to the project. */
export const recipeFolder = join("rehearsal", "real");

/** In the common root beside the programs: what entry points and probes use. */
const commonPackages = ["bash", "busybox", "ca-certificates", "curl", "netcat-openbsd", "tzdata"];

/** Counted up when the way an image is put together changes. */
const howMade = 1;

/** Every package of the common root, sorted. */
export function debianPackages(): string[] {
  return [...new Set([...commonPackages, ...realPrograms.flatMap(({ packages }) => packages)])].sort();
}

/** Folders moved in the common root: from, to. */
export function debianMoves(): Readonly<Record<string, string>> {
  return Object.assign({}, ...realPrograms.map(({ moved }) => moved ?? {})) as Record<string, string>;
}

/** The common root of all Debian programs, by its recipe: packages move within a release, and an image stays as it was built. */
export function debianImage(): string {
  return `ums-real-debian:${hash([howMade, archiveRecipe, unpacked, debianPackages(), debianMoves()])}`;
}

/** The image of a program: its tag is made from its recipe, so a changed recipe is a changed image everywhere. */
export function realImage(root: string, program: RealProgram): string {
  const folder = join(root, recipeFolder);
  const contents = [
    ...(program.files ?? []).map(({ source }) => readFileSync(join(folder, source), "utf8")),
    ...filesBelow(folder, program.go?.overlay).map((file) => [
      file,
      readFileSync(join(folder, file), "utf8"),
    ]),
  ];
  const base = program.base === "debian" ? debianImage() : "scratch";
  return `ums-real-${program.name}:${hash([howMade, base, program, contents])}`;
}

/** Files of an overlay, relative to the recipes, sorted. */
export function filesBelow(folder: string, overlay: string | undefined): string[] {
  if (overlay === undefined || !existsSync(join(folder, overlay))) return [];
  return readdirSync(join(folder, overlay), { recursive: true, encoding: "utf8" })
    .map((name) => join(overlay, name))
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

function hash(recipe: unknown): string {
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
}
