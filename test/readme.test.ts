import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

/** What `ums`, or one of its commands, says of itself: the commands below it, and the options it takes. */
async function helpOf(...words: string[]): Promise<{ commands: string[]; options: Set<string> }> {
  const { stdout } = await execa(process.execPath, [join(root, "cli", "bin.mjs"), ...words, "--help"]);
  const [options = "", commands = ""] = stdout.slice(stdout.indexOf("Options:")).split("Commands:");
  const named = (text: string, name: RegExp) => [...text.matchAll(name)].map(([, one = ""]) => one);
  return {
    commands: named(commands, /^ {2}([a-z-]+)/gm).filter((name) => name !== "help"),
    options: new Set(named(options, /^ {2}(?:-\w, )?(--[a-z-]+)/gm)),
  };
}

/** Every command there is, `secrets list` and its like in full, with its options. */
async function allCommands(): Promise<Map<string, Set<string>>> {
  const all = new Map<string, Set<string>>();
  for (const name of (await helpOf()).commands) {
    const { commands, options } = await helpOf(name);
    if (commands.length === 0) all.set(name, options);
    for (const one of commands) all.set(`${name} ${one}`, (await helpOf(name, one)).options);
  }
  return all;
}

/** Commands that a text calls by `npx ums`, as far as there are any, with the options it gives them. */
function callsIn(text: string, all: Map<string, Set<string>>): { command: string; options: string[] }[] {
  return [...text.matchAll(/npx ums ([a-z](?:(?!npx ums)[^`|\n])*)/g)].map(([, call = ""]) => {
    const [name = "", below] = call.split(/[^a-z-]+/);
    return {
      command: all.has(name) ? name : `${name} ${below}`,
      options: call.match(/(?<= )--[a-z-]+/g) ?? [],
    };
  });
}

/** Whether a text is what an example shows: `…` stands for some of a line, and alone on one for some lines. */
function shows(example: string, text: string): boolean {
  const lines = example.trimEnd().split("\n");
  const pattern = lines.map((line) =>
    line === "…" ? "(?:.*\\n)*?" : `${line.split("…").map(escaped).join(".*")}\\n`,
  );
  return new RegExp(`^${pattern.join("")}$`).test(`${text.trimEnd()}\n`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/ +/g, " +");
}

/** A copy of the project with the stack `home` of a page's first YAML block. */
function projectWithHome(page: string): string {
  const project = mkdtempSync(join(folder, "project-"));
  const left = new Set([".git", ".ums", "node_modules"]);
  for (const name of readdirSync(root).filter((one) => !left.has(one)))
    cpSync(join(root, name), join(project, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "Pulumi.home.yaml"), /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
  return project;
}

/** Runs a line of an example in a project, as a person would: both outputs as they come. */
async function runLine(line: string, cwd: string): Promise<string> {
  const shell = `npx() { shift; "${process.execPath}" cli/bin.mjs "$@"; }\n${line}`;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_")));
  const { all } = await execa("bash", ["-c", shell], {
    ...{ cwd, env, extendEnv: false, reject: false, all: true, stdin: "ignore" },
  });
  return all ?? "";
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
    const { commands } = await helpOf();
    const shown = new Set([...readme.matchAll(/npx ums ([a-z]+)/g)].map(([, name]) => name ?? ""));
    expect(commands.length).toBeGreaterThan(9);
    expect([...shown].filter((name) => !commands.includes(name))).toEqual([]);
    expect(commands.filter((name) => !shown.has(name))).toEqual([]);
  });

  it("names no npm script that there is not", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const shown = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? "");
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("shows what the policies find in production", { timeout: 120_000 }, async () => {
    const section = readme.slice(readme.indexOf("## Policies"));
    const shown = /```text\n([\s\S]*?)```/.exec(section)?.[1] ?? "";
    const output = await runLine("npx ums check --stack prod", root);
    expect(shows(shown, output), output).toBe(true);
  });
});

describe("the page of commands", () => {
  const page = readFileSync(join(root, "docs", "commands.md"), "utf8");
  const part = (heading: string) => page.slice(page.indexOf(`## ${heading}\n`)).split("\n## ")[0] ?? "";
  const examplesIn = (text: string) =>
    [...text.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
      block
        .split(/^\$ /m)
        .slice(1)
        .map((one) => ({ line: one.split("\n")[0] ?? "", output: one.slice(one.indexOf("\n") + 1) })),
    );
  let all: Map<string, Set<string>>;
  beforeAll(async () => {
    all = await allCommands();
  }, 120_000);

  /** Commands, and options with the command before them, that have an example with its output. */
  const shown = () =>
    new Set(
      examplesIn(page)
        .filter(({ output }) => output.trim() !== "")
        .flatMap(({ line }) => callsIn(line, all))
        .flatMap(({ command, options }) => [command, ...options.map((option) => `${command} ${option}`)]),
    );

  it("has an example with its output of every command", () => {
    expect(all.size).toBeGreaterThan(30);
    const examples = shown();
    expect([...all.keys()].filter((command) => !examples.has(command))).toEqual([]);
  });

  it("has an example of every option that the README's list of commands names", () => {
    const rows = [...readme.matchAll(/^\| (`npx ums[^|]+)\|([^|]+)\|$/gm)];
    const named = rows.flatMap(([, calls = "", text = ""]) => {
      const commands = callsIn(calls, all).map(({ command }) => command);
      const options = `${calls} ${text}`.match(/--[a-z-]+/g) ?? [];
      return options.map((option) => commands.map((command) => `${command} ${option}`));
    });
    expect(named.length).toBeGreaterThan(15);
    const examples = shown();
    expect(named.filter((ones) => !ones.some((one) => examples.has(one)))).toEqual([]);
  });

  it("names no command and no option that there is not, and neither does the README", () => {
    const calls = [readme, page].flatMap((text) => callsIn(text, all));
    const wrong = calls.flatMap(({ command, options }) => {
      const known = all.get(command);
      return known ? options.filter((one) => !known.has(one)).map((one) => `${command} ${one}`) : [command];
    });
    expect(calls.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it("has an example of every format of exports", () => {
    const formats = [...part("Before anything runs").matchAll(/npx ums export ([a-z-]+)/g)].map(
      ([, one]) => one,
    );
    expect(formats.sort()).toEqual(["compose", "compose-env", "kubernetes-config", "shell", "systemd"]);
  });

  it("names no place on a machine", () => expect(page).not.toMatch(/\/(?:home|root|tmp|Users)\//));

  it("shows what needs no engine as it is", { timeout: 600_000 }, async () => {
    const project = projectWithHome(page);
    const examples = examplesIn(part("Before anything runs"));
    expect(examples.length).toBeGreaterThan(15);
    for (const { line, output } of examples) {
      const real = await runLine(line, project);
      expect(shows(output, real), `$ ${line}\n${real}`).toBe(true);
    }
  });
});
