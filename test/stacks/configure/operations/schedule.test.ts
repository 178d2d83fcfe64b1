import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupScript } from "../../../../stacks/configure/operations/backup/script.ts";

const plan = [
  "config-daily sonarr - no",
  "database-hourly postgres - no",
  "media-weekly immich - no",
  "config-daily ledger - yes",
];
const minute = 60;

/** The schedule's functions on a folder of the test's own, with a restic that only remembers what it was asked. */
describe("the backup's schedule", () => {
  let folder: string;
  const path = (...names: string[]) => join(folder, ...names);
  const seconds = () => Math.floor(Date.now() / 1000);

  /** Runs lines of shell after the script's functions. Returns what they print. */
  const shell = async (lines: string) => {
    const whole = backupScript("home", 5, "copier:9161");
    const functions = whole
      .slice(0, whole.indexOf("\ncase ${1:-} in\nloop)"))
      .replaceAll(/(?<![\w$])\/(?=(?:etc\/backup|state|tmp|requests|copies|run)\b)/g, `${folder}/`);
    const { stdout } = await execa("sh", ["-c", `${functions}\n${lines}`], { env: { TZ: "UTC" } });
    return stdout;
  };
  /** When a service was last tried in a repository, and how that went. */
  const tried = (repository: string, service: string, ago: number, code = 0) => {
    mkdirSync(path("state", repository, ".attempts"), { recursive: true });
    writeFileSync(path("state", repository, ".attempts", service), `${seconds() - ago} ${code}\n`);
  };
  const asked = () => readFileSync(path("asked"), "utf8").trim().split("\n");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ums-schedule-"));
    for (const name of ["etc/backup", "state", "tmp"]) mkdirSync(path(name), { recursive: true });
    writeFileSync(path("etc/backup/plan"), `${plan.join("\n")}\n`);
    writeFileSync(path("asked"), "");
    writeFileSync(
      path("etc/backup/repositories.sh"),
      `repositories='near far'
in_repository() {
  case $1 in far) [ ! -e ${path("far-is-gone")} ] || return 1 ;; esac
  case $2 in backup) echo "$1 $*" | sed 's/ .*--tag \\([a-z]*\\) --tag .*/ \\1/' >>${path("asked")} ;; esac
}
`,
    );
    writeFileSync(
      path("etc/backup/classes.sh"),
      "class_times() { case $1 in database-hourly) echo 3600 - ;; config-daily) echo 86400 - ;; *) echo 604800 - ;; esac; }\n",
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("begins with databases, keeps media in a lane of their own, and leaves out what has to be stopped", async () => {
    expect(await shell("due")).toBe("postgres near far\nsonarr near far");
    expect(await shell("lane=media; due")).toBe("immich near far");
  });

  it("saves what is due, and then nothing until it is due again", async () => {
    await shell("run_due");
    expect(asked()).toEqual(["near postgres", "far postgres", "near sonarr", "far sonarr"]);
    expect(await shell("due")).toBe("");
    tried("near", "postgres", 61 * minute);
    expect(await shell("due")).toBe("postgres near");
  });

  it("tries again only what failed, where it failed, after a quarter of an hour", async () => {
    writeFileSync(path("far-is-gone"), "");
    await shell("run_due");
    expect(asked()).toEqual(["near postgres", "near sonarr"]);
    expect(await shell("due")).toBe("");
    tried("far", "postgres", 16 * minute, 1);
    tried("far", "sonarr", 14 * minute, 1);
    expect(await shell("due")).toBe("postgres far");
    rmSync(path("far-is-gone"));
    await shell("run_due");
    expect(asked().at(-1)).toBe("far postgres");
    // What failed elsewhere does not put off what is regular here.
    tried("far", "postgres", minute, 1);
    tried("near", "postgres", 61 * minute);
    expect(await shell("due")).toBe("postgres near");
  });

  it("asks no server for a copy that no repository can take", async () => {
    writeFileSync(path("etc/backup/plan"), `database-hourly postgres ${path("copies/postgres")} no\n`);
    writeFileSync(path("far-is-gone"), "");
    expect(await shell("ask() { echo asked; }; closed=' far=1 '; save_to postgres far; echo $?")).toBe("1");
    expect(await shell("ask() { echo asked; }; closed=' far=1 '; save_to postgres near far; echo $?")).toBe(
      "asked\n1",
    );
  });

  it("tries a repository that is lost in the middle of a run once, and not for each service", async () => {
    const lost = `save() { [ $1 = near ] || { touch ${path("far-is-gone")}; echo >>${path("tries")}; return 1; }; }`;
    await shell(`${lost}; run_due`);
    expect(readFileSync(path("tries"), "utf8")).toBe("\n");
    const attempt = (service: string) => readFileSync(path("state/far/.attempts", service), "utf8");
    for (const service of ["postgres", "sonarr"]) expect(attempt(service)).toMatch(/^\d+ 1\n$/);
  });

  it("waits while a restore is at work, and not for one that is gone", async () => {
    writeFileSync(path("state/paused"), "");
    await shell("run_due");
    expect(asked()).toEqual([""]);
    await shell(`touch -d '11 minutes ago' ${path("state/paused")}; run_due`);
    expect(asked()).toHaveLength(4);
  });

  it("leaves a repository as it is while a restore reads it", async () => {
    const maintain = () =>
      shell(`forget() { echo forgets; }; maintain >${path("said")}; cat ${path("said")}`);
    writeFileSync(path("state/paused"), "");
    await maintain();
    expect(readdirSync(path("state"))).toEqual(["paused"]);
    rmSync(path("state/paused"));
    await maintain();
    expect(readdirSync(path("state")).sort()).toEqual(["far", "maintained", "near"]);
  });

  it("forgets how it went with services and repositories that are there no more", async () => {
    await shell("run_due");
    for (const name of ["gone", ".drill-gone", ".drill-sonarr", "state", ".made"])
      writeFileSync(path("state/near", name), "");
    mkdirSync(path("state/removed"));
    writeFileSync(path("state/removed/sonarr"), "");
    await shell("tidy");
    expect(readdirSync(path("state/near")).sort()).toEqual(
      [".attempts", ".drill-sonarr", ".made", "postgres", "sonarr", "state"].sort(),
    );
    expect(readdirSync(path("state")).sort()).toEqual(["far", "near"]);
  });

  it("saves nothing new anywhere before its time once earlier backups are found", async () => {
    await shell("open_all $repositories");
    rmSync(path("state/near/.made"), { force: true });
    rmSync(path("state/far/.made"), { force: true });
    await shell("open_all $repositories");
    expect(await shell("due; lane=media; due")).toBe("");
  });
});
