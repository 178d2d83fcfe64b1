import { describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, type PlatformInput, platform } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { environments } from "../../../fixtures/stackConfigs.ts";
import { filesOf, secretValue } from "../fixtures.ts";

type Account = NonNullable<RecordFields["accounts"]>[number];

const server: RecordFields = {
  configure: "postgres",
  ports: listensOn(5432),
  secrets: [{ name: "salt", generate: "hex" }],
  limits: { memory: 1024, cpus: 1 },
};
const consumer = (account: Partial<Account>, more: RecordFields = {}): RecordFields => ({
  links: [linkTo("postgres", 5432)],
  accounts: [{ provider: "postgres", user: "app", password: "database", ...account }],
  secrets: [{ name: "database", generate: "password" }],
  ...more,
});
const filesIn = (of: Platform, name = "postgres") => filesOf(of, name);
const fileOf = (of: Platform, path: string) => found(filesIn(of).get(`/etc/postgres/${path}`), path);
const sqlOf = (records: Record<string, RecordFields>, input: PlatformInput = {}) =>
  fileOf(platform({ postgres: server, ...records }, input), "accounts.sql");

/** Settings by name; the last one counts, as for the server. */
function settingsOf(of: Platform): Map<string, string> {
  const lines = fileOf(of, "postgresql.conf").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const match = /^(\w+) = (?:'(.*)'|(\S+))$/.exec(line);
      return match ? [[match[1] ?? "", match[2] ?? match[3] ?? ""] as const] : [];
    }),
  );
}

describe.each(["dev", "prod"])("the databases of stack %s", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);
  const servers = of.services.filter(({ configure }) => configure === "postgres").map(({ name }) => name);
  const accounts = of.services.flatMap(({ name, accounts }) =>
    accounts.filter(({ provider }) => servers.includes(provider)).map((account) => ({ name, ...account })),
  );

  it("are there", () => {
    expect(servers).toContain("postgres");
    expect(accounts.length).toBeGreaterThan(5);
  });

  it("have a role for every account, with its own verifier and never its password", () => {
    const verifiers = accounts.map(({ name, provider, user, password }) => {
      const sql = found(filesIn(of, provider).get("/etc/postgres/accounts.sql"), "accounts.sql");
      const [, verifier = ""] =
        new RegExp(`ALTER ROLE "${user}" LOGIN .* PASSWORD '(SCRAM-[^']+)';`).exec(sql) ?? [];
      expect(sql).not.toContain(secretValue(of, `${name}/${password}`));
      return verifier;
    });
    expect(new Set(verifiers).size).toBe(accounts.length);
    expect(verifiers).not.toContain("");
  });

  it("are each one role's own", () => {
    for (const { provider, user, databases } of accounts) {
      const sql = found(filesIn(of, provider).get("/etc/postgres/accounts.sql"), "accounts.sql");
      for (const database of databases) {
        expect(sql.match(new RegExp(`ALTER DATABASE "${database}" OWNER TO .*`, "g"))).toEqual([
          `ALTER DATABASE "${database}" OWNER TO "${user}";`,
        ]);
      }
    }
  });

  it("are what their consumers are told, in their environment or in a file", () => {
    for (const { name, user, databases } of accounts) {
      const { environment } = found(
        of.services.find((service) => service.name === name),
        name,
      );
      const told = [...Object.values(environment), ...filesOf(of, name).values()];
      for (const word of [user, ...databases]) {
        const says = told.some((text) => new RegExp(`(^|[/:"'\\s])${word}($|[@:"'?\\s])`).test(text));
        expect(says, `${name} knows ${word}`).toBe(true);
      }
    }
  });

  it("archive every server's log, within five minutes", () => {
    for (const name of servers) {
      const conf = found(filesIn(of, name).get("/etc/postgres/postgresql.conf"), "postgresql.conf");
      expect(conf).toContain("archive_mode = 'on'");
      expect(Number(/archive_timeout = (\d+)/.exec(conf)?.[1])).toBeLessThanOrEqual(300);
    }
  });

  it("have room for all connections of all accounts", () => {
    for (const name of servers) {
      const most = accounts
        .filter(({ provider }) => provider === name)
        .reduce((sum, { connections }) => sum + connections, 0);
      const conf = found(filesIn(of, name).get("/etc/postgres/postgresql.conf"), "postgresql.conf");
      expect(Number(/max_connections = (\d+)/.exec(conf)?.[1])).toBe(most + 10);
    }
  });

  it("have no secret outside files that their user alone reads", () => {
    for (const name of servers) {
      const files = of.services.find((service) => service.name === name)?.files ?? [];
      for (const { path, mode, content } of files) {
        expect(mode, path).toBe("secret" in content ? "0400" : "0444");
      }
    }
  });
});

