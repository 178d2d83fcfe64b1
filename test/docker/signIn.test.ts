import { readFileSync, writeFileSync } from "node:fs";
import { verifySync } from "@node-rs/argon2";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { newEncryptionSalt, sealPulumiSecret } from "../../targets/inProcess/cipher.ts";
import { passphrase, TestStack } from "./harness.ts";

const settings = { include: ["authelia", "redis", "postgres"], octet: 204, offset: 30000 };
const alice = {
  name: "alice",
  displayName: "Alice",
  email: "alice@example.org",
  groups: ["admin"],
  password: "alicePassword",
};

/** Hash of a user's password in the running sign-in. */
async function hashOf(stack: TestStack, user: string): Promise<string> {
  const text = await stack.textIn("authelia", "/config/users.yml");
  const { users } = parse(text) as { users: Record<string, { password: string }> };
  return users[user]?.password ?? "";
}

/** Encrypts a value into the stack's config as Pulumi's own CLI does, which judges nothing. */
function writeSecret(stack: TestStack, key: string, value: string): void {
  const document = parseDocument(readFileSync(stack.file, "utf8"));
  const salt = newEncryptionSalt(passphrase);
  document.setIn(["encryptionsalt"], salt);
  const secure = sealPulumiSecret(value, salt, passphrase);
  document.setIn(["config", "ums:secrets", key], document.createNode({ secure }));
  writeFileSync(stack.file, document.toString());
}

describe.each([
  ["compose", "umsia", inject("noCompose")],
  ["pulumi", "umsib", inject("noPulumi")],
] as const)("the first sign-in on the %s engine", (engine, name, unavailable) => {
  describe.skipIf(unavailable !== "")("of a stack", () => {
    let stack: TestStack;
    let password: string;
    const outputs: string[] = [];
    const run = async (command: string, words: string[] = [], input?: string) => {
      const result = await stack.ums(command, words, input === undefined ? {} : { input });
      outputs.push(result.stdout, result.stderr);
      return result;
    };
    const show = (user: string) => run("secret show-once", [user]);
    beforeAll(() => {
      stack = new TestStack(name, settings, engine);
    });
    afterAll(() => stack.dispose());

    it("has no password before the stack is up", async () => {
      expect(await show("admin")).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`the stack ${name} is not up`),
      });
    });

    it("has a password that is shown, once, and opens the door", async () => {
      const up = await run("up", ["--engine", engine]);
      expect(up.exitCode, up.stderr).toBe(0);
      const { exitCode, stdout, stderr } = await stack.ums("secret show-once", ["admin"]);
      expect(exitCode, stderr).toBe(0);
      password = stdout.trim();
      expect(password).toMatch(/^[A-Za-z0-9]{20}$/);
      const hash = await hashOf(stack, "admin");
      expect(verifySync(hash, password)).toBe(true);
      expect(verifySync(hash, `${password}x`)).toBe(false);
      expect(await show("admin")).toMatchObject({
        exitCode: 2,
        stdout: "",
        stderr: expect.stringMatching(/^admin's password was shown already, on \d{4}-\d\d-\d\d;/),
      });
    });

    it("stays as it was, and is in nothing that is printed", async () => {
      const before = await stack.identities();
      expect((await run("up", ["--engine", engine])).exitCode).toBe(0);
      expect(await stack.identities()).toEqual(before);
      await run("plan");
      await run("plan", ["--json"]);
      await run("status", ["--json"]);
      expect(outputs.filter((text) => text.includes(password))).toEqual([]);
      const { Config } = await stack.container("authelia").inspect();
      expect(JSON.stringify(Config)).not.toContain(password);
    });

    it("is nobody else's", async () => {
      expect((await show("admim")).stderr).toBe(
        `nobody called "admim" signs in to the stack ${name}, did you mean "admin"?`,
      );
    });

    it("gives way to users of the config, whose passwords must not be weak", async () => {
      stack.configure({ ...settings, access: { users: [alice] } });
      const weak = await run("secret set", ["alicePassword"], "alicealice2\n");
      expect(weak.exitCode).toBe(2);
      expect(weak.stderr).toMatch(/^\S+stack\.yaml:\d+:\d+: the password alicePassword is too weak: /);
      writeSecret(stack, "alicePassword", "alicealice2");
      const refused = await run("up", ["--engine", engine]);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toMatch(/\S+stack\.yaml:\d+:\d+: the password alicePassword is too weak: /);
      const strong = await run("secret set", ["alicePassword"], "correct horse battery staple\n");
      expect(strong.exitCode, strong.stderr).toBe(0);
      const up = await run("up", ["--engine", engine]);
      expect(up.exitCode, up.stderr).toBe(0);
      expect(verifySync(await hashOf(stack, "alice"), "correct horse battery staple")).toBe(true);
      expect(await show("alice")).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("alice's password is not generated"),
      });
      expect(outputs.filter((text) => text.includes("horse"))).toEqual([]);
    });
  });
});
