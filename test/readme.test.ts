import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { loadStack } from "../stacks/load.ts";
import { stackConfig } from "./fixtures/stackConfigs.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "ums-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The first YAML block after a heading. */
function example(heading: string): string {
  const section = readme.slice(readme.indexOf(`## ${heading}`));
  return /```yaml\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
}

describe("the README", () => {
  it("shows a service of one's own in under 20 lines, and it works as written", () => {
    const text = example("Adding a service of your own");
    expect(text.trim().split("\n").length).toBeLessThan(20);
    mkdirSync(join(folder, "my-services"));
    writeFileSync(join(folder, "my-services", "wiki.yaml"), text);
    const config = parse(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as {
      config: { "ums:platform": Record<string, unknown> };
    };
    config.config["ums:platform"].catalogs = [join(folder, "my-services")];
    writeFileSync(join(folder, "stack.yaml"), stringify(config));
    const { platform } = loadStack(root, "dev", { file: join(folder, "stack.yaml") });
    const links = platform.links.filter(
      ({ consumer, provider }) => consumer === "wiki" || provider === "wiki",
    );
    expect(links.map(({ consumer, provider }) => `${consumer} ${provider}`)).toEqual([
      "traefik wiki",
      "wiki postgres",
    ]);
    expect(platform.services.find(({ name }) => name === "wiki")?.route?.url).toBe(
      "https://wiki.media.localhost:10443",
    );
  });

  it("shows settings of the gateway that a config may have", () => {
    const { platform } = stackConfig(parse(example("The door")) as object);
    expect(platform).toMatchObject({ tls: { challenge: "dns" }, trustedProxies: "cloudflare" });
    expect(platform.tunnel?.id).toMatch(/^3f1b6c1e/);
  });

  it("shows users and a mail server that a config may have", () => {
    const { platform } = stackConfig(parse(example("Signing in")) as object);
    expect(platform.access.users).toHaveLength(1);
    expect(platform.mail?.port).toBe(465);
  });

  it("names every command there is, and none that is not", async () => {
    const { stdout } = await execa(process.execPath, [join(root, "cli", "bin.mjs"), "--help"]);
    const listed = stdout.slice(stdout.indexOf("Commands:"));
    const commands = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? "");
    const shown = new Set([...readme.matchAll(/npx ums ([a-z]+)/g)].map(([, name]) => name ?? ""));
    expect(commands.length).toBeGreaterThan(9);
    expect([...shown].filter((name) => !commands.includes(name))).toEqual([]);
    expect(commands.filter((name) => name !== "help" && !shown.has(name))).toEqual([]);
  });

  it("names no npm script that there is not", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const shown = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? "");
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.filter((name) => !(name in scripts))).toEqual([]);
  });
});
