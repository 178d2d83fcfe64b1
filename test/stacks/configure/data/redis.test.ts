import { createHash } from "node:crypto";
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
  configure: "redis",
  ports: listensOn(6379),
  volumes: [{ name: "data", class: "database", path: "/data", access: "write" }],
  secrets: [{ name: "password", generate: "hex" }],
  limits: { memory: 768, cpus: 1 },
};
const consumer = (account: Partial<Account> = {}): RecordFields => ({
  links: [linkTo("redis", 6379)],
  accounts: [{ provider: "redis", user: "app", password: "key", keys: ["app:*"], ...account }],
  secrets: [{ name: "key", generate: "password" }],
});
const fileOf = (of: Platform, path: string, name = "redis") =>
  found(filesOf(of, name).get(`/etc/redis/${path}`), path);
const rulesOf = (records: Record<string, RecordFields>) =>
  fileOf(platform({ redis: server, ...records }), "users.acl");

/** Words of each account's rule. */
function accountsOf(acl: string): Map<string, string[]> {
  return new Map(
    acl
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [user, name = "", ...words] = line.split(" ");
        expect(user).toBe("user");
        return [name, words];
      }),
  );
}

describe.each(["dev", "prod"])("every Redis of stack %s", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);
  const servers = of.services.filter(({ configure }) => configure === "redis");

  it("has 512 MB for data, a log of every write, and evicts what was used longest ago", () => {
    expect(servers.map(({ name }) => name)).toContain("redis");
    for (const { name } of servers) {
      expect(fileOf(of, "redis.conf", name).split("\n")).toEqual(
        expect.arrayContaining(["appendonly yes", "maxmemory 512mb", "maxmemory-policy allkeys-lru"]),
      );
    }
  });

  it("knows its consumers by hashes of their passwords, and lets no other account but the probe's and the backup's in", () => {
    for (const { name } of servers) {
      const accounts = accountsOf(fileOf(of, "users.acl", name));
      const consumers = of.services.flatMap((service) =>
        service.accounts
          .filter(({ provider }) => provider === name)
          .map(({ user, password }) => [user, secretValue(of, `${service.name}/${password}`)] as const),
      );
      expect([...accounts.keys()].sort()).toEqual(
        ["backup", "default", ...consumers.map(([user]) => user)].sort(),
      );
      expect(accounts.get("backup")?.slice(2)).toEqual(["-@all", "+info", "+bgrewriteaof"]);
      for (const [user, password] of consumers) {
        const hash = createHash("sha256").update(password).digest("hex");
        expect(accounts.get(user)?.slice(0, 2)).toEqual(["on", `#${hash}`]);
      }
    }
  });

  it("keeps the keys of one consumer from another", () => {
    const accounts = accountsOf(fileOf(of, "users.acl"));
    const patterns = [...accounts.values()].flatMap((words) => words.filter((word) => word.startsWith("~")));
    expect(patterns).not.toContain("~*");
    expect(new Set(patterns).size).toBe(patterns.length);
  });
});

describe("an account", () => {
  it("uses its own keys and channels with every command that is not dangerous, and what its record says", () => {
    const acl = rulesOf({ app: consumer({ channels: ["live", "app:*"], commands: ["+info", "-keys"] }) });
    expect(accountsOf(acl).get("app")?.slice(2)).toEqual([
      "~app:*",
      "&live",
      "&app:*",
      "+@all",
      "-@admin",
      "-@dangerous",
      "+info",
      "-keys",
    ]);
  });

  it("of a new record is there with no other change", () => {
    const one = rulesOf({ app: consumer() });
    const two = rulesOf({ app: consumer(), other: consumer({ user: "other" }) });
    expect(two.startsWith(one)).toBe(true);
    expect([...accountsOf(two).keys()]).toEqual(["default", "app", "other"]);
  });

  it("that is the probe's can do nothing but PING", () => {
    expect(accountsOf(rulesOf({})).get("default")?.slice(2)).toEqual(["-@all", "+ping"]);
  });
});

describe("settings", () => {
  const confOf = (fields: RecordFields = {}, input: PlatformInput = {}) =>
    fileOf(platform({ redis: { ...server, ...fields } }, input), "redis.conf").split("\n");

  it("leave a third of the memory for rewriting the log", () => {
    expect(confOf({ limits: { memory: 96, cpus: 1 } })).toContain("maxmemory 64mb");
  });

  it("put data where the record has its volume", () => {
    const volumes: RecordFields["volumes"] = [
      { name: "kept", class: "database", path: "/kept", access: "write" },
    ];
    expect(confOf({ volumes })).toContain("dir /kept");
  });

  it("watch for what is slow where the stack is profiled", () => {
    const profiled = { environments: environments({ base: { ENABLE_PROFILING: true } }) };
    expect(confOf({}, profiled)).toContain("latency-monitor-threshold 100");
    expect(confOf()).toContain("latency-monitor-threshold 0");
  });

  it("hold no secret", () => {
    const { services } = platform({ redis: server });
    const conf = services[0]?.files.find(({ path }) => path === "/etc/redis/redis.conf");
    expect(conf).toMatchObject({ mode: "0444", content: { text: expect.any(String) as unknown } });
  });
});

describe("refused with its place is", () => {
  const wrong = (records: Record<string, RecordFields>) =>
    complaints(() => platform({ redis: server, ...records })).map((line) =>
      line.replace(/^(\S+?):\d+:\d+/, "$1"),
    );

  it("a server without a password for its probe", () => {
    expect(wrong({ redis: { ...server, secrets: [] } })).toEqual([
      `catalog/redis.yaml: redis needs a secret "password" for its probe and a volume for its data`,
    ]);
  });

  it("an account that may use nothing", () => {
    expect(wrong({ app: consumer({ keys: [] }) })).toEqual([
      `catalog/app.yaml: accounts[0]: the user "app" at redis may use nothing there: name its keys, as in keys: ["app:*"]`,
    ]);
  });

  it("the name of the probe's account", () => {
    expect(wrong({ app: consumer({ user: "default" }) })).toEqual([
      `catalog/app.yaml: accounts[0]: "default" is the probe's at redis; choose another user`,
    ]);
  });

  it.each([
    ["keys", ["a ~*"]],
    ["channels", ["&x"]],
    ["commands", ["info"]],
    ["commands", ["+info >secret"]],
  ])("a rule that would say more than it may: %s %j", (field, value) => {
    expect(wrong({ app: consumer({ [field]: value }) })).toEqual([
      expect.stringMatching(/^catalog\/app\.yaml: accounts\[0\]\.\w+\[0\]: (use a pattern|write a rule)/),
    ]);
  });
});
