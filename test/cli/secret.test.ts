import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openPulumiSecrets } from "../../targets/inProcess/cipher.ts";
import { folder, projectRoot } from "../fixtures/folders.ts";
import { positionOf } from "../fixtures/problems.ts";
import { stackText } from "../fixtures/stackConfigs.ts";

const passphrase = "a test passphrase";

describe("ums secrets set", () => {
  let file: string;
  beforeEach(() => {
    file = join(folder(), "stack.yaml");
    const alice = {
      name: "alice",
      displayName: "Alice",
      email: "alice@example.org",
      password: "alicePassword",
    };
    writeFileSync(
      file,
      stackText({
        services: { include: ["authelia"] },
        access: { users: [{ ...alice, groups: ["admin"] }] },
      }),
    );
  });

  const set = (name: string, input: string) =>
    execa(
      process.execPath,
      [join(projectRoot, "cli", "bin.mjs"), "secret", "set", name, "--stack", "test", "--stack-file", file],
      {
        env: { UMS_HOME: folder(), PULUMI_CONFIG_PASSPHRASE: passphrase },
        input: `${input}\n`,
        reject: false,
      },
    );

  it("refuses a weak password of a user, names where it is asked for, and changes nothing", async () => {
    const before = readFileSync(file, "utf8");
    const { line, column } = positionOf(before, "password: alicePassword");
    const { exitCode, stderr } = await set("alicePassword", "alicealice2");
    expect(stderr).toBe(
      `${file}:${line}:${column}: the password alicePassword is too weak: it has fewer than 12 characters; set another: npx ums secrets set alicePassword --stack test`,
    );
    expect(exitCode).toBe(2);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("sets one of several that a stack with real images needs", async () => {
    const receivers = ["first", "second"].map((name) => ({
      name,
      type: "webhook" as const,
      url: `${name}Url`,
    }));
    writeFileSync(
      file,
      stackText({ images: "real", services: { include: ["alertmanager"] }, alerts: { receivers } }),
    );
    for (const name of ["firstUrl", "secondUrl"]) {
      const { exitCode, stderr } = await set(name, "https://example.com/hook");
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
    }
  });

  it("encrypts a strong one, what nobody types as it is, and all lines of a key", async () => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\nbnNz\n-----END OPENSSH PRIVATE KEY-----";
    for (const [name, value] of [
      ["alicePassword", "correct horse battery staple"],
      ["smtpPassword", "weak"],
      ["backupSftpKey", key],
    ] as const) {
      const { exitCode, stdout, stderr } = await set(name, value);
      expect(stderr).toBe("");
      expect(stdout).not.toContain(value);
      expect(exitCode).toBe(0);
    }
    const { encryptionsalt, config } = parse(readFileSync(file, "utf8")) as {
      encryptionsalt: string;
      config: { "ums:secrets": Record<string, { secure: string }> };
    };
    const encrypted = Object.fromEntries(
      Object.entries(config["ums:secrets"]).map(([name, { secure }]) => [name, secure]),
    );
    expect(openPulumiSecrets(encrypted, encryptionsalt, passphrase)).toEqual({
      alicePassword: "correct horse battery staple",
      smtpPassword: "weak",
      backupSftpKey: key,
    });
  });

  it("refuses a key that was cut off, and shows nothing of it", async () => {
    const before = readFileSync(file, "utf8");
    const { exitCode, stderr } = await set("backupSftpKey", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl");
    expect(stderr).toBe(
      'it begins with "-----BEGIN OPENSSH PRIVATE KEY-----" and has no last line: give the whole file, as in < key',
    );
    expect(exitCode).toBe(2);
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});
