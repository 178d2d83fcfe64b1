import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { folder, projectRoot } from "../fixtures/folders.ts";

function plan(...words: string[]) {
  return execa(process.execPath, ["cli/bin.mjs", "plan", ...words], {
    cwd: projectRoot,
    reject: false,
    // Nothing was deployed from there, and a plan writes nothing.
    env: { UMS_HOME: join(tmpdir(), "ums-nowhere") },
  });
}

describe("ums plan --since", () => {
  let json: string;
  beforeAll(async () => {
    json = (await plan("--stack", "staging", "--json")).stdout;
  });

  /** The plan in a file, after an edit of its text. */
  function earlier(edit: (text: string) => string = (text) => text): string {
    const file = join(folder(), "base.json");
    writeFileSync(file, edit(json));
    return file;
  }

  it("finds nothing to do where nothing changed", async () => {
    const { stdout, exitCode } = await plan("--stack", "staging", "--since", earlier());
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Changes, since base.json: 0 to create, 0 to update, 0 to replace, 0 to delete");
  });

  it("shows in Markdown what changed since", async () => {
    const since = earlier((text) => text.replaceAll('"LOG_LEVEL=', '"LOG_LEVEL=not-'));
    const { stdout, exitCode } = await plan("--stack", "staging", "--markdown", "--since", since);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\| replace \| Container `[\w-]+` \| `envs`: `LOG_LEVEL: not-\w+ → \w+` \|/);
    expect(stdout).toContain("to delete**, since base.json.");
    const limited = await plan("--stack", "staging", "--markdown", "--since", since, "--limit", "1500");
    expect(limited.stdout.length).toBeLessThanOrEqual(1500);
  });

  it("refuses the plan of another stack", async () => {
    const { stderr, exitCode } = await plan("--stack", "prod", "--since", earlier());
    expect(exitCode).toBe(2);
    expect(stderr).toContain("base.json: is a plan of the stack staging, not of prod");
  });
});

describe("ums plan", () => {
  it.each([
    ["--json", "--markdown"],
    ["--markdown", "--limit", "many"],
  ])("refuses %s %s", async (...words) => expect((await plan(...words)).exitCode).toBe(2));
});
