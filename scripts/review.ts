import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { report } from "../cli/output/exit.ts";
import { openSession, planStack, root } from "../cli/session.ts";
import { InputError } from "../stacks/errors.ts";
import { changesSince, type Snapshot } from "../targets/plan.ts";
import { readEarlierPlan } from "../targets/review/earlier.ts";
import { reviewMarkdown } from "../targets/review/markdown.ts";

/**
 * What a pull request changes in a stack, as Markdown: its plan compared with the plan that the base revision's own code
 * makes of it. `npm run plan:review -- --base origin/main --stack prod`
 */
const { base, stack, out, limit } = new Command("plan:review")
  .requiredOption("--base <revision>", "the revision to compare with")
  .option("-s, --stack <name>", "the stack: Pulumi.<name>.yaml", "dev")
  .option("--out <folder>", "write plan.md and, cut to the limit, comment.md there instead of printing")
  .option("--limit <characters>", "length of comment.md; GitHub takes 65536", Number, 65_536)
  .parse()
  .opts<{ base: string; stack: string; out?: string; limit: number }>();

/** Plan of the stack as the base revision has it, made in a work tree of its own; or why there is none. */
async function planOfBase(revision: string): Promise<Snapshot | string> {
  const folder = mkdtempSync(join(tmpdir(), "ums-base-"));
  const tree = join(folder, "tree");
  try {
    await execa("git", ["worktree", "add", "--quiet", "--detach", tree, revision], { cwd: root });
    await installIn(tree);
    const plan = await execa(process.execPath, ["cli/bin.mjs", "plan", "--stack", stack, "--json"], {
      cwd: tree,
      reject: false,
    });
    // One that the policies refuse is a plan too.
    if (plan.stdout === "") return firstLine(plan.stderr);
    const file = join(folder, "plan.json");
    writeFileSync(file, plan.stdout);
    return readEarlierPlan(file, stack);
  } catch (error) {
    if (error instanceof InputError) return "it writes no plan to compare with";
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await execa("git", ["worktree", "prune"], { cwd: root });
  }
}

/** The packages installed here serve a revision with the same lockfile. */
async function installIn(tree: string): Promise<void> {
  const [ours, theirs] = [root, tree].map((folder) =>
    readFileSync(join(folder, "package-lock.json"), "utf8"),
  );
  if (ours === theirs) symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  else await execa("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: tree });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

async function review(): Promise<void> {
  const { failed, stdout: revision } = await execa(
    "git",
    ["rev-parse", "--verify", "--quiet", "--short", `${base}^{commit}`],
    { cwd: root, reject: false },
  );
  if (failed) throw new InputError([{ message: `--base ${base}: there is no such revision here` }]);
  const session = openSession({ stack });
  const planned = await planStack(session);
  const earlier = await planOfBase(revision);
  const last = typeof earlier === "string" ? undefined : earlier;
  const comparison =
    typeof earlier === "string"
      ? `compared with nothing, because ${revision} has no plan of it (${earlier})`
      : `since ${revision}`;
  const changes = changesSince(last, planned.next);
  const page = { ...planned, platform: session.loaded.platform, last, changes, comparison };
  if (out === undefined) process.stdout.write(reviewMarkdown(page));
  else {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "plan.md"), reviewMarkdown(page));
    writeFileSync(join(out, "comment.md"), reviewMarkdown(page, limit));
  }
}

review().catch((error: unknown) => {
  process.exitCode = report(error);
});
