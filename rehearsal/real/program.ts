/** A Go module built from source, at a pinned version. */
export interface GoModule {
  module: string;
  version: string;
  /** Packages with a main function, relative to the module, each with the program's place in the image. */
  programs: Readonly<Record<string, string>>;
  tags?: readonly string[];
  /** Variables set at link time, such as a version that is otherwise empty. */
  variables?: Readonly<Record<string, string>>;
  /** Replacements in go.mod that name a folder which the published module lacks, taken out. */
  dropReplace?: readonly string[];
  /** Replacements in go.mod, added: module to module@version. */
  replace?: Readonly<Record<string, string>>;
  /** Files of the module that are taken out before it is built: patterns of their paths. */
  remove?: readonly string[];
  /** Passages that are cut out of its files: path to pattern. */
  cut?: Readonly<Record<string, string>>;
  /** Folder below `rehearsal/real` whose content is laid over the module's. */
  overlay?: string;
}

/** A file of this project put into a program's image. */
export interface ImageFile {
  /** Path in the image. */
  path: string;
  /** File below `rehearsal/real`. */
  source: string;
  mode: number;
}

/**
 * A real program that can be had without an image registry: from Debian packages, from a Go module, or from both.
 * Its image has the entry point, command and environment of the upstream image it takes the place of, as far as records
 * rely on them.
 */
export interface RealProgram {
  name: string;
  /** Upstream image, without its tag, that a record names and this program takes the place of; a checker has none. */
  image?: string;
  /** debian: beside all other Debian programs, a shell and an HTTP client; scratch: alone. */
  base: "debian" | "scratch";
  /** Debian packages it needs in the common root, `name/suite` where the release's own is too old. */
  packages: readonly string[];
  /** Folders of its packages that a record mounts a volume over, moved to where the entry point finds them: from, to. */
  moved?: Readonly<Record<string, string>>;
  go?: GoModule;
  entrypoint?: readonly string[];
  command?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  stopSignal?: string;
  /** User names the program looks its own id up under. */
  users?: Readonly<Record<string, number>>;
  files?: readonly ImageFile[];
  /** Symbolic links, path to target: names that the upstream image has. */
  links?: Readonly<Record<string, string>>;
  /** Probe for services whose own one asks for something that only the upstream image has. */
  health?: readonly string[];
  /** What judges the configuration at its usual place, with no network and nothing else running. */
  checker?: readonly string[];
}
