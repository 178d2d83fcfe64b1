import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Docker from "dockerode";
import { execa } from "execa";
import { pack } from "tar-stream";
import { EnvironmentFault } from "../stacks/errors.ts";
import { exists } from "../targets/docker/host.ts";
import { standinImage, standinSource } from "./image.ts";

/** C compilers that are tried, in this order. */
const compilers = ["cc", "gcc", "clang"];
/** Debian packages that bring one. */
export const compilerPackages = ["gcc", "libc6-dev"];

/** The first C compiler on PATH, or undefined. */
export async function findCompiler(): Promise<string | undefined> {
  for (const compiler of compilers) {
    const { failed } = await execa(compiler, ["--version"], { reject: false });
    if (!failed) return compiler;
  }
  return undefined;
}

/** True when the engine has the image of the current source. */
export function hasStandinImage(root: string, docker = new Docker()): Promise<boolean> {
  return exists(docker.getImage(standinImage(root)).inspect());
}

/**
 * Compiles the stand-in into one static program and imports it as an image, with no registry involved.
 * @throws EnvironmentFault when there is no C compiler, or it fails
 */
export async function buildStandinImage(root: string, docker = new Docker()): Promise<string> {
  const image = standinImage(root);
  if (await hasStandinImage(root, docker)) return image;
  const compiler = await findCompiler();
  if (compiler === undefined) {
    throw new EnvironmentFault(
      "the stand-in image is built from C source, and there is no C compiler",
      `apt-get install --no-install-recommends ${compilerPackages.join(" ")}`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "ums-standin-"));
  try {
    const program = join(folder, "standin");
    const flags = ["-std=c11", "-Os", "-static", "-s", "-o", program, join(root, standinSource)];
    const { failed, stderr } = await execa(compiler, flags, { reject: false });
    if (failed) throw new EnvironmentFault(`${compiler} cannot compile ${standinSource}:\n${stderr}`);
    const archive = pack();
    archive.entry({ name: "standin", mode: 0o755 }, readFileSync(program));
    // Mount points must exist: Docker cannot create them below a read-only root.
    archive.entry({ name: "tmp", type: "directory", mode: 0o1777 });
    archive.finalize();
    const [repo = image, tag = "latest"] = image.split(":");
    const stream: NodeJS.ReadableStream = await docker.importImage(
      archive as unknown as NodeJS.ReadableStream,
      {
        fromSrc: "-",
        repo,
        tag,
      },
    );
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
    });
    return image;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.stdout.write(`${await buildStandinImage(join(import.meta.dirname, ".."))}\n`);
}
