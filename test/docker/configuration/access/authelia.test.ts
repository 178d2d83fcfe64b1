import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { service } from "../../../fixtures/platforms.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { until } from "../../harness.ts";
import { healthy, stackWith, startService } from "../data/databases.ts";
import { makeNetwork, noReal, type RunningProgram, realProgram, removeTest, runOnce } from "../real.ts";

/** Authelia's own reader, validator and access rules; it takes every OpenID Connect provider whose keys it knows. */
const program = realProgram("authelia-check");
const missing = await noReal(program);
const path = "/config/configuration.yml";

describe.skipIf(missing).each(["dev", "prod"])("Authelia, given what stack %s generates", (stack) => {
  const { platform } = loadStack(projectRoot, stack);
  const { environment, user } = service(platform, "authelia");
  const files = filesOf(platform, "authelia");
  const at = (name: string) => service(platform, name).route?.url ?? "";
  const run = (words: string[], given: ReadonlyMap<string, string> = files) =>
    runOnce(program, {
      files: given,
      environment: { ...environment },
      user: `${user.uid}:${user.gid}`,
      command: ["/usr/bin/authelia-check", ...words],
    });
  /** The files with one text for another in one of them. */
  const changed = (file: string, from: string, to: string) => {
    const text = files.get(file) ?? "";
    expect(text).toContain(from);
    return new Map([...files, [file, text.replace(from, to)]]);
  };

  it("accepts its configuration, without a warning", async () => {
    expect(await run(["config", path])).toEqual({ exitCode: 0, output: "ok\n" });
  });

  it("accepts its users", async () => {
    expect(await run(["users", "/config/users.yml"])).toEqual({ exitCode: 0, output: "ok\n" });
  });

  it.each([
    ["a key it does not know", "default_policy:", "default_polcy:"],
    ["a rule that is none", "policy: two_factor", "policy: three_factor"],
    ["a pattern that is none", "([/?].*)?$", "([/?].*"],
    ["a sign-in without its own address", "authelia_url: https", "authelia_url: http"],
    ["a client's field it does not know", "require_pkce:", "requires_pkce:"],
  ])("refuses %s", async (_, from, to) => {
    const { exitCode, output } = await run(["config", path], changed(path, from, to));
    expect(output).toContain("error: ");
    expect(exitCode).toBe(1);
  });

  it("refuses a hash that is none", async () => {
    const wrong = changed("/config/users.yml", "$argon2id$v=19$m=65536", "$argon2id$v=19$m=some");
    expect((await run(["users", "/config/users.yml"], wrong)).exitCode).toBe(1);
  });

  it.each([
    ["an administrator's tool", `${at("sonarr")}/`, "admin", "two_factor"],
    ["an administrator's tool", `${at("sonarr")}/`, "user", "deny"],
    ["a user's service", `${at("jellyfin")}/dashboards`, "user", "two_factor"],
    ["a native application's path", `${at("jellyfin")}/Users/1?a=b`, "", "bypass"],
    ["a path that only begins like it", `${at("jellyfin")}/Usersx`, "user", "two_factor"],
    ["the sign-in itself", `${at("authelia")}/`, "", "bypass"],
    ["a name that is nobody's", `https://nobody.${platform.domain}/`, "admin", "deny"],
  ])("asks for %s (%s) of the group %j: %s", async (_, url, group, level) => {
    const { output } = await run([
      "policy",
      path,
      url,
      "GET",
      group === "" ? "" : "alice",
      group,
      "192.0.2.1",
    ]);
    expect(output.trim()).toBe(level);
  });
});

const noPostgres = missing || (await noReal(realProgram("postgres")));

describe.skipIf(noPostgres)("the database of second factors", () => {
  const network = "umstestsso";
  const secret = "the-admins-one-time-codes";
  let database: RunningProgram;

  beforeAll(async () => {
    await makeNetwork(network);
    const platform = stackWith();
    database = await startService(platform, "postgres", { network, program: "postgres" });
    await healthy(platform, "postgres", database);
  });
  afterAll(() => removeTest(network));

  /** Authelia as its record starts it, with versions of the key that the database is encrypted with. */
  async function withKey<T>(
    version: number,
    previous: number | undefined,
    work: (sso: RunningProgram) => Promise<T>,
  ): Promise<T> {
    const platform = stackWith({
      secretVersions: {
        "authelia/storage-key": { version, ...(previous === undefined ? {} : { previous }) },
      },
    });
    const files = filesOf(platform, "authelia");
    expect(files.has("/run/secrets/storage_key_previous")).toBe(previous !== undefined);
    const text = files.get(path) ?? "";
    expect(text).toContain("tcp://postgres:5432");
    files.set(path, text.replace("tcp://postgres:5432", `tcp://${database.name}:5432`));
    const sso = await startService(platform, "authelia", { network, program: "authelia-check", files });
    try {
      return await work(sso);
    } finally {
      await sso.stop();
    }
  }

  const started = (sso: RunningProgram) =>
    until("Authelia has started", async () => {
      const logs = await sso.logs();
      if (!(await sso.isRunning())) throw new Error(`it has stopped:\n${logs}`);
      return /^started$/m.test(logs);
    });

  /** Starts it, and reads the second factor that it has of a user. */
  const factorWith = (version: number, previous?: number) =>
    withKey(version, previous, async (sso) => {
      await started(sso);
      return (await sso.exec(["authelia", "second-factor", "admin"])).output.trim();
    });

  /** What it says when it does not start. */
  const refusalWith = (version: number, previous?: number) =>
    withKey(version, previous, async (sso) => {
      await until("Authelia has stopped", async () => !(await sso.isRunning()));
      return sso.logs();
    });

  it("is encrypted anew with the next key, by Authelia's own command, and back when that is undone", async () => {
    await withKey(1, undefined, async (sso) => {
      await started(sso);
      expect(await sso.exec(["authelia", "second-factor", "admin", secret])).toMatchObject({ exitCode: 0 });
    });
    expect(await factorWith(1)).toBe(secret);
    expect(await refusalWith(2)).toContain("encryption key");

    expect(await factorWith(2, 1)).toBe(secret);
    expect(await refusalWith(1)).toContain("encryption key");
    expect(await factorWith(2)).toBe(secret);

    expect(await factorWith(1, 2)).toBe(secret);
    expect(await factorWith(1)).toBe(secret);
  });

  it("stays as it is where neither key opens it", async () => {
    expect(await refusalWith(4, 3)).toContain("encryption key");
    expect(await factorWith(1)).toBe(secret);
  });
});
