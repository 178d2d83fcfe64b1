import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { EnvironmentFault } from "../../../stacks/errors.ts";
import { inParallel } from "../../../targets/inParallel.ts";
import type { FetchedPackage } from "./apt.ts";
import { unpacked } from "./recipe.ts";

/**
 * Packages unpacked into an empty folder, and what their maintainer scripts would have done as far as a container needs
 * it. None of those scripts runs.
 * @throws EnvironmentFault when the disk is full
 */
export async function unpackRoot(
  root: string,
  content: { packages: readonly FetchedPackage[]; moved: Readonly<Record<string, string>> },
  progress: (message: string) => void,
): Promise<void> {
  const { packages, moved } = content;
  rmSync(root, { recursive: true, force: true });
  for (const folder of ["dev", "etc", "proc", "root", "run", "sys", "tmp", "var"])
    mkdirSync(join(root, folder), { recursive: true });
  for (const folder of unpacked.merged) {
    mkdirSync(join(root, "usr", folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(root, folder));
  }
  symlinkSync("/run", join(root, "var/run"));
  let done = 0;
  const unpack = async (one: FetchedPackage) => {
    await unpackPackage(root, one);
    progress(`unpacked ${++done} of ${packages.length} packages`);
  };
  await inParallel(packages, unpack, cpus().length);
  await finishRoot(root);
  for (const [from, to] of Object.entries(moved)) renameSync(join(root, from), join(root, to));
}

async function unpackPackage(root: string, { path, name }: FetchedPackage): Promise<void> {
  const excludes = unpacked.without.map((pattern) => `--exclude=${pattern}`);
  // Relative links below the merged folders are followed, not replaced; ids are given when the image is made.
  const words = ["-x", "-C", root, "--keep-directory-symlink", "--no-same-owner", ...excludes];
  // Unbuffered: a package may be larger than what execa keeps of an output.
  const archive = execa("dpkg-deb", ["--fsys-tarfile", path], { buffer: { stdout: false }, reject: false });
  const { failed, stderr } = await archive.pipe("tar", words, { reject: false });
  if (failed) {
    throw new EnvironmentFault(
      `the package ${name} cannot be unpacked: ${stderr.slice(0, 400)}`,
      "look at the free disk space (df -h), then run the same command again",
    );
  }
}

async function finishRoot(root: string): Promise<void> {
  const at = (path: string) => join(root, path);
  writeFileSync(at("etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  if (!existsSync(at("etc/localtime"))) symlinkSync("/usr/share/zoneinfo/Etc/UTC", at("etc/localtime"));
  chmodSync(at("tmp"), 0o1777);
  linkBusybox(root, await busyboxApplets(root));
  bundleCertificates(root);
  // The interpreter's name without its version comes from a package that is left out.
  const python = readdirSync(at("usr/bin")).find((name) => /^python3\.\d+$/.test(name));
  if (python !== undefined) {
    if (!existsSync(at("usr/bin/python3"))) symlinkSync(python, at("usr/bin/python3"));
    await compilePython(root, join("usr/bin", python));
  }
  // Alpine's nc is OpenBSD's too.
  if (existsSync(at("usr/bin/nc.openbsd"))) {
    rmSync(at("usr/bin/nc"), { force: true });
    symlinkSync("nc.openbsd", at("usr/bin/nc"));
  }
}

/** What the root's own busybox offers. */
async function busyboxApplets(root: string): Promise<string[]> {
  const applets = await runInside(root, "usr/bin/busybox", ["--list"]);
  return applets.split("\n").filter((applet) => /^[a-z0-9[_-]+$/.test(applet) && applet !== "busybox");
}

/** Compiled by their content, not by their times: those are the same in every image. */
async function compilePython(root: string, python: string): Promise<void> {
  const folders = unpacked.compiled
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder));
  const how = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", root];
  // Some packages bring sources for other versions of Python, which do not compile.
  await runInside(root, python, ["-m", "compileall", ...how, ...folders], {
    env: { PYTHONHOME: join(root, "usr") },
    reject: false,
  });
}

/** Runs a program of the root through the root's own loader and libraries, as the host's may be older: its output. */
async function runInside(
  root: string,
  program: string,
  words: readonly string[],
  options: { env?: Record<string, string>; reject?: boolean } = {},
): Promise<string> {
  const loader = ["lib64", "lib"]
    .flatMap((folder) =>
      readdirSync(join(root, "usr", folder)).map((name) => join(root, "usr", folder, name)),
    )
    .find((path) => /\/ld-linux[^/]*\.so\.\d$/.test(path));
  const libraries = readdirSync(join(root, "usr/lib"))
    .filter((name) => name.includes("-linux-gnu"))
    .map((name) => join(root, "usr/lib", name));
  if (loader === undefined) throw new Error(`${root} has no C library`);
  const command = ["--library-path", libraries.join(":"), join(root, program), ...words];
  return (await execa(loader, command, options)).stdout;
}

/** A shell and small tools for whatever no package brings. */
function linkBusybox(root: string, applets: readonly string[]): void {
  for (const applet of applets) {
    const taken = ["bin", "sbin"].some((folder) => existsLink(join(root, "usr", folder, applet)));
    if (!taken) symlinkSync("busybox", join(root, "usr/bin", applet));
  }
}

function existsLink(path: string): boolean {
  try {
    return readdirSync(join(path, "..")).includes(path.slice(path.lastIndexOf("/") + 1));
  } catch {
    return false;
  }
}

/** One file of all certificates, as update-ca-certificates makes it. */
function bundleCertificates(root: string): void {
  const folder = join(root, "usr/share/ca-certificates");
  if (!existsSync(folder)) return;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".crt"),
  );
  mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
  writeFileSync(
    join(root, "etc/ssl/certs/ca-certificates.crt"),
    files
      .sort()
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join(""),
  );
}

/** The folder as an archive: everything root's, without set-id bits, in the order and with the times of no machine. */
export function archiveRoot(root: string): NodeJS.ReadableStream {
  const words = ["--numeric-owner", "--owner=0", "--group=0", "--mode=ug-s", "--sort=name", "--mtime=@0"];
  return execa("tar", ["-C", root, ...words, "-c", "."], { buffer: false, encoding: "buffer" }).stdout;
}
