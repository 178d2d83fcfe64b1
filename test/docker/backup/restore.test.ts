import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { noReal, realProgram } from "../configuration/real.ts";
import { until } from "../harness.ts";
import { BackupStack } from "./stage.ts";

const exited = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));
const missing = inject("noCompose") || (await noReal(realProgram("restic")));

describe.skipIf(missing !== "")("a restore", () => {
  const name = "umsbk2";
  let stack: BackupStack;
  let before: Record<string, string>;

  /** Everything that is compared: rows of both databases, keys, files with owner and mode. */
  const state = async () => ({
    rows: await stack.sql("SELECT count(*), md5(string_agg(n || word, ',' ORDER BY n)) FROM kept"),
    owner: await stack.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"),
    keys: await stack.redis("GET", "kept"),
    queue: await stack.redis("LRANGE", "queue", "0", "-1"),
    files: await stack.shell(
      "notes",
      "cd /config && find files -exec stat -c '%n %a %u:%g' {} + | sort && cat files/* | sha256sum",
    ),
    notes: await stack.shell(
      "notes",
      "sqlite3 '/config/deep er/notes' 'SELECT count(*), sum(length(pad)) FROM rows WHERE n <= 200'",
    ),
  });
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const confirmed = (...words: string[]) => stack.ums("restore", words, { input: `${name}\n` });

  beforeAll(async () => {
    stack = new BackupStack(name, { octet: 176, offset: 24500 });
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
    await stack.sql(
      "SET ROLE notes; CREATE TABLE kept AS SELECT n, md5(n::text) AS word FROM generate_series(1, 100000) n",
    );
    await stack.redis("SET", "kept", "value");
    await stack.redis("RPUSH", "queue", "one", "two", "three");
    await stack.shell(
      "notes",
      "mkdir -p /config/files && head -c 3000000 /dev/urandom > '/config/files/a b' && echo x > /config/files/c && chmod 600 /config/files/c && chmod 710 /config/files",
    );
    await until(
      "there are 200 rows",
      async () =>
        Number(await stack.shell("notes", "sqlite3 '/config/deep er/notes' 'SELECT count(*) FROM rows'")) >
        200,
    );
    before = await state();
    const saved = await stack.ums("backup");
    expect(saved.exitCode, saved.stderr).toBe(0);
  });
  afterAll(() => stack?.dispose());

  it("is refused for what is not there, with the names", async () => {
    expect((await stack.ums("backup", ["note"])).stderr).toContain('did you mean "notes"?');
    expect((await stack.ums("restore", ["backup"])).stderr).toContain("backup has nothing to back up");
    expect((await stack.ums("restore", ["--to", "yesterday"])).stderr).toContain("write a time as");
    const early = await stack.ums("restore", ["notes", "--to", "2020-01-01T00:00Z"]);
    expect(early.exitCode).toBe(2);
    expect(early.stderr).toContain("local has no backup of notes by then");
  });

  it("shows its plan and changes nothing without the stack's name", async () => {
    const identities = await stack.identities();
    const run = await stack.ums("restore", ["postgres"], { input: "no\n" });
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toMatch(/^postgres +\d{4}-\d\d-\d\dT[\d:]{8} +[0-9a-f]{8}/m);
    expect(run.stdout).toContain("from local; stops meanwhile: notes, postgres");
    expect(await stack.identities()).toEqual(identities);
  });

  it("of one service brings back what was changed and takes away what was added", async () => {
    const time = new Date().toISOString();
    await stack.shell("notes", "rm -r /config/files/c && echo new > /config/files/added");
    await stack.sql("DELETE FROM kept WHERE n > 10; CREATE TABLE added ()");
    const run = await confirmed("notes", "postgres", "--to", time);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/restored: notes, postgres, in \d+ s/);
    expect(await state()).toEqual(before);
    expect(await stack.sql("SELECT to_regclass('added')")).toBe("");
    // What was there a moment ago was backed up first.
    const { stdout } = await stack.restic("local", "ls", "latest", "--tag", "notes,before-restore");
    expect(stdout).toContain("/sources/notes/config/files/added\n");
  });

  it("brings everything back after every volume but the repository is lost", async () => {
    const saved = await stack.ums("backup");
    expect(saved.exitCode, saved.stderr).toBe(0);
    expect(await stack.loseVolumes()).toContain(`${name}-postgres_data`);
    const up = await stack.up();
    expect(up.exitCode, up.stderr).toBe(0);
    expect(await stack.sql("SELECT to_regclass('kept')")).toBe("");

    const run = await confirmed();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await state()).toEqual(before);
    const { services } = await stack.json<{ services: { name: string; state: string }[] }>("status");
    expect(services.filter((service) => service.state !== "healthy")).toEqual([]);
    // The accounts are those of today: their services can sign in.
    expect(
      await stack.shell(
        "postgres",
        "psql -X -U postgres -d postgres -Atc \"SELECT rolcanlogin FROM pg_roles WHERE rolname = 'notes'\"",
      ),
    ).toBe("t");
  });

  it("leaves the new cluster's log unbroken, and begins a base backup of it", async () => {
    expect((await stack.ums("backup", ["postgres"])).exitCode).toBe(0);
    const cluster = await stack.sql("SELECT system_identifier FROM pg_control_system()");
    expect(await stack.sql("SELECT failed_count FROM pg_stat_archiver")).toBe("0");
    expect(await stack.shell("postgres", `ls /archive/${cluster}`)).toMatch(/^[0-9A-F]{24}\.gz$/m);
    expect(await stack.shell("postgres", "pg_controldata /dumps/base | grep identifier")).toContain(cluster);
  });

  it("of PostgreSQL goes back to any moment since its base backup, again and again", async () => {
    const add = (n: number) => stack.sql(`INSERT INTO kept VALUES (${n}, 'later')`);
    const later = () =>
      stack.sql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM kept WHERE word = 'later'");
    const moments: string[] = [];
    for (const n of [1_000_001, 1_000_002, 1_000_003]) {
      await add(n);
      await pause(1100);
      moments.push(new Date().toISOString());
      await pause(1100);
    }
    const back = async (to: string | undefined) => {
      const run = await confirmed("postgres", "--to", to ?? "");
      expect(run.exitCode, run.stderr).toBe(0);
      return run.stdout;
    };
    expect(await back(moments[1])).toMatch(
      /postgres is as it was after its last change by then, at \d{4}-\d\d-\d\dT[\d:]{8} UTC/,
    );
    expect(await later()).toBe("1000001 1000002");
    // What follows is a branch of its own, and as good to go back to.
    await add(1_000_004);
    await pause(1100);
    const branch = new Date().toISOString();
    await pause(1100);
    await stack.sql("DELETE FROM kept");
    expect(await back(branch)).toContain("postgres is as it was");
    expect(await later()).toBe("1000001 1000002 1000004");
    // The line before the first restore.
    await back(moments[2]);
    expect(await later()).toBe("1000001 1000002 1000003");
    expect(await stack.sql("SELECT failed_count FROM pg_stat_archiver")).toBe("0");
    expect(await stack.sql("SHOW recovery_target_time")).toBe("");
    expect(await stack.sql("SELECT count(*) FROM kept")).toBe("100003");
    await stack.sql("DELETE FROM kept WHERE word = 'later'");
  });

  it("that is killed is run again without a backup of what it left half done", async () => {
    const child = stack.start("restore", ["notes", "postgres"], `${name}\n`);
    const died = exited(child);
    await until(
      "notes and postgres are stopped",
      async () => !(await stack.container("postgres").inspect()).State.Running,
    );
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await died;
    const run = await confirmed("notes", "postgres");
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toMatch(/notes, postgres: a restore began at .+ and was cut off/);
    expect(await state()).toEqual(before);
    const { services } = await stack.json<{ services: { state: string }[] }>("status");
    expect(services.filter((service) => service.state !== "healthy")).toEqual([]);
  });

  it("can begin with the stack's own state, which every up saves", async () => {
    const names = await stack.shell(
      "backup",
      "sh /etc/backup/backup.sh in local dump --retry-lock 5m --tag state latest /state.tar | tar -t",
    );
    expect(names.split("\n").sort()).toEqual(
      expect.arrayContaining([`stacks/${name}/last.json`, `stacks/${name}/secrets.json`, "stack.yaml"]),
    );
    expect(names).not.toContain("/lock");
  });

  it("needs a passphrase that people are given to keep", async () => {
    const shown = await stack.ums("backup", ["--passphrase"]);
    expect(shown.stdout.trim()).toHaveLength(48);
    expect(shown.stdout.trim()).toBe(await stack.shell("backup", "cat /run/secrets/password"));
  });
});
