import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { EnvironmentFault } from "../../../stacks/errors.ts";
import { debianKeyring, hostMirror, whyNoPackages } from "./host.ts";
import { archiveRecipe } from "./recipe.ts";
import type { DebianMirror } from "./sources.ts";

const { components, leftOut, release } = archiveRecipe;

/** Days after which the package lists are read again. */
const listsKeepDays = 1;

/** A package in apt's cache. */
export interface FetchedPackage {
  path: string;
  name: string;
  version: string;
}

/**
 * Packages of Debian and all they depend on, downloaded and verified by an apt with its own sources, state and cache
 * below `folder`. Nothing is installed, and the host's packages are neither read nor changed. What was downloaded before
 * is not downloaded again.
 * @throws EnvironmentFault with apt's own words
 */
export async function fetchPackages(
  folder: string,
  packages: readonly string[],
  progress: (message: string) => void,
): Promise<FetchedPackage[]> {
  const why = whyNoPackages();
  const keyring = debianKeyring();
  const mirror = hostMirror();
  if (why !== undefined || keyring === undefined || !mirror) throw noPackages(why ?? "");
  const apt = await privateApt(folder, mirror, keyring);
  const lists = join(folder, "lists-read");
  const isFresh =
    existsSync(lists) && Date.now() - statSync(lists).mtimeMs < listsKeepDays * 24 * 60 * 60 * 1000;
  const readLists = async () => {
    progress("reading Debian's package lists");
    await apt(["update", "-q", "--error-on=any"]);
    writeFileSync(lists, "");
  };
  if (!isFresh) await readLists();
  const download = async () => {
    progress(`resolving ${packages.length} packages and what they depend on`);
    // With an empty archive folder, or packages that are there already are not named.
    const none = join(folder, "none");
    const { stdout } = await apt([
      "install",
      ...["-y", "--print-uris", "-o", `Dir::Cache::archives=${none}/`],
      ...packages,
    ]);
    const wanted = [...stdout.matchAll(/^'[^']+' (\S+) (\d+) /gm)].map(([, file = "", size]) => ({
      file,
      size: Number(size),
    }));
    const archives = join(folder, "cache", "archives");
    const missing = wanted.filter(({ file }) => !existsSync(join(archives, file)));
    const mebibytes = Math.ceil(missing.reduce((sum, { size }) => sum + size, 0) / 2 ** 20);
    if (missing.length > 0) progress(`downloading ${missing.length} packages, ${mebibytes} MiB`);
    await apt(["install", "-y", "-q", "--download-only", ...packages]);
    return wanted.map(({ file }) => ({ path: join(archives, file), ...nameOf(file) }));
  };
  // Lists that are a day old may name a package that was replaced meanwhile.
  if (!isFresh) return download();
  return download().catch(async () => {
    await readLists();
    return download();
  });
}

function noPackages(why: string): EnvironmentFault {
  return new EnvironmentFault(
    `real programs from Debian packages cannot be built here: ${why}`,
    "do it on a Debian machine, or leave these programs out of --real",
  );
}

/** name_version_architecture.deb, an epoch's colon written %3a. */
function nameOf(file: string): { name: string; version: string } {
  const [name = file, version = ""] = file.split("_");
  return { name, version: decodeURIComponent(version) };
}

/** apt-get with a configuration of its own. How the host downloads, proxies above all, is kept. */
async function privateApt(folder: string, { archive, security }: DebianMirror, keyring: string) {
  for (const part of ["none/partial", "state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(folder, part), { recursive: true });
  const at = (...parts: string[]) => join(folder, ...parts);
  const line = (uri: string, suite: string) => `deb [signed-by=${keyring}] ${uri} ${suite} ${components}\n`;
  const suites = ["", "-updates", "-backports"].map((ending) => line(archive, `${release}${ending}`));
  const securityLine = security === undefined ? "" : line(security, `${release}-security`);
  writeFileSync(at("sources.list"), `${suites.join("")}${securityLine}`);
  const { stdout: architecture } = await execa("dpkg", ["--print-architecture"]);
  writeFileSync(
    at("status"),
    leftOut
      .map(
        (name) =>
          `Package: ${name}\nStatus: install ok installed\nVersion: 9:999\nArchitecture: ${architecture}\nMulti-Arch: foreign\nMaintainer: none\nDescription: left out\n\n`,
      )
      .join(""),
  );
  const settings: Record<string, string> = {
    "Dir::State": at("state"),
    "Dir::State::status": at("status"),
    "Dir::Cache": at("cache"),
    "Dir::Etc::sourcelist": at("sources.list"),
    "Dir::Etc::sourceparts": at("none"),
    "Dir::Etc::parts": at("none"),
    "Dir::Etc::main": "-",
    "Dir::Etc::preferences": "-",
    "Dir::Etc::preferencesparts": at("none"),
    "APT::Install-Recommends": "false",
    "APT::Sandbox::User": "root",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Debug::NoLocking": "true",
  };
  const own = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  writeFileSync(at("apt.conf"), `${await hostAcquire()}${own.join("")}`);
  return async (words: readonly string[]) => {
    const { failed, stdout, stderr } = await execa("apt-get", words, {
      env: { APT_CONFIG: at("apt.conf"), LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
      reject: false,
      stdin: "ignore",
    });
    if (!failed) return { stdout };
    const said = [...stdout.split("\n"), ...stderr.split("\n")].filter((text) =>
      /^[EW]:|unmet|Depends/.test(text),
    );
    throw new EnvironmentFault(
      `apt-get ${words[0]} failed:\n  ${(said.length > 0 ? said : stderr.split("\n")).slice(0, 8).join("\n  ")}`,
      "look at the network, at the free disk space (df -h) and at /etc/apt, then run the same command again: it goes on where it was",
    );
  };
}

/** The host's settings for downloading: proxies, certificates, dates. */
async function hostAcquire(): Promise<string> {
  const { stdout } = await execa("apt-config", ["dump", "--no-empty", "--format", '%f "%v";%n']);
  return stdout
    .split("\n")
    .filter((line) => /^Acquire::/.test(line) && !/^Acquire::(IndexTargets|Languages|Changelogs)/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}
