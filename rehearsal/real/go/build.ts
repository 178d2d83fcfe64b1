import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { EnvironmentFault } from "../../../stacks/errors.ts";
import { whyNoGo } from "../host.ts";
import type { GoModule } from "../program.ts";

/**
 * Programs of a Go module, each one static file in `out`. Modules and compiled packages are kept in Go's own caches, so
 * an interrupted build goes on where it was.
 * @param recipes folder that overlays are relative to
 * @param folder where the module's source is prepared; removed when it is built
 * @returns files by their path in the image
 * @throws EnvironmentFault when there is no Go, or it fails
 */
export async function buildGo(
  go: GoModule,
  places: { recipes: string; folder: string; architecture: string },
  progress: (message: string) => void,
): Promise<Map<string, string>> {
  const why = whyNoGo();
  if (why !== undefined) {
    throw new EnvironmentFault(
      `${go.module} is built from its source: ${why}`,
      "install Go (its package is golang-go, its site go.dev), or leave this program out of --real",
    );
  }
  const source = join(places.folder, "source");
  const out = join(places.folder, "out");
  rmSync(places.folder, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const run = (words: readonly string[], cwd: string, say?: (line: string) => void) =>
    runGo(words, { cwd, architecture: places.architecture, ...(say ? { say } : {}) });

  progress(`downloading ${go.module} ${go.version}`);
  const { Dir } = JSON.parse(
    await run(["mod", "download", "-json", `${go.module}@${go.version}`], places.folder),
  ) as { Dir: string };
  copyWritable(Dir, source);
  takeOut(source, go);
  if (go.overlay !== undefined) cpSync(join(places.recipes, go.overlay), source, { recursive: true });
  const edits = [
    ...(go.dropReplace ?? []).map((module) => `-dropreplace=${module}`),
    ...Object.entries(go.replace ?? {}).map(([module, other]) => `-replace=${module}=${other}`),
  ];
  if (edits.length > 0) await run(["mod", "edit", ...edits], source);

  const files = new Map<string, string>();
  const variables = Object.entries(go.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  for (const [name, path] of Object.entries(go.programs)) {
    const file = join(out, path.replaceAll("/", "_"));
    let compiled = 0;
    await run(
      [
        ...["build", "-v", "-mod=mod", "-trimpath", "-buildvcs=false"],
        ...["-tags", (go.tags ?? []).join(","), "-ldflags", ["-s", "-w", ...variables].join(" ")],
        ...["-o", file, name],
      ],
      source,
      (line) =>
        progress(
          line.startsWith("go: downloading")
            ? line.replace("go: downloading", "downloading")
            : `compiling ${name.replace("./cmd/", "")}: ${++compiled} packages`,
        ),
    );
    files.set(path, file);
  }
  rmSync(source, { recursive: true, force: true });
  return files;
}

/** @throws Error when a pattern meets nothing: the module is not the one the recipe was written for */
function takeOut(source: string, { module, remove = [], cut = {} }: GoModule): void {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  for (const pattern of remove) {
    const met = files.filter((file) => new RegExp(pattern).test(file));
    if (met.length === 0) throw new Error(`${module} has no file ${pattern}`);
    for (const file of met) rmSync(join(source, file), { recursive: true, force: true });
  }
  for (const [file, pattern] of Object.entries(cut)) {
    const text = readFileSync(join(source, file), "utf8");
    const left = text.replace(new RegExp(pattern, "g"), "");
    if (left === text) throw new Error(`${file} of ${module} has no passage ${pattern}`);
    writeFileSync(join(source, file), left);
  }
}

/** Modules in Go's cache are read-only. */
function copyWritable(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink())
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
  chmodSync(to, 0o755);
}

/** Runs go, a static Linux program its target. `say` hears every line it writes about its progress. */
async function runGo(
  words: readonly string[],
  options: { cwd: string; architecture: string; say?: (line: string) => void },
): Promise<string> {
  const child = execa("go", words, {
    cwd: options.cwd,
    env: { CGO_ENABLED: "0", GOOS: "linux", GOARCH: options.architecture, GOWORK: "off" },
    stdin: "ignore",
    reject: false,
  });
  const last: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    options.say?.(line);
    last.push(line);
    if (last.length > 12) last.shift();
  });
  const { failed, stdout } = await child;
  if (!failed) return stdout;
  throw new EnvironmentFault(
    `go ${words[0]} failed:\n  ${last.join("\n  ")}`,
    "look at the way to the module proxy (go env GOPROXY) and at the free disk space (df -h), then run the same command again: it goes on where it was",
  );
}
