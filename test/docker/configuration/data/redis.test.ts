import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { found, service } from "../../../fixtures/platforms.ts";
import { filesOf, secretValue } from "../../../stacks/configure/fixtures.ts";
import { until } from "../../harness.ts";
import { makeNetwork, noReal, type RunningProgram, realProgram, removeTest, runOnce } from "../real.ts";
import { healthy, loginsAt, productionStacks, stackWith, startService } from "./databases.ts";

const dev = stackWith();
const redis = realProgram("redis");
const noRedis = await noReal(redis);
const noRedisExporter = await noReal(realProgram("redis-exporter"));

describe.skipIf(noRedis !== "")("Redis", () => {
  const network = "umstestredis";
  let server: RunningProgram;
  const logins = loginsAt(dev, "redis");
  const passwordOf = (user: string) =>
    user === "default"
      ? secretValue(dev, "redis/password")
      : found(
          logins.find((login) => login.user === user),
          user,
        ).password;

  /** What Redis answers an account. */
  async function ask(user: string, ...words: string[]): Promise<string> {
    const as = ["redis-cli", "--no-auth-warning", "--user", user, "-a", passwordOf(user)];
    const { output } = await server.exec([...as, ...words]);
    return output.trim();
  }

  beforeAll(async () => {
    await makeNetwork(network);
    server = await startService(dev, "redis", { network, program: "redis" });
    await healthy(dev, "redis", server);
  });
  afterAll(async () => {
    await server?.stop();
    await removeTest(network);
  });

  it("knows every account of the stack by its password, and no one without", async () => {
    expect(logins.map(({ user }) => user).sort()).toEqual(["authelia", "exporter", "immich"]);
    for (const { user } of logins) expect(await ask(user, "PING")).toBe("PONG");
    const { output } = await server.exec(["redis-cli", "PING"]);
    expect(output).toContain("NOAUTH");
    const wrong = await server.exec([
      "redis-cli",
      "--no-auth-warning",
      "--user",
      "immich",
      "-a",
      "wrong",
      "PING",
    ]);
    expect(wrong.output).toMatch(/WRONGPASS|NOAUTH/);
  });

  it("gives the probe's account PING and nothing else", async () => {
    expect(await ask("default", "PING")).toBe("PONG");
    for (const words of [["GET", "a"], ["INFO"], ["CONFIG", "GET", "*"], ["ACL", "LIST"]])
      expect(await ask("default", ...words)).toContain("NOPERM");
  });

  it("keeps accounts to their own keys", async () => {
    expect(await ask("authelia", "SET", "authelia-session:1", "x", "EX", "60")).toBe("OK");
    expect(await ask("authelia", "RENAME", "authelia-session:1", "authelia-session:2")).toBe("OK");
    expect(await ask("authelia", "GET", "authelia-session:2")).toBe("x");
    expect(await ask("immich", "GET", "authelia-session:2")).toContain("NOPERM");
    expect(await ask("authelia", "LPUSH", "immich_bull:jobs:wait", "1")).toContain("NOPERM");
    expect(await ask("exporter", "GET", "authelia-session:2")).toContain("NOPERM");
  });

  it("gives Immich what BullMQ and live updates need", async () => {
    const script =
      "redis.call('LPUSH', KEYS[1], ARGV[1]); return redis.call('XADD', KEYS[1] .. ':events', '*', 'e', '1')";
    expect(await ask("immich", "EVAL", script, "1", "immich_bull:jobs:wait", "7")).toMatch(/^\d+-\d+$/);
    const foreign = "return redis.call('GET', 'authelia-session:2')";
    expect(await ask("immich", "EVAL", foreign, "0")).toContain("No permissions");
    expect(await ask("immich", "INFO", "server")).toContain("redis_version");
    expect(await ask("immich", "CLIENT", "SETNAME", "bull")).toBe("OK");
    expect(await ask("immich", "PUBLISH", "socket.io#/#", "x")).toBe("0");
    expect(await ask("authelia", "PUBLISH", "socket.io#/#", "x")).toContain("NOPERM");
  });

  it("lets no account rule over the server", async () => {
    for (const user of ["authelia", "immich", "exporter"]) {
      for (const words of [
        ["FLUSHALL"],
        ["CONFIG", "SET", "maxmemory", "1"],
        ["ACL", "LIST"],
        ["KEYS", "*"],
        ["SHUTDOWN"],
        ["DEBUG", "SLEEP", "0"],
        ["MONITOR"],
      ])
        expect(await ask(user, ...words), `${user} ${words.join(" ")}`).toMatch(
          /NOPERM|ERR DEBUG command not allowed/,
        );
    }
    expect(await server.isRunning()).toBe(true);
  });

  it("evicts what was used longest ago from 512 MB, and logs every write", async () => {
    expect(await ask("exporter", "CONFIG", "GET", "maxmemory-policy")).toContain("allkeys-lru");
    expect(await ask("exporter", "CONFIG", "GET", "maxmemory")).toContain(String(512 * 1024 * 1024));
    expect(await ask("immich", "INFO", "persistence")).toContain("aof_enabled:1");
  });

  it.skipIf(noRedisExporter !== "")(
    "is watched by its exporter, which is refused nothing it asks for",
    async () => {
      const { environment } = service(dev, "redis-exporter");
      const files = filesOf(dev, "redis-exporter");
      const passwords = found(files.get("/run/secrets/passwords.json"), "passwords");
      files.set("/run/secrets/passwords.json", passwords.replace("@redis:", `@${server.name}:`));
      const running = await startService(dev, "redis-exporter", {
        network,
        program: "redis-exporter",
        files,
        environment: { REDIS_ADDR: (environment.REDIS_ADDR ?? "").replace("//redis:", `//${server.name}:`) },
      });
      try {
        const metrics = async () => {
          const { output } = await server.exec(["curl", "-sS", `http://${running.address}:9121/metrics`]);
          return output;
        };
        await until("the exporter answers", async () => (await metrics()).includes("redis_up"), 30);
        expect(await metrics()).toMatch(/^redis_up 1$/m);
        expect(await metrics()).toMatch(/^redis_slowlog_length \d/m);
        expect(await metrics()).toMatch(/^redis_config_maxmemory 5\.36870912e\+08$/m);
        expect(await running.logs()).not.toContain("NOPERM");
      } finally {
        await running.stop();
      }
    },
  );

  it("has its data after a restart", async () => {
    expect(await ask("authelia", "SET", "authelia-session:kept", "42")).toBe("OK");
    await server.stop();
    server = await startService(dev, "redis", { network, program: "redis" });
    await healthy(dev, "redis", server);
    expect(await ask("authelia", "GET", "authelia-session:kept")).toBe("42");
  });

  it("does not start with a rule that it does not understand", async () => {
    const files = filesOf(dev, "redis");
    const rules = found(files.get("/etc/redis/users.acl"), "rules");
    files.set("/etc/redis/users.acl", rules.replace("-@dangerous", "-@dangeros"));
    const { exitCode, output } = await runOnce(redis, {
      files,
      user: "999:1000",
      tmpfs: ["/data"],
      command: ["redis-server", "/etc/redis/redis.conf"],
    });
    expect(exitCode).not.toBe(0);
    expect(output).toContain("users.acl");
  });

  it("MediaNest's own lets its backend in with the address it is given", async () => {
    const url = new URL(secretValue(dev, "medianest-backend/redis-url"));
    const running = await startService(dev, "medianest-redis", { network, program: "redis" });
    try {
      await healthy(dev, "medianest-redis", running);
      url.hostname = "127.0.0.1";
      const asked = async (...words: string[]) =>
        (await running.exec(["redis-cli", "--no-auth-warning", "-u", url.href, ...words])).output.trim();
      expect(await asked("SET", "rate_limit:1:api", "1")).toBe("OK");
      expect(await asked("INFO", "server")).toContain("redis_version");
      expect(await asked("CONFIG", "SET", "maxmemory", "1")).toContain("NOPERM");
    } finally {
      await running.stop();
    }
  });
});

describe.skipIf(noRedis !== "")("Redis in production", () => {
  const network = "umstestredisprod";
  beforeEach(() => makeNetwork(network));
  afterAll(() => removeTest(network));

  it.each(productionStacks)("starts healthy with the files of %s, and knows every account", async (_, of) => {
    const server = await startService(of, "redis", { network, program: "redis" });
    try {
      await healthy(of, "redis", server);
      const logins = loginsAt(of, "redis");
      const ask = async (user: string, ...words: string[]) => {
        const { password } = found(
          logins.find((login) => login.user === user),
          user,
        );
        const as = ["redis-cli", "--no-auth-warning", "--user", user, "-a", password];
        return (await server.exec([...as, ...words])).output.trim().split("\n");
      };
      expect(logins.length).toBeGreaterThan(2);
      for (const { user } of logins) expect(await ask(user, "PING")).toEqual(["PONG"]);
      expect(await ask("exporter", "CONFIG", "GET", "loglevel")).toEqual(["loglevel", "warning"]);
      const threshold = "latency-monitor-threshold";
      expect(await ask("exporter", "CONFIG", "GET", threshold)).toEqual([threshold, "0"]);
    } finally {
      await server.stop();
    }
  });
});
