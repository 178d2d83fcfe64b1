import { describe, expect, it } from "vitest";
import { generatedResource } from "../../../components/secret/generated.ts";
import { loadCatalog } from "../../../stacks/catalog/load.ts";
import type { LoadedStack } from "../../../stacks/load.ts";
import { entryNamed, type SecretEntry, secretInventory } from "../../../stacks/secrets/inventory.ts";
import { declareStack } from "../../../targets/declare.ts";
import { projectRoot } from "../../fixtures/folders.ts";
import { found } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { loadedStack } from "./fixtures.ts";

const today = "2027-06-30";

function inventory(fields: Parameters<typeof loadedStack>[0] = {}, madeOn = "2027-06-01"): SecretEntry[] {
  return secretInventory(loadedStack(fields), () => madeOn, today);
}

function entry(name: string, all = inventory()): SecretEntry {
  return found(
    all.find((one) => one.name === name),
    name,
  );
}

describe("the secrets of a stack", () => {
  it("are each listed once, by name, a key of the config for all who ask for it", () => {
    expect(inventory().map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "app/api-key generated",
      "app/database-password generated",
      "app/mail generated",
      "app/url derived",
      "appToken set",
      "server/master generated",
      "server/password generated",
      "server/salt generated",
    ]);
    expect(entry("appToken").ids).toEqual(["app/token", "reader/token"]);
  });

  it("name everyone who has them, directly or inside a text", () => {
    expect(entry("app/database-password")).toMatchObject({
      consumers: ["app"],
      files: [{ service: "app", path: "/run/secrets/url" }],
      accounts: [{ provider: "server", user: "app", databases: ["app"] }],
      derived: ["app/url"],
    });
    expect(entry("app/api-key")).toMatchObject({
      consumers: ["app", "reader"],
      files: [{ service: "reader", path: "/run/secrets/key" }],
      variables: [{ service: "app", variable: "API_KEY" }],
    });
    expect(entry("appToken").consumers).toEqual(["app", "reader"]);
  });

  it("have a class by what they open and who has them", () => {
    const classes = Object.fromEntries(inventory().map((one) => [one.name, one.class]));
    expect(classes).toMatchObject({
      "app/database-password": "database",
      "app/api-key": "key",
      "server/password": "internal",
      appToken: "token",
    });
    expect(classes["app/url"]).toBeUndefined();
  });

  it("are due by the schedule of their class, from the day they were made", () => {
    expect(entry("app/database-password")).toMatchObject({ due: "2027-08-30", isDue: false });
    expect(entry("server/password").due).toBe("2028-05-31");
    const tight = inventory({ rotation: { database: 29, key: 30, internal: "never" } });
    expect(entry("app/database-password", tight)).toMatchObject({ due: "2027-06-30", isDue: true });
    expect(entry("app/api-key", tight)).toMatchObject({ due: "2027-07-01", isDue: false });
    expect(entry("server/password", tight)).not.toHaveProperty("due");
  });

  it("are never due where they must not change, or their age is not known", () => {
    const old = inventory({}, "2020-01-01");
    expect(entry("server/password", old).isDue).toBe(true);
    expect(entry("server/master", old)).toMatchObject({ isDue: false, fixed: "data is encrypted with it" });
    const unknown = secretInventory(loadedStack(), () => undefined, today);
    expect(unknown.filter(({ isDue, due }) => isDue || due !== undefined)).toEqual([]);
  });

  it("have the version and the day that the config says", () => {
    const secretVersions = {
      "app/api-key": { version: 3, since: "2027-06-29", previous: 2 },
      appToken: { version: 2 },
    };
    const all = inventory({ secretVersions });
    expect(entry("app/api-key", all)).toMatchObject({ version: 3, since: "2027-06-29", previous: 2 });
    expect(entry("appToken", all).version).toBe(2);
    expect(entry("server/salt", all).version).toBe(1);
  });

  it("are found by name and by what asks for them", () => {
    const all = inventory();
    expect(entryNamed("reader/token", all, "test").name).toBe("appToken");
    expect(complaints(() => entryNamed("app/api-kay", all, "test"))).toEqual([
      'the stack test has no secret "app/api-kay", did you mean "app/api-key"?',
    ]);
    expect(complaints(() => entryNamed("zzz", all, "home"))).toEqual([
      'the stack home has no secret "zzz"; npx ums secrets list --stack home shows all',
    ]);
  });
});

