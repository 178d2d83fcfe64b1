import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { newEncryptionSalt, sealPulumiSecret } from "../../targets/inProcess/cipher.ts";
import { folder, projectRoot } from "../fixtures/folders.ts";
import { positionOf } from "../fixtures/problems.ts";
import { stackText } from "../fixtures/stackConfigs.ts";

function plan(...words: string[]) {
  return execa(process.execPath, ["cli/bin.mjs", "plan", ...words], {
    cwd: projectRoot,
    reject: false,
    // Nothing was deployed from there, and a plan writes nothing.
    env: { UMS_HOME: join(tmpdir(), "ums-nowhere") },
  });
}

describe("ums plan --since", () => {
  let json: string;
  beforeAll(async () => {
    json = (await plan("--stack", "staging", "--json")).stdout;
  });

  /** The plan in a file, after an edit of its text. */
  function earlier(edit: (text: string) => string = (text) => text): string {
    const file = join(folder(), "base.json");
    writeFileSync(file, edit(json));
    return file;
  }

  it("finds nothing to do where nothing changed", async () => {
    const { stdout, exitCode } = await plan("--stack", "staging", "--since", earlier());
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Changes, since base.json: 0 to create, 0 to update, 0 to replace, 0 to delete");
  });

  it("shows in Markdown what changed since", async () => {
    const since = earlier((text) => text.replaceAll('"LOG_LEVEL=', '"LOG_LEVEL=not-'));
    const { stdout, exitCode } = await plan("--stack", "staging", "--markdown", "--since", since);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\| replace \| Container `[\w-]+` \| `envs`: `LOG_LEVEL: not-\w+ → \w+` \|/);
    expect(stdout).toContain("to delete**, since base.json.");
    const limited = await plan("--stack", "staging", "--markdown", "--since", since, "--limit", "1500");
    expect(limited.stdout.length).toBeLessThanOrEqual(1500);
  });

  it("refuses the plan of another stack", async () => {
    const { stderr, exitCode } = await plan("--stack", "prod", "--since", earlier());
    expect(exitCode).toBe(2);
    expect(stderr).toContain("base.json: is a plan of the stack staging, not of prod");
  });
});

describe("ums plan", () => {
  it.each([
    ["--json", "--markdown"],
    ["--markdown", "--limit", "many"],
  ])("refuses %s %s", async (...words) => expect((await plan(...words)).exitCode).toBe(2));
});

describe("ums plan of a stack whose users have passwords of their own", () => {
  const passphrase = "a test passphrase";
  const salt = newEncryptionSalt(passphrase);
  let file: string;
  let home: string;
  beforeEach(() => {
    [file, home] = [join(folder(), "stack.yaml"), join(folder(), "home")];
  });

  /** A stack with a password as Pulumi's own CLI encrypts it, which judges nothing. */
  function write(password: string, { environment = "staging" as "staging" | "development" } = {}): void {
    const alice = {
      name: "alice",
      displayName: "Alice",
      email: "alice@example.org",
      groups: ["admin" as const],
      password: "alicePassword",
    };
    // The policies refuse stand-ins where data is real.
    const images = environment === "development" ? "rehearsal" : "real";
    const services = { include: ["authelia"] };
    const text = stackText({ environment, images, services, access: { users: [alice] } });
    const document = parseDocument(text);
    const secure = sealPulumiSecret(password, salt, passphrase);
    document.set("encryptionsalt", salt);
    document.setIn(["config", "ums:secrets", "alicePassword"], document.createNode({ secure }));
    writeFileSync(file, document.toString());
  }

  async function planned(env: Record<string, string> = {}, ...words: string[]) {
    const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE, ...inherited } = process.env;
    const stack = ["--stack", "test", "--stack-file", file];
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      ["cli/bin.mjs", "plan", ...stack, ...words],
      { cwd: projectRoot, reject: false, extendEnv: false, env: { ...inherited, UMS_HOME: home, ...env } },
    );
    return { exitCode, stdout, stderr };
  }

  function refusal() {
    const { line, column } = positionOf(readFileSync(file, "utf8"), "password: alicePassword");
    return {
      exitCode: 2,
      stdout: "",
      stderr: `${file}:${line}:${column}: the password alicePassword is too weak: it has fewer than 12 characters; set another: npx ums secrets set alicePassword --stack test`,
    };
  }

  it("refuses a weak one where the passphrase is known, and says where it is asked for", async () => {
    write("password");
    expect(await planned({ PULUMI_CONFIG_PASSPHRASE: passphrase })).toEqual(refusal());
  });

  it("refuses a weak one where a file holds the passphrase", async () => {
    write("password");
    const kept = join(folder({ passphrase: `${passphrase}\n` }), "passphrase");
    expect(await planned({ PULUMI_CONFIG_PASSPHRASE_FILE: kept }, "--json")).toEqual(refusal());
  });

  it("refuses a weak one where a development stack has a passphrase already", async () => {
    write("password", { environment: "development" });
    home = folder({ passphrase: `${passphrase}\n` });
    expect(await planned()).toEqual(refusal());
  });

  it("warns of no strong one", async () => {
    write("correct horse battery staple");
    const { exitCode, stdout } = await planned({ PULUMI_CONFIG_PASSPHRASE: passphrase });
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("judged");
    expect(stdout).not.toContain("horse");
  });

  it.each(["staging", "development"] as const)(
    "needs no passphrase and makes none in %s, and says what was not judged",
    async (environment) => {
      write("password", { environment });
      const { exitCode, stdout, stderr } = await planned();
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
      expect(stdout).toContain(
        "Warnings\n  the password alicePassword was not judged: no passphrase (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE)\n",
      );
      expect(existsSync(home)).toBe(false);
    },
  );

  it("goes on with the passphrase of another stack, and says so", async () => {
    write("password");
    const { exitCode, stdout } = await planned({ PULUMI_CONFIG_PASSPHRASE: "of another" }, "--json");
    expect(exitCode).toBe(0);
    expect((JSON.parse(stdout) as { warnings: unknown[] }).warnings).toContainEqual({
      message: expect.stringMatching(/^the password alicePassword was not judged: the passphrase is wrong/),
    });
  });

  it("says it of a stack whose secrets no passphrase opens", async () => {
    write("password");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^encryptionsalt: .*/m, "encryptedkey: YQ=="));
    const { exitCode, stdout } = await planned({ PULUMI_CONFIG_PASSPHRASE: passphrase });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      `the password alicePassword was not judged: ${file} has another secrets provider than a passphrase`,
    );
  });
});
