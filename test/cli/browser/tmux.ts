import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { installPackages } from "../../../cli/setup/machine.ts";
import { projectRoot } from "../../fixtures/folders.ts";

/** Why no terminal can be driven here; empty when one can. Installs tmux where that is allowed. */
export async function whyNoTmux(): Promise<string> {
  const found = async () => !(await execa("tmux", ["-V"], { reject: false })).failed;
  if (await found()) return "";
  try {
    await installPackages(["tmux"], () => {});
  } catch (error) {
    return (error as Error).message;
  }
  return (await found()) ? "" : "no tmux on PATH";
}

/** Seconds the screen may take to show what is waited for. */
const patience = 50;

/** A real terminal with a shell in it: a tmux server of its own. */
export class Terminal {
  readonly home = mkdtempSync(join(tmpdir(), "ums-terminal-"));
  private readonly socket = join(this.home, "tmux");

  async open(columns: number, rows: number, environment: Record<string, string> = {}): Promise<void> {
    const size = ["-x", String(columns), "-y", String(rows)];
    await this.tmux("new-session", "-d", ...size, "exec env -i sh");
    const variables = {
      PATH: process.env.PATH ?? "",
      HOME: this.home,
      TERM: "screen-256color",
      LANG: "C.UTF-8",
      UMS_HOME: join(this.home, "ums"),
      PULUMI_CONFIG_PASSPHRASE: "a test passphrase",
      ...environment,
    };
    const exports = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
    await this.line(
      `export ${exports.join(" ")} PS1='ready$ '; cd '${projectRoot}'; clear; stty -a > ${this.before}`,
    );
    await this.until(/^ready\$/m);
  }

  private get before(): string {
    return join(this.home, "before");
  }

  /** Types a line into the shell. */
  async line(text: string): Promise<void> {
    await this.tmux("send-keys", "-l", text);
    await this.tmux("send-keys", "Enter");
  }

  /** Presses keys by tmux's names: Down, Space, Enter, C-c, or characters. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.tmux("send-keys", key);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What is on the screen; with `raw`, its colours too. */
  async screen(raw = false): Promise<string> {
    return this.tmux("capture-pane", "-p", ...(raw ? ["-e"] : []));
  }

  /** What was on the screen and scrolled away, and what is on it, with wrapped lines joined. */
  async history(): Promise<string> {
    return this.tmux("capture-pane", "-p", "-J", "-S", "-");
  }

  /** Waits until the screen shows something, and gives the screen. */
  async until(wanted: RegExp): Promise<string> {
    const deadline = Date.now() + patience * 1000;
    for (;;) {
      const shown = await this.screen();
      if (wanted.test(shown)) return shown;
      if (Date.now() > deadline) throw new Error(`waited ${patience} s for ${wanted}, and have\n${shown}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What tmux says of the pane: whether a program has the alternate screen, and shows the cursor. */
  async mode(): Promise<string> {
    return this.tmux("display-message", "-p", "alternate #{alternate_on}, cursor #{cursor_flag}");
  }

  /** Fails where the terminal's settings are not those of the shell before: the shell compares. */
  async untilAsBefore(): Promise<void> {
    await this.line(`clear; stty -a | cmp - ${this.before} && echo "settings" "kept"`);
    await this.until(/^settings kept$/m);
  }

  async close(): Promise<void> {
    await execa("tmux", ["-S", this.socket, "kill-server"], { reject: false });
    rmSync(this.home, { recursive: true, force: true });
  }

  private async tmux(...words: string[]): Promise<string> {
    const { stdout } = await execa("tmux", ["-S", this.socket, "-f", "/dev/null", ...words]);
    return stdout;
  }
}
