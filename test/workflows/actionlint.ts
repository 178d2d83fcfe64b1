import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../fixtures/folders.ts";

/**
 * The program that checks workflows: the one on PATH, or one that Go builds once, of the version that
 * `.github/actionlint-version` names. Undefined where neither can be had.
 */
export async function findActionlint(): Promise<string | undefined> {
  const onPath = await execa("actionlint", ["-version"], { reject: false });
  if (!onPath.failed) return "actionlint";
  const version = readFileSync(join(projectRoot, ".github/actionlint-version"), "utf8").trim();
  const folder = join(projectRoot, "node_modules/.cache", `actionlint-${version}`);
  const built = join(folder, "actionlint");
  if (!existsSync(built)) {
    const module = `github.com/rhysd/actionlint/cmd/actionlint@v${version}`;
    const { failed } = await execa("go", ["install", module], { env: { GOBIN: folder }, reject: false });
    if (failed) return undefined;
  }
  return built;
}
