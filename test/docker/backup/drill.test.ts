import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { noReal, realProgram } from "../configuration/real.ts";
import { docker, until } from "../harness.ts";
import { BackupStack } from "./stage.ts";

const missing = inject("noCompose") || (await noReal(realProgram("restic")));
const exited = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));

interface Drill {
  repository: string;
  services: {
    service: string;
    databases?: number;
    healthy?: true;
    bytes: number;
    seconds: number;
    failure?: string;
  }[];
}

describe.skipIf(missing !== "")("a restore drill", () => {
  const name = "umsbk3";
  let stack: BackupStack;

  const drill = async (...words: string[]) => {
    const run = await stack.ums("restore", ["--drill", "--json", ...words]);
    if (run.stdout === "") throw new Error(run.stderr);
    return { exitCode: run.exitCode, ...(JSON.parse(run.stdout) as Drill) };
  };
  const outcomeOf = async (service: string) => {
    const text = await stack.shell("backup-copies", "wget -q -O - http://127.0.0.1:9161/metrics");
    const line = text
      .split("\n")
      .find((one) =>
        one.startsWith(`ums_restore_drill_last_exit_code{repository="local",service="${service}",`),
      );
    return line?.split(" ")[1];
  };
  /** Everything of a drill on the engine. */
  const left = async () => {
    const filters = JSON.stringify({ label: [`ums.stack=${name}`, "ums.drill"] });
    const { Volumes } = await docker.listVolumes({ filters });
    const containers = await docker.listContainers({ all: true, filters });
    const networks = await docker.listNetworks({ filters });
    return [
      ...(Volumes ?? []).map((volume) => volume.Name),
      ...containers.map(({ Names }) => Names[0]),
      ...networks.map(({ Name }) => Name),
    ];
  };

  beforeAll(async () => {
    stack = new BackupStack(name, { octet: 180, offset: 25000 });
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
    await stack.sql("CREATE TABLE kept AS SELECT n, md5(n::text) AS word FROM generate_series(1, 10000) n");
    await stack.redis("SET", "kept", "value");
    await stack.shell("notes", "head -c 3000000 /dev/urandom > /config/file");
    const saved = await stack.ums("backup");
    expect(saved.exitCode, saved.stderr).toBe(0);
  });
  afterAll(() => stack?.dispose());

  it("restores everything beside the running stack, finds it whole and healthy, and leaves nothing", async () => {
    const identities = await stack.identities();
    const { exitCode, services } = await drill();
    expect(
      services.map(({ service, databases, healthy, failure }) => ({ service, databases, healthy, failure })),
    ).toEqual([
      { service: "postgres", databases: 1, healthy: true, failure: undefined },
      { service: "redis", databases: 1, healthy: true, failure: undefined },
      { service: "notes", databases: 1, healthy: true, failure: undefined },
    ]);
    expect(exitCode).toBe(0);
    expect(services.find(({ service }) => service === "notes")?.bytes).toBeGreaterThan(3_000_000);
    expect(await stack.identities()).toEqual(identities);
    expect(await left()).toEqual([]);
    for (const service of ["notes", "postgres", "redis"]) expect(await outcomeOf(service)).toBe("0");
    const lines = readFileSync(join(stack.home, "stacks", name, "drills.log"), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ repository: "local", services: { length: 3 } });
  });

  it("of one service takes along the servers that it cannot start without, and says how it went", async () => {
    const run = await stack.ums("restore", ["notes", "--drill"]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^postgres .+ 1 sound +healthy/m);
    expect(run.stdout).toMatch(/^notes .+ 1 sound +healthy/m);
    expect(run.stdout).toMatch(
      /drill of umsbk3 from local: 3 of 3 services came back, [\d.]+ MiB in \d+ s; the oldest of their backups was made \d+ min ago/,
    );
  });

  it("that is killed leaves nothing that the next one does not take away", async () => {
    const child = stack.start("restore", ["--drill"]);
    const died = exited(child);
    await until("a service starts in the drill", async () =>
      (await left()).includes(`/${name}_drill_postgres`),
    );
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await died;
    expect(await left()).not.toEqual([]);
    expect((await drill("redis")).exitCode).toBe(0);
    expect(await left()).toEqual([]);
  });

  it("finds a SQLite database whose index lies, which a copy of it does not tell", async () => {
    await stack.shell(
      "notes",
      `python3 - <<'END'
import sqlite3
db = sqlite3.connect("/config/lying")
db.execute("CREATE TABLE t (a)")
db.execute("CREATE INDEX i ON t (a)")
db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(100)])
db.execute("PRAGMA writable_schema = ON")
db.execute("UPDATE sqlite_master SET sql = 'CREATE INDEX i ON t (a + 1)' WHERE name = 'i'")
db.commit()
END`,
    );
    expect((await stack.ums("backup", ["notes"])).exitCode).toBe(0);
    const { exitCode, services } = await drill("notes");
    expect(exitCode).toBe(1);
    const notes = services.find(({ service }) => service === "notes");
    expect(notes?.failure).toContain("lying: damaged: ");
    expect(notes?.healthy).toBeUndefined();
    expect(await outcomeOf("notes")).toBe("1");
    expect(await outcomeOf("postgres")).toBe("0");
    await stack.shell("notes", "rm /config/lying");
  });

  it("finds a service that does not start on what was saved of it", async () => {
    // Its probe cannot succeed either, as it could while the program is about to find out.
    await stack.shell("notes", "mv '/config/deep er' /config/aside && echo no folder > '/config/deep er'");
    expect((await stack.ums("backup", ["notes"])).exitCode).toBe(0);
    const { exitCode, services } = await drill("notes");
    expect(exitCode).toBe(1);
    expect(services.find(({ service }) => service === "notes")?.failure).toContain(
      "it does not start on what was restored: it ended with exit code 1",
    );
  });

  it("finds a damaged repository", async () => {
    await stack.shell(
      "backup",
      "for pack in $(find /repository/local/data -type f -size +1000k); do printf 'damage' | dd of=$pack bs=1 seek=5000 conv=notrunc 2>/dev/null || { chmod u+w $pack && printf damage | dd of=$pack bs=1 seek=5000 conv=notrunc; }; done",
    );
    const { exitCode, services } = await drill("notes");
    expect(exitCode).toBe(1);
    expect(
      services.some(({ failure }) => /ciphertext verification failed|hash|checksum/.test(failure ?? "")),
    ).toBe(true);
    const { services: running } = await stack.json<{ services: { name: string; state: string }[] }>("status");
    expect(running.find((one) => one.name === "postgres")?.state).toBe("healthy");
  });
});
