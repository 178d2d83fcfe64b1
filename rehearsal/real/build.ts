import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Docker from "dockerode";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { exists } from "../../targets/docker/host.ts";
import { fetchPackages } from "./debian/apt.ts";
import { archiveRoot, unpackRoot } from "./debian/root.ts";
import { archiveOf, commitOnto, type Entry, importArchive, realLabel } from "./docker.ts";
import { buildGo } from "./go/build.ts";
import { whyNotBuildable } from "./host.ts";
import { debianImage, debianMoves, debianPackages, realImage, recipeFolder } from "./image.ts";
import { alone } from "./lock.ts";
import type { RealProgram } from "./program.ts";
import { realProgram, realPrograms } from "./programs.ts";

type Progress = (message: string) => void;

/** Image of programs that stand alone: empty, but for what every program expects. */
const scratchImage = "ums-real-scratch:1";

/** Free space that has to be there before a build begins: what each was seen to take. GiB. */
const space = { debian: 2, go: 4 };

/** Why a program cannot be had here: its image is missing, and cannot be built. Undefined when it can. */
export async function whyNotReal(
  root: string,
  program: RealProgram,
  docker = new Docker(),
): Promise<string | undefined> {
  if (await exists(docker.getImage(realImage(root, program)).inspect())) return undefined;
  return whyNotBuildable(program);
}

/**
 * The image of a program, built where it is missing; an interrupted build goes on where it was.
 * @throws EnvironmentFault when apt, Go, disk or network are not there
 */
export async function buildRealImage(
  root: string,
  program: RealProgram,
  progress: Progress = () => {},
  docker = new Docker(),
): Promise<string> {
  const image = realImage(root, program);
  const isThere = () => exists(docker.getImage(image).inspect());
  if (await isThere()) return image;
  const cache = cacheFolder(root);
  const say = (message: string) => progress(`${program.name}: ${message}`);
  await alone(
    join(cache, `${program.name}.lock`),
    () => say("waiting for another process that builds it"),
    async () => {
      if (await isThere()) return;
      const base =
        program.base === "debian" ? await buildDebian(root, say, docker) : await buildScratch(docker);
      const entries = [...accounts(program), ...filesOf(root, program)];
      const folder = join(cache, "go", program.name);
      if (program.go) {
        await requireSpace(cache, space.go);
        const { Arch: architecture } = await docker.version();
        const places = { recipes: join(root, recipeFolder), folder, architecture };
        for (const [path, file] of await buildGo(program.go, places, say))
          entries.push({ path, content: readFileSync(file), mode: 0o755 });
      }
      say("making the image");
      await commitOnto(docker, base, image, entries, {
        entrypoint: program.entrypoint,
        command: program.command,
        environment: program.environment,
        stopSignal: program.stopSignal,
        labels: { [realLabel]: program.name },
      });
      rmSync(folder, { recursive: true, force: true });
    },
  );
  return image;
}

/** The common root of all Debian programs. */
async function buildDebian(root: string, progress: Progress, docker: Docker): Promise<string> {
  const image = debianImage();
  const cache = cacheFolder(root);
  await alone(
    join(cache, "debian.lock"),
    () => progress("waiting for another process that unpacks Debian packages"),
    async () => {
      if (await exists(docker.getImage(image).inspect())) return;
      await requireSpace(cache, space.debian);
      const packages = await fetchPackages(join(cache, "apt"), debianPackages(), progress);
      const folder = join(cache, "debian-root");
      await unpackRoot(folder, { packages, moved: debianMoves() }, progress);
      progress("making the image of Debian programs");
      await importArchive(docker, archiveRoot(folder), image, { [realLabel]: "debian" });
      rmSync(folder, { recursive: true, force: true });
    },
  );
  return image;
}

async function buildScratch(docker: Docker): Promise<string> {
  if (await exists(docker.getImage(scratchImage).inspect())) return scratchImage;
  const entries: Entry[] = [
    { path: "/etc", folder: true, mode: 0o755 },
    { path: "/tmp", folder: true, mode: 0o1777 },
  ];
  await importArchive(docker, archiveOf(entries), scratchImage, { [realLabel]: "scratch" });
  return scratchImage;
}

/** Names for the ids a program looks up. */
function accounts({ users = {} }: RealProgram): Entry[] {
  const ids = { root: 0, ...users, nobody: 65534 };
  const lines = Object.entries(ids).sort(([, a], [, b]) => a - b);
  return [
    {
      path: "/etc/passwd",
      content: lines.map(([name, id]) => `${name}:x:${id}:${id}::/tmp:/bin/sh\n`).join(""),
      mode: 0o644,
    },
    { path: "/etc/group", content: lines.map(([name, id]) => `${name}:x:${id}:\n`).join(""), mode: 0o644 },
  ];
}

function filesOf(root: string, { files = [], links = {} }: RealProgram): Entry[] {
  return [
    ...files.map(({ path, source, mode }) => ({
      path,
      content: readFileSync(join(root, recipeFolder, source)),
      mode,
    })),
    ...Object.entries(links).map(([path, target]) => ({ path, target })),
  ];
}

/** Downloads and half-made things; every one of them can be made again. */
function cacheFolder(root: string): string {
  const folder = join(root, "node_modules", ".cache", "ums-real");
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function requireSpace(folder: string, gibibytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / 2 ** 30;
  if (free >= gibibytes) return;
  throw new EnvironmentFault(
    `building real programs takes ${gibibytes} GiB of disk, and ${free.toFixed(1)} GiB are free at ${folder}`,
    "free some space (docker system df shows what Docker holds), then run the same command again",
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const names = process.argv.slice(2);
  const programs = names.length > 0 ? names.map(realProgram) : realPrograms;
  for (const program of programs) {
    const image = await buildRealImage(join(import.meta.dirname, "..", ".."), program, (message) =>
      process.stderr.write(`${message}\n`),
    );
    process.stdout.write(`${image}\n`);
  }
}
