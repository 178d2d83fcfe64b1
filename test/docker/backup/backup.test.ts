import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { noReal, realProgram } from "../configuration/real.ts";
import { docker, until } from "../harness.ts";
import { BackupStack } from "./stage.ts";

const missing = inject("noCompose") || (await noReal(realProgram("restic")));
const mebibyte = 1024 * 1024;

describe.skipIf(missing !== "")("backups inside a running stack", () => {
  const name = "umsbk1";
  let stack: BackupStack;
  /** The repository `small` is a disk of its own, of 60 MiB. */
  const small = `${name}-backup_repository-small`;

  const stateOf = async (service: string) => (await stack.container(service).inspect()).State.Health?.Status;
  const exitCode = (repository: string, service: string) =>
    stack.metric("ums_backup_last_exit_code", repository, service);
  const lastSuccess = (repository: string, service: string) =>
    stack.metric("ums_backup_last_success_timestamp_seconds", repository, service);
  const servicesGoOn = async () => {
    for (const service of ["postgres", "redis", "notes", "backup", "backup-copies"])
      expect(await stateOf(service), service).toBe("healthy");
  };

  beforeAll(async () => {
    stack = new BackupStack(
      name,
      {
        octet: 172,
        offset: 24000,
        backup: {
          repositories: [
            { name: "local", kind: "local" },
            { name: "small", kind: "local", folder: "/mnt/small" },
          ],
        },
      },
      ["ledger"],
    );
    await docker.createVolume({
      Name: small,
      Driver: "local",
      DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=60m" },
      Labels: { "ums.stack": name },
    });
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
  });
  afterAll(() => stack?.dispose());

  it("are made by the schedule as soon as the stack is up, in every repository", async () => {
    for (const repository of ["local", "small"]) {
      for (const service of ["notes", "postgres", "redis"]) {
        await until(
          `${service} is in ${repository}`,
          async () => (await lastSuccess(repository, service)) > 0,
        );
        expect(await exitCode(repository, service)).toBe(0);
      }
      const tags = (await stack.snapshots(repository)).map((snapshot) => snapshot.tags.join(" "));
      expect(tags.sort()).toEqual([
        "notes config-daily",
        "postgres database-hourly",
        "redis database-hourly",
        // Of the stack itself, which every up saves.
        "state",
      ]);
    }
  });

  it("hold what was written into PostgreSQL, Redis, SQLite and files, though their writers go on", async () => {
    const bytes = randomBytes(mebibyte);
    const digest = createHash("sha256").update(bytes).digest("hex");
    await stack.sql("CREATE TABLE kept AS SELECT n, md5(n::text) AS word FROM generate_series(1, 10000) n");
    await stack.redis("SET", "kept", digest);
    await stack.shell("notes", `echo ${bytes.toString("base64").slice(0, 90_000)} > /config/settings.xml`);
    const before = Number(
      await stack.shell("notes", "sqlite3 '/config/deep er/notes' 'SELECT max(n) FROM rows'"),
    );
    const run = await stack.save("notes", "postgres", "redis");
    expect(run.exitCode, run.stderr).toBe(0);

    const dump = async (path: string, service: string, command: string) =>
      stack.shell(
        "backup",
        `sh /etc/backup/backup.sh in local dump --retry-lock 5m --tag ${service} latest '${path}' > /tmp/dumped && ${command}; code=$?; rm /tmp/dumped; exit $code`,
      );
    const copy = "/copies/notes/config/deep er/notes";
    expect(await dump(copy, "notes", "sqlite3 /tmp/dumped 'PRAGMA integrity_check'")).toBe("ok");
    const rows = Number(await dump(copy, "notes", "sqlite3 /tmp/dumped 'SELECT max(n) FROM rows'"));
    expect(rows).toBeGreaterThanOrEqual(before);
    expect(await dump("/sources/notes/config/settings.xml", "notes", "sha256sum < /tmp/dumped")).toBe(
      await stack.shell("notes", "sha256sum < /config/settings.xml"),
    );
    const restored = await dump(
      "/sources/postgres/dumps/databases/notes.dump",
      "postgres",
      "/usr/lib/postgresql/17/bin/pg_restore --data-only --table kept --file - /tmp/dumped | grep -cE '^[0-9]+.[0-9a-f]{32}$'",
    );
    expect(restored).toBe("10000");
    const log = await dump(
      "/sources/redis/dumps/appendonlydir",
      "redis",
      "tar -xOf /tmp/dumped | grep -c kept",
    );
    expect(Number(log)).toBeGreaterThan(0);
  });

  it("never hold a live database's files, under whatever name", async () => {
    const { stdout } = await stack.restic("local", "ls", "latest", "--tag", "notes");
    expect(stdout).toContain("/copies/notes/config/deep er/notes\n");
    expect(stdout).toContain("/sources/notes/config/settings.xml\n");
    expect(stdout).not.toMatch(/\/sources\/notes\/config\/deep er\/notes/);
    const { stdout: databases } = await stack.restic("local", "ls", "latest", "--tag", "postgres");
    expect(databases).toContain("/sources/postgres/dumps/base/backup_manifest\n");
    expect(databases).toMatch(/\/sources\/postgres\/archive\/\d+\/[0-9A-F]{24}\.gz\n/);
    expect(databases).not.toContain("/sources/postgres/data");
  });

  it("that fail are seen in the metrics, keep the last success, and do not fail the others", async () => {
    const good = await lastSuccess("local", "notes");
    await stack.shell("notes", "{ printf 'SQLite format 3\\000'; head -c 8176 /dev/zero; } > /config/broken");
    const run = await stack.save("notes", "redis");
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toContain("notes: no consistent copy (exit 1)");
    expect(await exitCode("local", "notes")).toBe(1);
    expect(await lastSuccess("local", "notes")).toBe(good);
    expect(await exitCode("local", "redis")).toBe(0);
    await stack.shell("notes", "rm /config/broken");
    expect((await stack.save("notes")).exitCode).toBe(0);
    expect(await exitCode("local", "notes")).toBe(0);
  });

  it("say when a disk is full, go on in the other repository, and leave the services running", async () => {
    await stack.shell("notes", "head -c 100000000 /dev/urandom > /config/large");
    const run = await stack.save("notes");
    expect(run.stderr).toMatch(/notes: not saved to small \(exit 1\): .*no space left on device/);
    expect(run.stderr).toContain("notes: saved to local");
    expect(await exitCode("small", "notes")).toBe(1);
    expect(await exitCode("local", "notes")).toBe(0);
    await servicesGoOn();
    await stack.shell("notes", "rm /config/large");
  });

  it("refuse a copy for which a database's disk has no room, before it is full", async () => {
    const run = await stack.exec("postgres", [
      "sh",
      "-c",
      "sed 's/free=.*/free=1024/' /etc/postgres/copy.sh > /tmp/copy.sh && sh /tmp/copy.sh",
    ]);
    expect(run.exitCode).toBe(28);
    expect(run.stderr).toMatch(/backup: the copy needs up to \d+ MiB, and \/dumps has 1 MiB left/);
    expect(await stack.shell("postgres", "ls /dumps/databases")).toContain("notes.dump");
  });

  it("say when a repository is lost, and never begin a new one in its place by themselves", async () => {
    await stack.shell("backup", "rm -rf /repositories/small/*");
    const run = await stack.save("redis");
    expect(run.stderr).toContain("small: cannot be opened: the repository is lost: it was there");
    expect(run.stderr).toContain("redis: saved to local");
    expect(await exitCode("small", "redis")).toBe(10);
    expect(await stack.shell("backup", "ls /repositories/small")).toBe("");
    await servicesGoOn();
    const made = await stack.exec("backup", ["sh", "/etc/backup/backup.sh", "new-repository", "small"]);
    expect(made.exitCode, made.stderr).toBe(0);
    expect((await stack.save("redis")).exitCode).toBe(0);
    expect(await exitCode("small", "redis")).toBe(0);
  });

  it("of what is whole only while it does not run are made when it is named, and it runs again", async () => {
    const started = async () => (await stack.container("ledger").inspect()).State.StartedAt;
    const before = await started();
    expect(await stack.shell("ledger", "cat /data/book")).toBe("torn");
    const run = await stack.ums("backup", ["ledger"]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await started()).not.toBe(before);
    expect(await stateOf("ledger")).toBe("healthy");
    const { stdout } = await stack.restic(
      "local",
      "dump",
      "--tag",
      "ledger",
      "latest",
      "/sources/ledger/data/book",
    );
    expect(stdout).toBe("whole");
  });

  it("that are killed leave the last good one whole, and the next one goes on", async () => {
    const before = await stack.snapshots("local");
    const checksum = () => stack.shell("notes", "sha256sum < /config/settings.xml");
    const settings = await checksum();
    await stack.shell("notes", "head -c 400000000 /dev/urandom > /config/large");
    const size = "du -sm /repository/local/data | cut -f 1";
    const empty = Number(await stack.shell("backup", size));
    // Held in the middle, so that it is not done before the kill.
    const inTheMiddle = stack.shell(
      "backup",
      `until [ "$(${size})" -gt ${empty + 30} ]; do sleep 0.1; done; kill -STOP $(pidof restic)`,
    );
    const cut = stack.save("notes").catch(() => undefined);
    await inTheMiddle;
    await stack.container("backup").kill();
    await cut;
    await stack.container("backup").start();
    await until("the backup runs again", async () => (await stateOf("backup")) === "healthy");
    expect((await stack.snapshots("local")).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect((await stack.restic("local", "check")).exitCode).toBe(0);
    // The disk of the other one is memory, which is lost with the container: only this one is looked at.
    await stack.shell("notes", "echo other > /config/settings.xml");
    const restored = await stack.ums("restore", ["notes", "--without-backup"], { input: `${name}\n` });
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(await checksum()).toBe(settings);

    const run = await stack.save("notes");
    expect(await exitCode("local", "notes"), run.stderr).toBe(0);
    expect((await stack.snapshots("local")).length).toBe(before.length + 1);
  });
});
