import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { pack } from "tar-stream";

/** Files that say what is being done now, and nothing of what is. */
const passing = /^lock(\.|$)/;

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** What of a stack is not among its own state. */
export interface OutsideState {
  configFile: string;
  /** The stack as a Pulumi backend elsewhere exports it, with its secrets encrypted. */
  exported?: string | undefined;
}

/** Name in the archive of what a Pulumi backend elsewhere keeps: `pulumi stack import --file` takes it. */
export const exportedName = "pulumi-stack.json";

/**
 * A tar of what a stack is besides its data: its config, its encrypted secrets, what was deployed last, and the Pulumi
 * state, whether it is kept here or elsewhere. Secrets in it are encrypted with the stack's passphrase, which is not in it.
 */
export async function stateArchive(
  home: string,
  stack: string,
  { configFile, exported }: OutsideState,
): Promise<Buffer> {
  const archive = pack();
  const own = filesBelow(join(home, "stacks", stack)).filter((path) => !passing.test(basename(path)));
  const pulumi = filesBelow(join(home, "pulumi-state")).filter(
    (path) => basename(path) === `${stack}.json` && !/\/\.pulumi\/(backups|history|locks)\//.test(path),
  );
  for (const path of [...own, ...pulumi]) {
    archive.entry({ name: relative(home, path), mode: 0o600 }, readFileSync(path));
  }
  if (existsSync(configFile)) {
    archive.entry({ name: basename(configFile), mode: 0o600 }, readFileSync(configFile));
  }
  if (exported !== undefined) archive.entry({ name: exportedName, mode: 0o600 }, exported);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
