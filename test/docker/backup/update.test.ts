import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { overrideImage } from "../../../stacks/config/imageOverride.ts";
import { noReal, realProgram } from "../configuration/real.ts";
import { docker, type Run, until } from "../harness.ts";
import { BackupStack } from "./stage.ts";

const missing = inject("noCompose") || (await noReal(realProgram("restic")));

describe.skipIf(missing !== "")("an update", () => {
  const name = "umsbk4";
  let stack: BackupStack;
  let repository: string;
  let tag: string;
  const expectFine = (run: Run) => expect(run.exitCode, run.stderr + run.stdout).toBe(0);
  const notes = () => stack.container("notes").inspect();
  /** When backups of notes were complete, oldest first. */
  const backups = async (): Promise<number[]> => {
    const { stdout } = await stack.restic("local", "snapshots", "--json", "--tag", "notes");
    const made = JSON.parse(stdout) as { summary: { backup_end: string } }[];
    return made.map(({ summary }) => Date.parse(summary.backup_end)).sort();
  };
  /** A file of the stack's own state, as it was saved last. */
  const saved = (file: string) =>
    stack.shell(
      "backup",
      `sh /etc/backup/backup.sh in local dump --retry-lock 5m --tag state latest /state.tar | tar -x -O -f - ${file}`,
    );

  beforeAll(async () => {
    stack = new BackupStack(name, { octet: 236, offset: 31000 });
    expectFine(await stack.up());
    // The schedule saves what was never saved: only after that is one more backup the update's own.
    const lastSuccess = "ums_backup_last_success_timestamp_seconds";
    await until(
      "the schedule has saved notes",
      async () => (await stack.metric(lastSuccess, "local", "notes")) > 0,
    );
    const { Image, Config } = await notes();
    [repository = "", tag = ""] = Config.Image.split(":");
    await docker.getImage(Image).tag({ repo: repository, tag: `${name}-next` });
    const override = { repository, tag: `${name}-next` };
    writeFileSync(stack.file, overrideImage(readFileSync(stack.file, "utf8"), "notes", override));
  });
  afterAll(async () => {
    await stack?.dispose();
    await docker
      .getImage(`${repository}:${name}-next`)
      .remove()
      .catch(() => {});
  });

  it("backs a service up before its container changes", async () => {
    const before = await backups();
    const container = (await notes()).Id;
    const run = await stack.ums("update");
    expectFine(run);
    expect(run.stderr).toContain("backing up notes first");
    expect(run.stdout).toContain(`notes runs ${repository}:${name}-next`);
    const { Id, Created } = await notes();
    expect(Id).not.toBe(container);
    const after = await backups();
    expect(after).toHaveLength(before.length + 1);
    expect(after.at(-1)).toBeLessThan(Date.parse(Created));
  });

  it("saves the stack's own state, as going back does", async () => {
    expect(await saved("stack.yaml")).toContain(`tag: ${name}-next`);
    expect(await saved(`stacks/${name}/last.json`)).toContain(`${repository}:${name}-next`);
    expectFine(await stack.ums("rollback", ["notes"]));
    expect((await notes()).Config.Image).toBe(`${repository}:${tag}`);
    expect(await saved("stack.yaml")).toContain(`tag: ${tag}`);
  });

  it("is not alone in that: so does every change of a secret", async () => {
    expectFine(await stack.ums("secrets rotate", ["notes/cache-password"]));
    expect(await saved("stack.yaml")).toMatch(/notes\/cache-password:\s*{?\s*version: 2/);
    expectFine(await stack.ums("secrets set", ["someKey"], { input: "some value of a key\n" }));
    expect(await saved("stack.yaml")).toContain("someKey");
  });
});
