import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../fixtures/folders.ts";
import { Terminal, whyNoTmux } from "./tmux.ts";

const reason = await whyNoTmux();

const config = `# the household's
config:
  ums:platform:
    environment: development
    images: rehearsal
    domain: media.localhost
    services:
      include:
        - kavita # books
        - sonarr
    budget: { memory: 65536, cpus: 16 }
`;

const shell = /^ready\$ *$/m;

describe.skipIf(reason !== "")(`ums browse on a real terminal${reason && ` (${reason})`}`, () => {
  let terminal: Terminal;
  let file: string;
  const browse = () => terminal.line(`node cli/bin.mjs browse --stack umsbrtty --stack-file ${file}`);
  const written = () => readFileSync(file, "utf8");
  /** The folder of the config holds nothing that an interrupted write left. */
  const leftovers = () => readdirSync(terminal.home).filter((name) => name.startsWith("stack.yaml."));

  beforeEach(async () => {
    terminal = new Terminal();
    file = join(terminal.home, "stack.yaml");
    writeFileSync(file, config);
  });
  afterEach(() => terminal.close());

  it("shows the plan first, writes the config when that is confirmed, and leaves the terminal as it was", async () => {
    await terminal.open(80, 24);
    await browse();
    const first = await terminal.until(/space choose/);
    expect(first).toContain("ums: stack umsbrtty (development, rehearsal images)");
    expect(first.split("\n")).toHaveLength(24);
    expect(await terminal.mode()).toBe("alternate 1, cursor 0");

    await terminal.press("/");
    await terminal.line("kavita");
    await terminal.press("Space");
    await terminal.until(/>-\[ \] kavita/);
    await terminal.press("Escape");
    await terminal.until(/show: all/);
    await terminal.press("/");
    await terminal.line("navidrome");
    await terminal.press("Space");
    await terminal.until(/>\+\[x\] navidrome/);
    await terminal.press("Enter");
    await terminal.until(/Write this to .*stack\.yaml\?\s+\(yes, back, no\)/);
    expect(written()).toBe(config);
    const plan = await terminal.history();
    expect(plan).toMatch(/^Stack umsbrtty \(development, rehearsal images\): \d+ services/m);
    expect(plan).toContain("joins the stack: navidrome");
    expect(plan).toContain("leaves the stack: kavita");

    await terminal.line("back");
    await terminal.until(/>\+\[x\] navidrome/);
    await terminal.press("Enter");
    await terminal.until(/\(yes, back, no\)/);
    await terminal.line("yes");
    await terminal.until(/Run ums up now\? \(yes, no\)/);
    expect(written()).toBe(
      config.replace("- kavita # books\n        - sonarr", "- sonarr\n        - navidrome"),
    );
    await terminal.line("no");
    await terminal.until(shell);
    expect(leftovers()).toEqual([]);
    expect(await terminal.mode()).toBe("alternate 0, cursor 1");
    await terminal.untilAsBefore();
  });

  it("asks before others go along, and writes nothing when the answer to the plan is no", async () => {
    await terminal.open(80, 24);
    await browse();
    await terminal.until(/space choose/);
    await terminal.press("/");
    await terminal.line("prowlarr");
    await terminal.press("Space");
    await terminal.until(/sonarr cannot do without prowlarr\. Take it out, too\? \(y\/n\)/);
    await terminal.press("y");
    await terminal.until(/>-\[ \] prowlarr/);
    await terminal.press("Enter");
    await terminal.until(/\(yes, back, no\)/);
    await terminal.line("no");
    await terminal.until(/stack\.yaml is as it was/);
    expect(written()).toBe(config);
  });

  it("says what is wrong with a stack that cannot be, and goes back to the list", async () => {
    const small = config.replace("65536", "256");
    writeFileSync(file, small.replace(/- kavita.*\n.*- sonarr/, "- node-exporter"));
    await terminal.open(80, 24);
    await browse();
    await terminal.until(/space choose/);
    await terminal.press("Space", "Enter");
    await terminal.until(/Back to the list\? \(back, no\)/);
    expect(await terminal.history()).toMatch(/stack\.yaml:\d+:\d+: the services' memory limits add up to/);
    await terminal.line("b");
    await terminal.until(/memory .* \(over\)/);
    await terminal.press("q", "y");
    await terminal.until(/stack\.yaml is as it was/);
  });

  it("follows the terminal's size, and shows details beside the list where there is room", async () => {
    await terminal.open(80, 24);
    await browse();
    const narrow = await terminal.until(/space choose/);
    expect(narrow).not.toContain("│");
    await terminal.resize(130, 40);
    const rows = async () => (await terminal.screen()).split("\n").filter((line) => line.includes("│"));
    await expect.poll(rows).toHaveLength(33);
    await terminal.resize(30, 8);
    await terminal.until(/too small: 30x8/);
    await terminal.resize(80, 24);
    expect(await terminal.until(/space choose/)).toBe(narrow);
  });

  it("has colours where the terminal has, and none under NO_COLOR", async () => {
    const sequences = new RegExp(`${String.fromCharCode(27)}\\[(?:7|3\\d)m`);
    await terminal.open(80, 24);
    await browse();
    await terminal.until(/space choose/);
    expect(await terminal.screen(true)).toMatch(sequences);
    await terminal.press("q");
    await terminal.until(shell);
    await terminal.line("export NO_COLOR=1");
    await browse();
    expect(await terminal.until(/space choose/)).toContain("> [ ] authelia");
    expect(await terminal.screen(true)).not.toMatch(sequences);
  });

  it.each([
    ["in the list", async () => {}],
    ["in a search", () => terminal.press("/", "a")],
    [
      "at the question after the plan",
      async () => {
        await terminal.press("Space", "Enter");
        await terminal.until(/\(yes, back, no\)/);
      },
    ],
  ])("is left by Ctrl-C %s with the terminal and the config as they were", async (_, before) => {
    await terminal.open(80, 24);
    await browse();
    await terminal.until(/space choose/);
    await before();
    await terminal.press("C-c");
    await terminal.until(shell);
    expect(await terminal.mode()).toBe("alternate 0, cursor 1");
    await terminal.line("echo code $?");
    await terminal.until(/^code 130$/m);
    expect(written()).toBe(config);
    await terminal.untilAsBefore();
  });

  it("gives the terminal back when a signal ends it", async () => {
    await terminal.open(80, 24);
    await browse();
    await terminal.until(/space choose/);
    // The one process whose argument is this test's own config file.
    const { stdout } = await execa("pgrep", ["-f", `bin\\.mjs browse .*${file}`]);
    const [pid = ""] = stdout.trim().split("\n");
    process.kill(Number(pid), "SIGTERM");
    await terminal.until(/ready\$/);
    expect(await terminal.mode()).toBe("alternate 0, cursor 1");
    await terminal.untilAsBefore();
  });

  it("opens for ums alone", async () => {
    await terminal.open(80, 24);
    await terminal.line("node cli/bin.mjs");
    expect(await terminal.until(/space choose/)).toContain("ums: stack dev");
  });
});

describe("without a terminal", () => {
  const ums = (...words: string[]) =>
    execa(process.execPath, ["cli/bin.mjs", ...words], { cwd: projectRoot, reject: false, stdin: "ignore" });

  it("ums alone shows its help", async () => {
    const { stderr, exitCode } = await ums();
    expect(stderr).toContain("Usage: ums");
    expect(exitCode).toBe(2);
  });

  it("ums browse says what to use instead", async () => {
    const { stderr, exitCode } = await ums("browse");
    expect(stderr).toContain("npx ums list, add, remove and plan do the same without one");
    expect(exitCode).toBe(3);
  });
});
