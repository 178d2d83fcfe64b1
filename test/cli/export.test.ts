import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type ExportOptions, exportStack } from "../../cli/commands/export.ts";
import { valuesOfState } from "../../cli/engines/values.ts";
import { Violation } from "../../cli/output/exit.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { FormatName } from "../../targets/export/names.ts";
import { badCatalogue } from "../fixtures/badRecord.ts";
import { folder } from "../fixtures/folders.ts";
import { stackText } from "../fixtures/stackConfigs.ts";

/** What a run of the command printed. */
async function run(
  format: FormatName,
  out: string,
  more: Partial<ExportOptions> & { names?: string[] } = {},
) {
  const { names = [], ...options } = more;
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await exportStack(format, names, { stack: "home", stackFile, out, engine: "compose", ...options });
    return write.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    write.mockRestore();
  }
}

let stackFile: string;
let out: string;
beforeEach(() => {
  const home = folder({ "stack.yaml": stackText({ services: { include: ["sonarr", "seerr"] } }) });
  stackFile = join(home, "stack.yaml");
  out = join(home, "out");
  vi.stubEnv("UMS_HOME", home);
  vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "a test passphrase");
});

const text = (name: string) => readFileSync(join(out, name), "utf8");

describe("ums export", () => {
  it("has no secret that was not asked for, and names each", async () => {
    const shown = await run("shell", out);
    expect(shown).toMatch(/out: \d+ files, \d+ written, 0 removed\n/);
    expect(shown).toMatch(/^seerr\/api-key +32 random bytes, in hexadecimal +seerr API_KEY$/m);
    expect(text("seerr.sh")).toContain("# API_KEY is left out: seerr/api-key\n");
    expect(text("seerr.sh")).toContain("export DB_HOST=postgres\n");
    expect(readdirSync(out).filter((name) => name.includes("secret"))).toEqual([]);
  });

  it("writes secrets for their owner alone, the same each time", async () => {
    const shown = await run("systemd", out, { withSecrets: true });
    expect(shown).not.toContain("Secrets to fill in");
    expect(statSync(join(out, "seerr.secret.env")).mode & 0o777).toBe(0o600);
    const secrets = text("seerr.secret.env");
    expect(secrets).toMatch(/^API_KEY=[0-9a-f]{64}$/m);
    const value = /^API_KEY=(.*)$/m.exec(secrets)?.[1] ?? "";
    expect(shown).not.toContain(value);
    expect(text("seerr.env")).not.toContain(value);
    expect(await run("systemd", out, { withSecrets: true })).toContain(" 0 written, 0 removed\n");
    expect(text("seerr.secret.env")).toBe(secrets);
    // Those that the embedded engine would start the stack with.
    await run("compose-env", join(out, "env"), { withSecrets: true });
    expect(text("env/seerr.secret.env")).toContain(`API_KEY=${value}\n`);
  });

  it("with secrets is written down by their names, and without them it is not", async () => {
    const log = join(dirname(stackFile), "stacks", "home", "audit.log");
    await run("systemd", out);
    expect(existsSync(log)).toBe(false);
    await run("systemd", out, { withSecrets: true, names: ["seerr"] });
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      action: "export",
      stack: "home",
      secrets: expect.arrayContaining([{ name: "seerr/api-key" }]),
    });
    expect(lines[0]).not.toContain("sonarr/");
    const value = /^API_KEY=(.*)$/m.exec(text("seerr.secret.env"))?.[1] ?? "";
    expect(lines[0]).not.toContain(value);
  });

  it("takes secrets away again when they are not asked for", async () => {
    await run("kubernetes-config", out, { withSecrets: true });
    expect(text("sonarr.secret.yaml")).toContain("kind: Secret");
    await run("kubernetes-config", out);
    expect(readdirSync(out).filter((name) => name.includes("secret"))).toEqual([]);
  });

  it("exports some services, and refuses those that the stack has not", async () => {
    await run("shell", out, { names: ["sonarr"] });
    expect(readdirSync(out).sort()).toEqual([".ums-export.json", "README.md", "sonarr.sh"]);
    await expect(run("shell", out, { names: ["sonar", "x"] })).rejects.toThrow(
      'the stack has no service "sonar", did you mean "sonarr"?\nthe stack has no service "x"',
    );
    await expect(run("compose", out, { names: ["sonarr"] })).rejects.toThrow("every service of the stack");
  });

  it("writes nothing of a stack that the policies refuse", async () => {
    const home = join(stackFile, "..");
    writeFileSync(stackFile, stackText({ services: { include: ["leaky"] }, catalogs: [badCatalogue(home)] }));
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await expect(run("compose", out)).rejects.toThrow(Violation);
    expect(said.mock.calls.join("")).toMatch(/leaky +closed-segments +high/);
    expect(existsSync(out)).toBe(false);
  });

  it("leaves alone what is not its own", async () => {
    await run("shell", out);
    await expect(run("systemd", out)).rejects.toThrow("as shell: export to another folder");
    writeFileSync(join(out, "sonarr.sh"), "mine");
    expect(await run("shell", out)).toContain("sonarr.sh was edited, and is kept as it is\n");
    expect(text("sonarr.sh")).toBe("mine");
  });

  it("says what is wrong with a folder that cannot be written", async () => {
    await expect(run("shell", join(stackFile, "out"))).rejects.toThrow(EnvironmentFault);
  });
});

describe("a state of Pulumi", () => {
  it("has the generated secrets in every form", () => {
    const secret = (plaintext: string) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(plaintext),
    });
    const bytes = "random:index/randomBytes:RandomBytes";
    const values = valuesOfState({
      resources: [
        {
          urn: `urn:pulumi:s::ums::a$${bytes}::app_key-bytes`,
          type: bytes,
          outputs: { hex: secret("0a"), base64: "Cg==" },
        },
        { urn: "urn:pulumi:s::ums::docker:index/network:Network::n", type: "docker:index/network:Network" },
      ],
    });
    expect([...values]).toEqual([[`${bytes}::app_key-bytes`, { hex: "0a", base64: "Cg==" }]]);
  });
});
