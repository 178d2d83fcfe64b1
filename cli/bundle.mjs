// Joins the command's modules into few files, because loading 1,500 of them one by one takes longer than most commands.
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
/** Folders with the sources of the command. */
const folders = ["cli", "components", "policies", "rehearsal", "stacks", "targets"];
const cache = join(root, "node_modules", ".cache", "ums");
/** Bundles of older sources are removed after this time: a command that still runs may yet load from one. Milliseconds. */
const kept = 24 * 60 * 60 * 1000;

/**
 * The bundle of the sources as they are now, made where there is none yet.
 * @returns {Promise<string>} path of its entry
 * @throws {Error} where node_modules cannot be written, or a source is not valid TypeScript
 */
export async function bundle() {
  const folder = join(cache, stamp());
  const entry = join(folder, "main.js");
  if (existsSync(entry)) return entry;
  // Loaded by the run that makes a bundle alone.
  const { build } = await import("esbuild");
  const unfinished = `${folder}.${randomUUID()}`;
  try {
    await build({ ...options, outdir: unfinished });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process was quicker.
    if (!existsSync(entry)) throw error;
  }
  removeOld();
  return entry;
}

/** Changes with every source, with the installed packages and with what runs them. */
function stamp() {
  const hash = createHash("sha256").update(`${root} ${process.version}`);
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((path) => /\.m?ts$|\.mjs$/.test(path) && !path.includes("node_modules"))
      .map((path) => join(folder, path)),
  );
  for (const path of [...sources.sort(), "node_modules/.package-lock.json"]) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`\n${path} ${mtimeMs} ${size}`);
  }
  return hash.digest("hex").slice(0, 16);
}

function removeOld() {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > kept) rmSync(path, { recursive: true, force: true });
  }
}

/** What Pulumi loads at once and a program declared in this process never calls: a third of the time to load it. */
const unused = {
  name: "unused",
  setup({ onResolve, onLoad }) {
    const namespace = "unused";
    // The engines load this one by its own name, from node_modules.
    onResolve({ filter: /^\.\/automation$/ }, () => ({ path: "@pulumi/pulumi/automation", namespace }));
    // They read functions that run on Pulumi's own machines, and find the packages that those need.
    onResolve({ filter: /\/codePaths$/ }, () => ({
      path: "@pulumi/pulumi/runtime/closure/codePaths",
      namespace,
    }));
    onResolve({ filter: /typescript-shim$/ }, () => ({ path: "typescript", namespace }));
    onLoad({ filter: /^@pulumi/, namespace }, () => ({ contents: "module.exports = {};" }));
    onLoad({ filter: /^typescript$/, namespace }, () => ({
      contents: "module.exports = new Proxy({}, { get: (_, key) => require('typescript')[key] });",
      resolveDir: root,
    }));
  },
};

/**
 * What is loaded on demand stays in its package. A package in CommonJS would lose the names of its exports, too: a
 * bundle gives a dynamic import of one `default` alone, Node the names it can read.
 */
const onDemand = {
  name: "on-demand",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind }) =>
      kind === "dynamic-import" ? { external: true } : undefined,
    );
  },
};

/** A module that asks for its own folder means that of its source. */
const ownFolder = {
  name: "own-folder",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.dirname")) return undefined;
      return {
        contents: text.replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
        loader: "ts",
      };
    });
  },
};

const options = {
  absWorkingDir: root,
  entryPoints: ["cli/main.ts"],
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "silent",
  // Native code, what loads native code where there is some, and what is not loaded at all as a rule.
  external: ["@node-rs/argon2", "dockerode", "typescript"],
  // Packages in CommonJS ask for these.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      "const require = __createRequire(import.meta.url);",
      "const { filename: __filename, dirname: __dirname } = import.meta;",
    ].join("\n"),
  },
  plugins: [unused, onDemand, ownFolder],
};