describe("accounts", () => {
  it("of a new record are there with no other change", () => {
    const before = sqlOf({ one: consumer({ user: "one", databases: ["one"] }) });
    const after = sqlOf({
      one: consumer({ user: "one", databases: ["one"] }),
      two: consumer({ user: "two", databases: ["two"] }),
    });
    const lines = before.split("\n").filter((line) => !line.includes("NOLOGIN"));
    expect(after.split("\n")).toEqual(expect.arrayContaining(lines));
    expect(after).toContain(`ALTER DATABASE "two" OWNER TO "two";`);
    expect(before).not.toContain("two");
  });

  it("are in the same order whatever the order of records", () => {
    const one = consumer({ user: "one" }, { number: 1 });
    const two = consumer({ user: "two" }, { number: 2 });
    expect(sqlOf({ two, one })).toBe(sqlOf({ one, two }));
  });

  it("without a database may look at the maintenance database, others not", () => {
    const sql = sqlOf({
      app: consumer({ databases: ["app"] }),
      meter: consumer({ user: "meter", grants: ["pg_monitor"] }),
    });
    expect(sql.match(/GRANT CONNECT .*/g)).toEqual([`GRANT CONNECT ON DATABASE postgres TO "meter";`]);
    expect(sql).toContain("REVOKE ALL ON DATABASE postgres FROM %I");
  });

  it("are members of the roles they are granted, and lose the others", () => {
    const sql = sqlOf({ meter: consumer({ user: "meter", grants: ["pg_monitor"] }) });
    expect(sql.match(/^GRANT "pg_.*/gm)).toEqual([`GRANT "pg_monitor" TO "meter";`]);
    expect(sql).toContain(`(granted.rolname, ours.rolname) NOT IN (('pg_monitor', 'meter'))`);
    expect(sqlOf({})).toContain(`(granted.rolname, ours.rolname) NOT IN (('', ''))`);
  });

  it("get their extensions in each of their databases, and indexes that fit their version", () => {
    const sql = sqlOf({ app: consumer({ databases: ["one", "two"], extensions: ["vector", "uuid-ossp"] }) });
    const of = (database: string) => [
      `\\connect "${database}"`,
      `CREATE EXTENSION IF NOT EXISTS "vector" CASCADE;`,
      `CREATE EXTENSION IF NOT EXISTS "uuid-ossp" CASCADE;`,
      "SELECT count(*) > 0 AS outdated FROM pg_available_extensions WHERE name IN ('vector', 'uuid-ossp') AND installed_version <> default_version \\gset",
      `ALTER EXTENSION "vector" UPDATE;`,
      `ALTER EXTENSION "uuid-ossp" UPDATE;`,
      "\\if :outdated",
      `REINDEX DATABASE "${database}";`,
      "\\endif",
    ];
    expect(sql.slice(sql.indexOf("-- Extensions")).trimEnd().split("\n")).toEqual([
      "-- Extensions",
      ...of("one"),
      ...of("two"),
    ]);
  });

  it("whose names are odd stay names", () => {
    const sql = sqlOf({
      app: consumer({ databases: ["a"], extensions: [`x"; DROP TABLE y; --`], grants: ["it's"] }),
    });
    expect(sql).toContain(`CREATE EXTENSION IF NOT EXISTS "x""; DROP TABLE y; --" CASCADE;`);
    expect(sql).toContain(`NOT IN (('it''s', 'app'))`);
  });

  it("at another server are not this one's", () => {
    const records = {
      other: server,
      app: consumer({ provider: "other" }, { links: [linkTo("other", 5432)] }),
    };
    expect(sqlOf(records)).not.toContain(`"app"`);
    expect(
      filesOf(platform({ postgres: server, ...records }), "other").get("/etc/postgres/accounts.sql"),
    ).toContain(`"app"`);
  });

  it("change their server's files with their password, and nothing else does", () => {
    const stackOf = (length: number) =>
      platform({
        postgres: server,
        app: consumer({}, { secrets: [{ name: "database", generate: "hex", length }] }),
      });
    expect(stackOf(32)).toEqual(stackOf(32));
    const template = found(
      stackOf(32).secrets.find(({ id }) => id === "postgres/file-etc-postgres-accounts-sql"),
      "the file's template",
    );
    expect(template.source).toMatchObject({
      kind: "template",
      parts: expect.arrayContaining([
        { secret: "app/database", form: "scram-sha-256", salt: "postgres/salt" },
      ]) as unknown,
    });
  });
});

describe("settings", () => {
  const of = (fields: RecordFields = {}, input: PlatformInput = {}) =>
    settingsOf(platform({ postgres: { ...server, ...fields } }, input));

  it.each([
    [64, "16MB", "32MB", "16MB"],
    [1024, "256MB", "512MB", "64MB"],
    [65536, "8192MB", "32768MB", "1024MB"],
  ])("divide %s MiB of memory", (memory, buffers, cache, maintenance) => {
    const settings = of({ limits: { memory, cpus: 1 } });
    expect(settings.get("shared_buffers")).toBe(buffers);
    expect(settings.get("effective_cache_size")).toBe(cache);
    expect(settings.get("maintenance_work_mem")).toBe(maintenance);
  });

  it("leave less for a sort the more may sort at once", () => {
    const sortOf = (connections: number) =>
      settingsOf(platform({ postgres: server, app: consumer({ connections }) })).get("work_mem");
    expect([sortOf(20), sortOf(300), sortOf(500)]).toEqual(["64MB", "8MB", "5MB"]);
  });

  it("follow a limit of the stack", () => {
    const config = { overrides: { postgres: { memory: 2048 } } };
    expect(of({}, { config }).get("shared_buffers")).toBe("512MB");
  });

  it("archive where the record has a volume for it, for as long as the stack says", () => {
    const archive = { name: "archive", class: "database" as const, path: "/kept", access: "write" as const };
    const stack = (config: PlatformInput["config"] = {}) =>
      platform({ postgres: { ...server, volumes: [archive] } }, { config });
    expect(settingsOf(stack()).get("archive_command")).toBe(`/bin/sh /etc/postgres/archive.sh "%p" "%f"`);
    expect(fileOf(stack(), "archive.sh")).toContain(
      "find /kept -type f -name '*.gz' ! -name '*.history.gz' -mmin +2880 ",
    );
    const longer = stack({ databases: { archiveHours: 100 } });
    expect(fileOf(longer, "archive.sh")).toContain("-mmin +6000 ");
    expect(of().get("archive_mode")).toBe("off");
    expect(filesIn(platform({ postgres: server })).has("/etc/postgres/archive.sh")).toBe(false);
  });

  it("never log a statement", () => {
    expect(of().get("log_statement")).toBe("none");
    expect(of().get("log_min_duration_statement")).toBe("-1");
  });

  it("keep what the image's entrypoint writes, where the record has room for it", () => {
    const image = { tmpfs: [{ path: "/etc/postgresql" }] };
    const conf = fileOf(platform({ postgres: { ...server, ...image } }), "postgresql.conf");
    expect(conf.split("\n").filter((line) => line.startsWith("include_if_exists"))).toEqual([
      "include_if_exists = '/var/lib/postgresql/data/postgresql.conf'",
      "include_if_exists = '/etc/postgresql/postgresql.conf'",
    ]);
  });

  it("time statements where the stack is profiled, and leave an image's own libraries alone", () => {
    const profiled = { environments: environments({ base: { ENABLE_PROFILING: true } }) };
    expect(of({}, profiled).get("shared_preload_libraries")).toBe("pg_stat_statements");
    expect(sqlOf({}, profiled)).toContain(`CREATE EXTENSION IF NOT EXISTS "pg_stat_statements" CASCADE;`);
    const image = { tmpfs: [{ path: "/etc/postgresql" }] };
    expect(of(image, profiled).get("track_io_timing")).toBe("on");
    expect(of(image, profiled).has("shared_preload_libraries")).toBe(false);
    expect(of().has("track_io_timing")).toBe(false);
    expect(sqlOf({})).not.toContain("pg_stat_statements");
  });

  it("let the superuser in from inside the container alone", () => {
    const rules = fileOf(platform({ postgres: server }), "pg_hba.conf")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules).toEqual([
      "local all postgres peer",
      "local replication postgres peer",
      "host all postgres all reject",
      "host all all all scram-sha-256",
    ]);
  });
});

describe("refused with its place is", () => {
  const wrong = (records: Record<string, RecordFields>) =>
    complaints(() => platform({ postgres: server, ...records })).map((line) =>
      line.replace(/^(\S+?):\d+:\d+/, "$1"),
    );

  it("a server without a salt", () => {
    expect(wrong({ postgres: { ...server, secrets: [] } })).toEqual([
      `catalog/postgres.yaml: postgres needs a secret "salt" for its passwords' verifiers: {name: salt, generate: hex}`,
    ]);
  });

  it("an account whose secret is not there", () => {
    expect(wrong({ app: consumer({ password: "databse" }) })).toEqual([
      'catalog/app.yaml: accounts[0]: app has no secret "databse" for its account at postgres',
    ]);
  });

  it("a link to a port that the server does not have, and nothing that follows from it", () => {
    expect(wrong({ app: consumer({}, { links: [linkTo("postgres", 5433)] }) })).toEqual([
      `catalog/app.yaml: links[0]: "postgres" does not listen on 5433/tcp; it listens on 5432/tcp`,
    ]);
  });

  it("a user that another record has, and a database", () => {
    expect(
      wrong({
        app: consumer({ databases: ["shared"] }),
        other: consumer({}),
        third: consumer({ user: "third", databases: ["shared"] }),
      }),
    ).toEqual([
      `catalog/other.yaml: accounts[0]: the user "app" at postgres is app's; choose another name`,
      `catalog/third.yaml: accounts[0]: the database "shared" at postgres is app's; choose another name`,
    ]);
  });

  it.each(["postgres", "pg_reader"])("the user %s", (user) => {
    expect(wrong({ app: consumer({ user }) })).toEqual([
      `catalog/app.yaml: accounts[0]: "${user}" is a name of PostgreSQL's own; choose another user`,
    ]);
  });

  it("a database of the server's own", () => {
    expect(wrong({ app: consumer({ databases: ["app", "template1"] }) })).toEqual([
      `catalog/app.yaml: accounts[0]: "template1" is PostgreSQL's own; choose another database`,
    ]);
  });
});
