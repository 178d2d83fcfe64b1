import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deriveSecret } from "../../../../components/secret/derive.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { found, service } from "../../../fixtures/platforms.ts";
import { linkTo, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf, secretValue } from "../../../stacks/configure/fixtures.ts";
import { until } from "../../harness.ts";
import {
  makeNetwork,
  noReal,
  type RunningProgram,
  realProgram,
  removeTest,
  runOnce,
  startReal,
} from "../real.ts";
import { healthy, type Login, loginsAt, productionStacks, stackWith, startService } from "./databases.ts";

const dev = stackWith();
const postgres = realProgram("postgres");
const noPostgres = await noReal(postgres);
const noPostgresExporter = await noReal(realProgram("postgres-exporter"));

describe.skipIf(noPostgres !== "")("PostgreSQL", () => {
  const network = "umstestpg";
  const start = (of: Platform, files?: ReadonlyMap<string, string>) =>
    startService(of, "postgres", { network, program: "postgres", ...(files ? { files } : {}) });

  /** Which of the accounts' databases, and the server's own, each account can connect to. */
  async function openTo(server: RunningProgram, logins: readonly Login[]): Promise<Record<string, string[]>> {
    const databases = [...new Set([...logins.flatMap((one) => one.databases), "postgres", "template1"])];
    const tries = logins.flatMap(({ user, password }) =>
      databases.map(
        (database) =>
          `PGPASSWORD='${password}' psql -X -h 127.0.0.1 -U ${user} -d ${database} -Atc 'SELECT 1' >/dev/null 2>&1 && echo ${user} ${database}`,
      ),
    );
    const { output } = await server.exec(["sh", "-c", `${tries.join("\n")}\ntrue`]);
    const open: Record<string, string[]> = Object.fromEntries(logins.map(({ user }) => [user, []]));
    for (const line of output.trim().split("\n").filter(Boolean)) {
      const [user = "", database = ""] = line.split(" ");
      open[user]?.push(database);
    }
    return open;
  }

  const declared = (logins: readonly Login[]) =>
    Object.fromEntries(
      logins.map(({ user, databases }) => [user, databases.length > 0 ? [...databases] : ["postgres"]]),
    );

  async function sql(server: RunningProgram, text: string, login?: Login, database = "postgres") {
    const as = login
      ? ["env", `PGPASSWORD=${login.password}`, "psql", "-h", "127.0.0.1", "-U", login.user]
      : ["psql", "-U", "postgres"];
    const { exitCode, output } = await server.exec([...as, "-X", "-d", database, "-Atc", text]);
    return { exitCode, output: output.trim() };
  }

  beforeAll(() => makeNetwork(network));
  afterAll(() => removeTest(network));

  describe("of the whole dev stack", () => {
    let server: RunningProgram;
    const logins = loginsAt(dev, "postgres");
    const sonarr = found(
      logins.find(({ user }) => user === "sonarr"),
      "sonarr's account",
    );

    beforeAll(async () => {
      server = await start(dev);
      await healthy(dev, "postgres", server);
    });
    afterAll(() => server?.stop());

    it("lets every account into its own databases, and into no other's", async () => {
      expect(logins.length).toBeGreaterThan(8);
      expect(await openTo(server, logins)).toEqual(declared(logins));
    });

    it("gives an account nothing but its databases", async () => {
      for (const text of ["CREATE DATABASE more", "CREATE ROLE more", "ALTER SYSTEM SET work_mem = '1GB'"]) {
        expect((await sql(server, text, sonarr, "sonarr_main")).output).toContain("permission denied");
      }
      const copy = await sql(server, "COPY (SELECT 1) TO PROGRAM 'cat'", sonarr, "sonarr_main");
      expect(copy.output).toContain("permission denied");
      expect((await sql(server, "CREATE TABLE t (a int)", sonarr, "sonarr_main")).exitCode).toBe(0);
    });

    it("refuses the superuser and wrong passwords over the network", async () => {
      const superuser = { user: "postgres", password: secretValue(dev, "postgres/password"), databases: [] };
      expect((await sql(server, "SELECT 1", superuser)).output).toContain("pg_hba.conf rejects connection");
      const wrong = await sql(server, "SELECT 1", { ...sonarr, password: "wrong" }, "sonarr_main");
      expect(wrong.output).toContain("password authentication failed");
    });

    it("has its settings from the generated file", async () => {
      const setting = async (name: string) => (await sql(server, `SHOW ${name}`)).output;
      const connections = service(dev, "postgres").limits.memory / 4;
      expect(await setting("shared_buffers")).toBe(`${connections}MB`);
      expect(await setting("password_encryption")).toBe("scram-sha-256");
      expect(await setting("data_checksums")).toBe("on");
      expect(await setting("archive_timeout")).toBe("5min");
      expect(
        (await sql(server, "SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL")).output,
      ).toBe("");
    });

    it("archives its write-ahead log, so that it can be read again", async () => {
      const { output: system } = await sql(server, "SELECT system_identifier FROM pg_control_system()");
      const { output: segment } = await sql(server, "SELECT pg_walfile_name(pg_switch_wal())");
      await until(`${segment} is archived`, async () => {
        const { exitCode } = await server.exec(["test", "-e", `/archive/${system}/${segment}.gz`]);
        return exitCode === 0;
      });
      const { output } = await server.exec(["sh", "-c", `gzip -dc /archive/${system}/${segment}.gz | wc -c`]);
      expect(Number(output)).toBe(16 * 1024 * 1024);
      expect((await sql(server, "SELECT failed_count FROM pg_stat_archiver")).output).toBe("0");
    });

    it("tells no one a password, or what one could be tried against", async () => {
      const logs = await server.logs();
      expect(logs).toContain("accounts: all of them are there");
      expect(logs).not.toContain("SCRAM-SHA-256$");
      for (const { password } of logins) expect(logs).not.toContain(password);
    });

    it.skipIf(noPostgresExporter !== "")(
      "is watched by its exporter with the account of its record",
      async () => {
        const uri = service(dev, "postgres-exporter").environment.DATA_SOURCE_URI ?? "";
        const running = await startService(dev, "postgres-exporter", {
          network,
          program: "postgres-exporter",
          environment: { DATA_SOURCE_URI: uri.replace("postgres:", `${server.name}:`) },
        });
        try {
          const metrics = async () => {
            const { output } = await server.exec(["curl", "-sS", `http://${running.address}:9187/metrics`]);
            return output;
          };
          await until("the exporter answers", async () => (await metrics()).includes("pg_up"), 30);
          expect(await metrics()).toMatch(/^pg_up 1$/m);
          expect(await metrics()).toMatch(/^pg_stat_archiver_archived_count\{?.*\}? [1-9]/m);
          expect(await metrics()).toMatch(/^pg_database_size_bytes\{datname="sonarr_main"\} [1-9]/m);
        } finally {
          await running.stop();
        }
      },
    );
  });

  it.each(productionStacks)(
    "starts healthy with the files of %s as in production, and lets every account in",
    async (_, of) => {
      await removeTest(network);
      await makeNetwork(network);
      const server = await start(of);
      try {
        await healthy(of, "postgres", server);
        const logins = loginsAt(of, "postgres");
        expect(logins.length).toBeGreaterThan(5);
        expect(await openTo(server, logins)).toEqual(declared(logins));
        const wrong = "SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL";
        expect((await sql(server, wrong)).output).toBe("");
        expect((await sql(server, "SHOW log_min_messages")).output).toBe("warning");
        // Profiling is for the other environments.
        expect((await sql(server, "SHOW shared_preload_libraries")).output).toBe("");
        const extension = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'";
        expect((await sql(server, extension)).output).toBe("0");
      } finally {
        await server.stop();
      }
    },
  );

  it("takes changed passwords, consumers and extensions over at its next start, and keeps the data", async () => {
    const consumer = (name: string, number: number): RecordFields => ({
      name,
      number,
      links: [linkTo("postgres", 5432)],
      accounts: [
        {
          provider: "postgres",
          user: name,
          password: "database",
          databases: [name],
          extensions: ["pg_trgm"],
        },
      ],
      secrets: [{ name: "database", generate: "password" }],
    });
    const before = stackWith({ added: [consumer("early", 120)] });
    const after = stackWith({
      added: [consumer("early", 120), consumer("added", 121)],
      exclude: ["readarr", "exportarr-readarr"],
    });
    const old = (user: string) =>
      found(
        loginsAt(before, "postgres").find((login) => login.user === user),
        user,
      );
    const rotated = { ...old("sonarr"), password: "another password" };
    const files = filesOf(after, "postgres");
    const verifier = (password: string) =>
      deriveSecret("scram-sha-256", password, secretValue(after, "postgres/salt"));
    const accounts = found(files.get("/etc/postgres/accounts.sql"), "accounts.sql");
    expect(accounts).toContain(verifier(old("sonarr").password));
    files.set(
      "/etc/postgres/accounts.sql",
      accounts.replace(verifier(old("sonarr").password), verifier(rotated.password)),
    );

    await removeTest(network);
    await makeNetwork(network);
    let server = await start(before);
    try {
      await healthy(before, "postgres", server);
      await sql(
        server,
        "CREATE TABLE kept (a int); INSERT INTO kept VALUES (42)",
        old("sonarr"),
        "sonarr_main",
      );
      const version = "SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'";
      const index = "SELECT pg_relation_filenode('words')";
      const { output: current } = await sql(server, version, undefined, "early");
      await sql(server, "DROP EXTENSION pg_trgm; CREATE EXTENSION pg_trgm VERSION '1.3'", undefined, "early");
      await sql(server, "CREATE TABLE t (a text); CREATE INDEX words ON t (a)", old("early"), "early");
      const { output: file } = await sql(server, index, undefined, "early");
      await server.stop();

      server = await start(after, files);
      await healthy(after, "postgres", server);
      expect(await server.logs()).toContain("database system was shut down at");
      expect((await sql(server, "SELECT a FROM kept", rotated, "sonarr_main")).output).toBe("42");
      const refused = await sql(server, "SELECT 1", old("sonarr"), "sonarr_main");
      expect(refused.output).toContain("authentication failed");

      const logins = loginsAt(after, "postgres").map((login) => (login.user === "sonarr" ? rotated : login));
      expect(logins.map(({ user }) => user)).toContain("added");
      expect(await openTo(server, logins)).toEqual(declared(logins));

      const gone = await sql(server, "SELECT 1", old("readarr"), "readarr_main");
      expect(gone.output).toContain("not permitted to log in");
      const left = await sql(server, "SELECT count(*) FROM pg_database WHERE datname LIKE 'readarr_%'");
      expect(left.output).toBe("3");

      expect((await sql(server, version, undefined, "early")).output).toBe(current);
      expect((await sql(server, index, undefined, "early")).output).not.toBe(file);
    } finally {
      await server.stop();
    }
  });

  it("would let accounts into each other's databases without the rule against it", async () => {
    const logins = loginsAt(dev, "postgres").slice(0, 3);
    const files = filesOf(dev, "postgres");
    const accounts = found(files.get("/etc/postgres/accounts.sql"), "accounts.sql").split("\n");
    const rule = accounts.filter((line) => line.includes("REVOKE ALL ON DATABASE %I FROM PUBLIC"));
    expect(rule).toHaveLength(1);
    files.set("/etc/postgres/accounts.sql", accounts.filter((line) => !rule.includes(line)).join("\n"));
    await removeTest(network);
    await makeNetwork(network);
    const server = await start(dev, files);
    try {
      await healthy(dev, "postgres", server);
      expect(await openTo(server, logins)).not.toEqual(declared(logins));
    } finally {
      await server.stop();
    }
  });

  it("is not healthy while an account is missing, says why, and tells no verifier", async () => {
    const files = filesOf(dev, "postgres");
    const accounts = found(files.get("/etc/postgres/accounts.sql"), "accounts.sql");
    files.set("/etc/postgres/accounts.sql", accounts.replaceAll("CONNECTION LIMIT", "CONECTION LIMIT"));
    await removeTest(network);
    await makeNetwork(network);
    const server = await start(dev, files);
    try {
      await until("it has tried", async () => (await server.logs()).includes("trying again"));
      expect((await server.exec(["pg_isready", "-q", "-U", "postgres"])).exitCode).toBe(0);
      const probe = service(dev, "postgres").health.command ?? [];
      expect((await server.exec([...probe])).exitCode).not.toBe(0);
      const logs = await server.logs();
      expect(logs).toContain('unrecognized role option "conection"');
      expect(logs).not.toContain("SCRAM-SHA-256$");
    } finally {
      await server.stop();
    }
  });

  it("MediaNest's and Immich's own servers are the same", async () => {
    // Immich's extensions are its image's alone, and so is its entrypoint; its user's id has a name here, too.
    for (const name of ["medianest-postgres", "immich-postgres"]) {
      const files = filesOf(dev, name);
      const accounts = found(files.get("/etc/postgres/accounts.sql"), "accounts.sql");
      files.set("/etc/postgres/accounts.sql", accounts.slice(0, accounts.indexOf("-- Extensions")));
      await removeTest(network);
      await makeNetwork(network);
      const { entrypoint = [], command = [] } = service(dev, name);
      const server = await startReal(postgres, {
        name: `${network}-${name}`,
        network,
        files,
        init: true,
        user: "70:70",
        environment: { ...service(dev, name).environment },
        tmpfs: ["/var/run/postgresql", "/etc/postgresql"],
        volumes: { "/var/lib/postgresql/data": `${network}-data`, "/archive": `${network}-archive` },
        command: [...entrypoint, "docker-entrypoint.sh", ...command.slice(1)],
      });
      try {
        await until(`${name} has its accounts`, async () =>
          (await server.logs()).includes("all of them are there"),
        );
        const logins = loginsAt(dev, name);
        // Its application and its exporter.
        expect(logins).toHaveLength(2);
        expect(await openTo(server, logins)).toEqual(declared(logins));
      } finally {
        await server.stop();
      }
    }
  });

  it("keeps each archived segment whole, and goes on when the archive is full", async () => {
    const script = found(filesOf(dev, "postgres").get("/etc/postgres/archive.sh"), "archive.sh");
    const archive = "sh /etc/postgres/archive.sh";
    const steps = [
      "exec 2>&1",
      "cd /tmp && mkdir global && printf '\\007\\0\\0\\0\\0\\0\\0\\0' > global/pg_control",
      "mkdir -p pg_wal/archive_status && head -c 100000 /dev/urandom > one && head -c 100000 /dev/urandom > two",
      `${archive} one 01; echo first: $?`,
      `gzip -dc /archive/7/01.gz | cmp - one; echo same: $?`,
      `${archive} one 01; echo again: $?`,
      `${archive} two 01; echo other: $?`,
      "touch -d '2000-01-01 00:00' /archive/7/old.gz /archive/7/old.history.gz",
      `${archive} two 02; echo second: $?`,
      "ls /archive/7 | tr '\\n' ' '; echo",
      "head -c 100000000 /dev/zero > /archive/7/full 2>/dev/null",
      "head -c 1000000 /dev/urandom > three",
      `${archive} three 03; echo full: $?`,
      "for i in $(seq 65); do touch pg_wal/archive_status/$i.ready; done",
      `${archive} three 03; echo given up: $?`,
      "ls /archive/7 | tr '\\n' ' '; echo",
    ];
    const { output } = await runOnce(postgres, {
      files: new Map([["/etc/postgres/archive.sh", script]]),
      user: "70:70",
      tmpfs: ["/archive"],
      command: ["sh", "-c", steps.join("\n")],
    });
    const said = output.split("\n").filter((line) => /^(\w+( \w+)?: \d|archive:|01\.gz)/.test(line.trim()));
    expect(said.map((line) => line.trim())).toEqual([
      "first: 0",
      "same: 0",
      "again: 0",
      "archive: 01 is there with other content",
      "archive: 01 cannot be archived; 0 segments wait, past 64 they are given up",
      "other: 1",
      "second: 0",
      "01.gz 02.gz old.history.gz",
      "archive: 03 cannot be archived; 0 segments wait, past 64 they are given up",
      "full: 1",
      "archive: 03 is given up, so that the server can go on: take a base backup as soon as the archive has room",
      "given up: 0",
      "01.gz 02.gz full old.history.gz",
    ]);
  });
});