describe("a generated secret of another version", () => {
  it("is another one, with the one before it beside it while that is kept", () => {
    const { platform } = loadedStack({
      secretVersions: { "app/api-key": { version: 3, previous: 2 }, "gone/secret": { version: 2 } },
    });
    const source = (id: string) => platform.secrets.find((secret) => secret.id === id)?.source;
    expect(source("app/api-key")).toMatchObject({ kind: "generate", version: 3, previous: 2 });
    expect(source("server/salt")).not.toHaveProperty("version");
  });
});

describe("a secret that its service keeps under a name", () => {
  const bouncer = {
    app: {
      secrets: [
        {
          name: "bouncer",
          generate: "hex" as const,
          file: "/run/secrets/key_door",
          renamed: { reason: "it keeps the first value", retire: ["forget", "door${SUFFIX}"] },
        },
      ],
    },
  };
  const paths = (version?: number) =>
    loadedStack(version === undefined ? {} : { secretVersions: { "app/bouncer": { version } } }, bouncer)
      .platform.services.flatMap(({ files }) => files)
      .map(({ path }) => path);

  it("has another file with each version, and a command that removes one", () => {
    expect(paths()).toEqual(["/run/secrets/key_door"]);
    expect(paths(1)).toEqual(["/run/secrets/key_door"]);
    expect(paths(3)).toEqual(["/run/secrets/key_door_v3"]);
    const [secret] = loadedStack({}, bouncer).platform.secrets;
    expect(secret?.retire).toEqual(["forget", "door${SUFFIX}"]);
  });
});

describe("a secret whose service changes at its start what is encrypted with the version before", () => {
  const vault = {
    app: {
      secrets: [
        {
          name: "key",
          generate: "hex" as const,
          length: 16,
          file: "/run/secrets/key",
          previousFile: { path: "/run/secrets/key_before", reason: "data is encrypted with it" },
        },
      ],
    },
  };
  const stack = (entry?: { version: number; previous?: number }) =>
    loadedStack(entry ? { secretVersions: { "app/key": entry } } : {}, vault);
  const valuesOf = ({ platform }: LoadedStack) =>
    Object.fromEntries(
      platform.services
        .flatMap(({ files }) => files)
        .map(({ path, content }) => {
          const id = "secret" in content ? content.secret : "";
          const secret = platform.secrets.find((one) => one.id === id);
          return [path, secret && generatedResource(secret).name];
        }),
    );

  it("has that one in a file of its own, with the very value it had", () => {
    expect(valuesOf(stack())).toEqual({ "/run/secrets/key": "app_key-bytes" });
    expect(valuesOf(stack({ version: 2 }))).toEqual({ "/run/secrets/key": "app_key-bytes-v2" });
    expect(valuesOf(stack({ version: 2, previous: 1 }))).toEqual({
      "/run/secrets/key": "app_key-bytes-v2",
      "/run/secrets/key_before": "app_key-bytes",
    });
    expect(valuesOf(stack({ version: 1, previous: 2 }))).toEqual({
      "/run/secrets/key": "app_key-bytes",
      "/run/secrets/key_before": "app_key-bytes-v2",
    });
  });

  it("makes each of the two once", async () => {
    const { platform, config } = stack({ version: 3, previous: 2 });
    const { resources } = await declareStack(projectRoot, { platform, config });
    const names = resources.filter(({ type }) => type.startsWith("random:")).map(({ name }) => name);
    expect(names.sort()).toEqual(["app_key-bytes-v2", "app_key-bytes-v3"]);
  });

  it("is one secret to people", () => {
    const all = secretInventory(stack({ version: 2, previous: 1 }), () => undefined, today);
    expect(all.map(({ name, version, previous }) => [name, version, previous])).toEqual([["app/key", 2, 1]]);
  });
});

describe("the catalogue", () => {
  it("says of every key that data is encrypted with that it must not change", () => {
    const fixed = [...loadCatalog(projectRoot, ["catalog"]).values()].flatMap(({ value }) =>
      value.secrets.filter((secret) => secret.fixed !== undefined).map(({ name }) => `${value.name}/${name}`),
    );
    expect(fixed.sort()).toEqual([
      "backup/password",
      "grafana/admin-password",
      "grafana/secret-key",
      "immich-postgres/password",
      "medianest-backend/encryption-key",
      "medianest-postgres/password",
      "navidrome/password-encryption-key",
      "plex/claim",
      "postgres/password",
      "wireguard/admin-password",
    ]);
  });
});
