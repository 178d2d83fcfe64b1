import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AptSource, type DebianMirror, debianMirror, parseSources } from "./sources.ts";

/** Why no Debian package can be had on this machine; undefined when they can. */
export function whyNoPackages(): string | undefined {
  if (!existsSync("/usr/bin/apt-get")) return "this machine has no apt";
  if (debianKeyring() === undefined) return "this machine has no keyring of the Debian archive";
  if (!hostMirror()) return "this machine's apt sources name no mirror of Debian";
  return undefined;
}

/** Keys that Debian signs its archive with, as this machine has them. */
export function debianKeyring(): string | undefined {
  return ["gpg", "pgp"]
    .map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`)
    .find((path) => existsSync(path));
}

/** The mirror of Debian in this machine's own sources. */
export function hostMirror(): DebianMirror | undefined {
  return debianMirror(hostSources());
}

/** The sources in /etc/apt, as far as they can be read. */
function hostSources(folder = "/etc/apt"): AptSource[] {
  const parts = join(folder, "sources.list.d");
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const files = [join(folder, "sources.list"), ...names.map((name) => join(parts, name))];
  return files.flatMap((file) => {
    const format = file.endsWith(".list") ? "list" : file.endsWith(".sources") ? "deb822" : undefined;
    if (format === undefined || !existsSync(file)) return [];
    return parseSources(readFileSync(file, "utf8"), format);
  });
}
