/** One archive of apt's sources: a place, a suite and its components. */
export interface AptSource {
  uri: string;
  suite: string;
  components: readonly string[];
  /** Keyring file, where the source names one. */
  signedBy?: string;
}

/** Reads apt's sources in either format. What is switched off, or is not a binary archive, is left out. */
export function parseSources(text: string, format: "list" | "deb822"): AptSource[] {
  return format === "list" ? parseList(text) : parseDeb822(text);
}

/** One line a source: `deb [option=value ...] uri suite component...`. */
function parseList(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+[^#\s]+)*)/.exec(line);
    if (!match) return [];
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [source(uri, suite, words(components), signedBy)];
  });
}

/** Paragraphs of `Field: value`, every combination of URIs and Suites a source. */
function parseDeb822(text: string): AptSource[] {
  const paragraphs = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .split(/\n[ \t]*\n/);
  return paragraphs.flatMap((paragraph) => {
    const fields = new Map(
      [...paragraph.matchAll(/^([A-Za-z-]+):((?:.*\n?)(?:[ \t]+.*\n?)*)/gm)].map(
        ([, name = "", value = ""]) => [name.toLowerCase(), value.trim()],
      ),
    );
    const list = (name: string) => words(fields.get(name) ?? "");
    if (!list("types").includes("deb") || fields.get("enabled")?.toLowerCase() === "no") return [];
    const signedBy = fields.get("signed-by");
    // A key may stand in the file itself, which is no path.
    const keyring = signedBy?.startsWith("/") === true ? signedBy : undefined;
    return list("uris").flatMap((uri) =>
      list("suites").map((suite) => source(uri, suite, list("components"), keyring)),
    );
  });
}

function source(uri: string, suite: string, components: readonly string[], signedBy?: string): AptSource {
  return { uri, suite, components, ...(signedBy === undefined ? {} : { signedBy }) };
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");

/** Where the packages of a Debian release are had from. */
export interface DebianMirror {
  archive: string;
  /** The archive of security updates, where this machine has one. */
  security?: string;
}

/** Names under which Debian publishes a release. */
const releases = "bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable";

/**
 * The mirror of Debian that this machine uses, whatever release it is; undefined where its sources have none. An archive
 * of someone else that is named like a release is told by its keyring, and at the latest by its signature.
 */
export function debianMirror(sources: readonly AptSource[]): DebianMirror | undefined {
  const ofDebian = sources.filter(
    ({ components, signedBy }) =>
      components.includes("main") && (signedBy === undefined || signedBy.includes("debian-archive")),
  );
  const first = (pattern: RegExp) => ofDebian.find(({ suite }) => pattern.test(suite))?.uri;
  const archive = first(new RegExp(`^(${releases})$`));
  if (archive === undefined) return undefined;
  const security = first(new RegExp(`^(${releases})-security$`));
  return { archive, ...(security === undefined ? {} : { security }) };
}
