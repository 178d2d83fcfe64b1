import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa, execaSync } from "execa";
import { describe, expect, it } from "vitest";
import { edit, folder, projectRoot } from "../fixtures/folders.ts";

/** A copy of the project with the installed packages, and a cache of its own. */
function copyOfProject(): string {
  const root = folder();
  for (const name of ["catalog", "cli", "components", "policies", "rehearsal", "stacks", "targets"])
    cpSync(join(projectRoot, name), join(root, name), { recursive: true });
  for (const name of ["package.json", "Pulumi.yaml", "Pulumi.dev.yaml"])
    cpSync(join(projectRoot, name), join(root, name));
  mkdirSync(join(root, "node_modules"));
  for (const name of readdirSync(join(projectRoot, "node_modules"))) {
    if (name !== ".cache")
      symlinkSync(join(projectRoot, "node_modules", name), join(root, "node_modules", name));
  }
  return root;
}

function ums(root: string, ...words: string[]) {
  return execaSync(process.execPath, [join(root, "cli/bin.mjs"), ...words], { reject: false });
}

function bundlesIn(root: string): string[] {
  return readdirSync(join(root, "node_modules/.cache/ums"));
}

describe("the bundle of the command", () => {
  it("is made once, and serves the next run", () => {
    const root = copyOfProject();
    expect(ums(root, "list").stdout).toMatch(/^service +category/);
    const [bundle] = bundlesIn(root);
    expect(ums(root, "list", "--json").exitCode).toBe(0);
    expect(bundlesIn(root)).toEqual([bundle]);
  });

  it("is made anew for a changed source", () => {
    const root = copyOfProject();
    expect(ums(root, "list").stdout).toMatch(/^service +category/);
    edit(root, "cli/commands/list.ts", '"service"', '"changed here"');
    expect(ums(root, "list").stdout).toMatch(/^changed here +category/);
    expect(bundlesIn(root)).toHaveLength(2);
  });

  it("is made once by commands that start together", async () => {
    const root = copyOfProject();
    const runs = await Promise.all(
      Array.from({ length: 3 }, () => execa(process.execPath, [join(root, "cli/bin.mjs"), "list"])),
    );
    for (const { stdout } of runs) expect(stdout).toMatch(/^service +category/);
    expect(bundlesIn(root)).toHaveLength(1);
  });

  it("works on the project it was made of, wherever the command is called", () => {
    const bin = join(copyOfProject(), "cli/bin.mjs");
    const { stdout } = execaSync(process.execPath, [bin, "plan", "--json"], { cwd: "/" });
    expect(JSON.parse(stdout)).toMatchObject({ stack: "dev" });
  });

  it("is done without where it cannot be made", () => {
    const broken = copyOfProject();
    writeFileSync(join(broken, "node_modules/.cache"), "no folder\n");
    expect(ums(broken, "list").stdout).toMatch(/^service +category/);
  });
});

describe("a reader that has seen enough", () => {
  it("does not end the command with an error", () => {
    const bin = join(projectRoot, "cli/bin.mjs");
    const { stdout, stderr } = execaSync({
      shell: true,
      stripFinalNewline: false,
    })`node ${bin} plan --json | head -c 1`;
    expect([stdout, stderr]).toEqual(["{", ""]);
  });
});
