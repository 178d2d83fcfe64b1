import { readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { SecretStage } from "./stage.ts";

const password = "prowlarr/database-password";

describe.each([
  ["compose", { name: "umsrot1", octet: 160, offset: 22000 }, inject("noCompose")],
  ["pulumi", { name: "umsrot2", octet: 164, offset: 23000 }, inject("noPulumi")],
] as const)("secrets on the %s engine", (engine, { name, ...place }, unavailable) => {
  describe.skipIf(unavailable !== "")("with real servers", () => {
    let stage: SecretStage;
    /** Every value that was ever in use. */
    const values = new Set<string>();
    const reveal = async (secret: string) => {
      const value = await stage.reveal(secret);
      values.add(value);
      return value;
    };
    beforeAll(async () => {
      stage = new SecretStage(name, engine, {
        ...place,
        include: ["prowlarr", "redis-exporter", "fragile", "vault"],
      });
      const set = await stage.run("secrets set", ["fragileToken"], "the first token\n");
      expect(set.exitCode, set.stderr).toBe(0);
      values.add("the first token");
      const up = await stage.run("up", [
        "--engine",
        engine,
        "--real",
        "postgres,redis,redis-exporter,fragile,vault",
      ]);
      expect(up.exitCode, up.stderr).toBe(0);
    });
    afterAll(() => stage.dispose());

    it("are listed with version, age and users", async () => {
      const { secrets } = await stage.stack.json<{ secrets: object[] }>("secrets list");
      expect(secrets).toContainEqual(
        expect.objectContaining({
          name: password,
          kind: "generated",
          class: "database",
          version: 1,
          since: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
          consumers: ["postgres", "prowlarr"],
        }),
      );
    });

    it("change at the server and at the consumer, and the old value opens nothing", async () => {
      const before = [await reveal(password), await reveal("redis-exporter/password")];
      expect(await stage.postgresTakes(before[0] ?? "")).toBe(true);
      expect(await stage.redisTakes(before[1] ?? "")).toBe(true);

      const run = await stage.rotate(password, "redis-exporter/password");
      expect(run.exitCode, run.stderr).toBe(0);
      expect(run.stdout).toContain(`${password} has version 2; version 1 is gone`);
      expect(run.stderr).toMatch(/in this order: postgres, redis, prowlarr, redis-exporter$/m);

      const after = [await reveal(password), await reveal("redis-exporter/password")];
      expect(new Set([...before, ...after]).size).toBe(4);
      expect(await stage.postgresTakes(before[0] ?? "")).toBe(false);
      expect(await stage.redisTakes(before[1] ?? "")).toBe(false);
      expect(await stage.postgresTakes(after[0] ?? "")).toBe(true);
      expect(await stage.redisTakes(after[1] ?? "")).toBe(true);
      expect(await stage.file("prowlarr", "/run/secrets/database_password")).toBe(after[0]);
      expect(await stage.ailing()).toEqual([]);
      expect(await stage.secret(password)).not.toHaveProperty("previous");
    });

    it("are as the config says: a plain up changes nothing", async () => {
      const before = await stage.stack.identities();
      expect(readFileSync(stage.stack.file, "utf8")).toMatch(/^# kept\n/);
      const up = await stage.run("up", ["--engine", engine]);
      expect(up.stderr).toContain("0 to create, 0 to update, 0 to replace, 0 to delete");
      expect(await stage.stack.identities()).toEqual(before);
    });

    const postgresId = async () =>
      (
        await stage.stack
          .container("postgres")
          .inspect()
          .catch(() => undefined)
      )?.Id;

    it.each([
      ["before anything is changed", () => async () => stage.journal?.phase === "forward"],
      [
        "when the server has the new version, and the consumer the old one",
        async () => {
          const before = await postgresId();
          return async () => {
            const now = await postgresId();
            return now !== undefined && now !== before;
          };
        },
      ],
      ["when the old version goes", () => async () => stage.journal?.phase === "retire"],
    ])("come to their end after a kill -9 %s", async (moment, observe) => {
      const old = await reveal(password);
      const { version } = await stage.secret(password);
      await stage.killedAt([password], moment, await observe());
      expect(stage.journal).toBeDefined();
      expect((await stage.run("secrets list")).stdout).toContain("was interrupted");

      const run = await stage.rotate(password);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(run.stdout).toContain(`${password} has version ${version + 1}`);
      expect(await stage.secret(password)).toMatchObject({ version: version + 1 });
      expect(stage.journal).toBeUndefined();
      expect(await stage.postgresTakes(old)).toBe(false);
      expect(await stage.postgresTakes(await reveal(password))).toBe(true);
      expect(await stage.ailing()).toEqual([]);
    });

    it("come back as they were when a consumer does not take the new one", async () => {
      const before = { key: await reveal("fragile/key"), password: await reveal(password) };
      const run = await stage.rotate("fragile/key", password);
      expect(run.exitCode, run.stderr).toBe(1);
      expect(run.stderr).toMatch(/^the rotation was undone: fragile\/key has version 1, /m);
      expect(run.stderr).toContain("fragile is unhealthy");
      expect({ key: await reveal("fragile/key"), password: await reveal(password) }).toEqual(before);
      expect(await stage.postgresTakes(before.password)).toBe(true);
      expect(await stage.ailing()).toEqual([]);
      expect(stage.journal).toBeUndefined();
      expect(readFileSync(stage.stack.file, "utf8")).not.toContain("fragile/key");
    });

    it("that data is sealed with stay beside the next one, which it is sealed with", async () => {
      const old = await reveal("vault/key");
      expect(await stage.file("vault", "/data/seal")).toBe(old);
      const run = await stage.rotate("vault/key");
      expect(run.exitCode, run.stderr).toBe(0);
      expect(run.stdout).toContain("vault/key has version 2; version 1 is kept for older backups");
      const next = await reveal("vault/key");
      expect(next).not.toBe(old);
      expect(await stage.file("vault", "/data/seal")).toBe(next);
      expect(await stage.file("vault", "/run/secrets/key_before")).toBe(old);
      expect(await stage.secret("vault/key")).toMatchObject({ version: 2, previous: 1 });

      // As after the restore of a backup from before the rotation.
      await stage.exec("vault", ["sh", "-c", "cat /run/secrets/key_before >/data/seal"]);
      const again = await stage.run("restart", ["vault"]);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(await stage.file("vault", "/data/seal")).toBe(next);
    });

    it("that data is sealed with already come back, too", async () => {
      const before = await reveal("vault/key");
      const run = await stage.rotate("vault/key", "fragile/key");
      expect(run.exitCode, run.stderr).toBe(1);
      expect(run.stderr).toMatch(/^the rotation was undone: vault\/key has version 2, /m);
      expect(await reveal("vault/key")).toBe(before);
      expect(await stage.file("vault", "/data/seal")).toBe(before);
      expect(await stage.secret("vault/key")).toMatchObject({ version: 2, previous: 1 });
      expect(await stage.ailing()).toEqual([]);
    });

    it("of the user come from standard input", async () => {
      const none = await stage.rotate("fragileToken");
      expect(none.exitCode).toBe(2);
      expect(none.stderr).toContain("no new value for fragileToken");
      const run = await stage.run("secrets rotate", ["fragileToken"], "the second token\n");
      values.add("the second token");
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await stage.file("fragile", "/run/secrets/token")).toBe("the second token");
      expect(await stage.secret("fragileToken")).toMatchObject({ version: 2 });
    });

    it("are rotated when they are due, and then are not due any more", async () => {
      const { version } = await stage.secret(password);
      stage.setConfig(["secretVersions", password, "since"], "2026-01-01");
      stage.setConfig(["secretVersions", "fragileToken", "since"], "2026-01-01");
      stage.setConfig(["rotation"], { database: 30, token: 30 });
      const run = await stage.rotate("--due");
      expect(run.exitCode, run.stderr).toBe(1);
      expect(run.stdout).toContain(`${password} has version ${version + 1}`);
      expect(run.stdout).toContain("fragileToken is due since 2026-01-31");
      expect(await stage.secret(password)).toMatchObject({ version: version + 1, isDue: false });

      stage.setConfig(["rotation"], { database: 30 });
      const again = await stage.rotate("--due");
      expect(again).toMatchObject({ exitCode: 0, stdout: "no generated secret is due" });
    });

    it("are in nothing that was printed or logged, and each look and step is", async () => {
      const log = readFileSync(stage.auditPath, "utf8");
      expect(statSync(stage.auditPath).mode & 0o777).toBe(0o600);
      const lines = log
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { action: string; at: string; who: string });
      expect(new Set(lines.map(({ action }) => action))).toEqual(
        new Set([
          "set",
          "reveal",
          "rotation begins",
          "new version in use",
          "rotation done",
          "rotation fails",
          "rotation undone",
        ]),
      );
      expect(lines.every(({ at, who }) => Date.parse(at) > 0 && who.length > 1)).toBe(true);
      expect(values.size).toBeGreaterThan(8);
      const texts = [log, readFileSync(stage.stack.file, "utf8"), ...stage.printed];
      for (const value of values) expect(texts.filter((text) => text.includes(value))).toEqual([]);
      const inspected = await stage.stack.container("prowlarr").inspect();
      expect(JSON.stringify(inspected)).not.toContain(await stage.reveal(password));
    });
  });
});
