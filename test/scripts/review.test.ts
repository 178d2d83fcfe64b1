import { cpSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { edit, folder, projectRoot } from "../fixtures/folders.ts";

const left = new Set([".git", ".ums", "node_modules"]);

/** A copy of the project with a history of its own, of one commit. */
async function repository(): Promise<string> {
  const root = folder();
  for (const name of readdirSync(projectRoot).filter((one) => !left.has(one))) {
    cpSync(join(projectRoot, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
  const git = (...words: string[]) =>
    execa("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...words], { cwd: root });
  await git("init", "--quiet", ".");
  await git("add", "--all", "--", ":!node_modules");
  await git("commit", "--quiet", "--message", "base");
  return root;
}

function review(root: string, ...words: string[]) {
  return execa(process.execPath, ["--import", "tsx", "scripts/review.ts", ...words], {
    cwd: root,
    reject: false,
  });
}

describe("the review of a revision", () => {
  it("compares the stack with the plan that the base revision makes of it", {
    timeout: 180_000,
  }, async () => {
    const root = await repository();
    edit(root, "catalog/content/sonarr.yaml", "limits: {memory: 1024", "limits: {memory: 2048");
    const out = join(root, "review");
    const { exitCode } = await review(
      root,
      "--base",
      "HEAD",
      "--stack",
      "staging",
      "--out",
      out,
      "--limit",
      "1200",
    );
    expect(exitCode).toBe(0);
    const page = readFileSync(join(out, "plan.md"), "utf8");
    const { stdout: revision } = await execa("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
    expect(page).toContain(`**0 to create, 1 to update, 2 to replace, 0 to delete**, since ${revision}.`);
    // Prometheus warns of a service near its limit, so its rules say the limits.
    expect(page).toContain("`/seed/etc/prometheus/rules/platform.yml changed`");
    expect(page).toContain("| update | Container `sonarr-container` | `memory`: `1024 → 2048`");
    expect(page).toContain('service_sonarr["sonarr"]:::changed');
    const comment = readFileSync(join(out, "comment.md"), "utf8");
    expect(comment.length).toBeLessThanOrEqual(1200);
    expect(comment).toContain("Left out");
    expect((await execa("git", ["worktree", "list"], { cwd: root })).stdout.split("\n")).toHaveLength(1);
  });

  it("says why where the base has no plan of the stack", { timeout: 180_000 }, async () => {
    const root = await repository();
    cpSync(join(root, "Pulumi.staging.yaml"), join(root, "Pulumi.second.yaml"));
    const { stdout, exitCode } = await review(root, "--base", "HEAD", "--stack", "second");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /compared with nothing, because [0-9a-f]+ has no plan of it \(.*Pulumi\.second\.yaml/,
    );
    expect(stdout).toContain("```mermaid");
  });

  it("refuses a revision that is not there", async () => {
    const { stderr, exitCode } = await review(projectRoot, "--base", "no-such-branch");
    expect(exitCode).toBe(2);
    expect(stderr).toBe("--base no-such-branch: there is no such revision here");
  });
});
