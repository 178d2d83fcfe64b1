import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isRunning, StackState } from "../../cli/state.ts";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import type { Snapshot } from "../../targets/plan.ts";
import { folder } from "../fixtures/folders.ts";

let state: StackState;
beforeEach(() => {
  state = new StackState(folder(), "dev");
});

/** Number of a process that has ended. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;

describe("a process", () => {
  it("runs, or does not", () => {
    expect(isRunning(process.pid)).toBe(true);
    expect(isRunning(1)).toBe(true);
    expect(isRunning(gone)).toBe(false);
  });
});

describe("the lock of a stack", () => {
  const lock = () => join(state.folder, "lock");
  function leave(text: string): void {
    mkdirSync(state.folder, { recursive: true });
    writeFileSync(lock(), text);
  }

  it("is held while the work goes on, and names who holds it", async () => {
    const result = await state.locked(async () => {
      expect(readFileSync(lock(), "utf8")).toBe(`${process.pid}\n`);
      expect(statSync(lock()).mode & 0o777).toBe(0o600);
      return "done";
    });
    expect(result).toBe("done");
    expect(existsSync(lock())).toBe(false);
  });

  it("is given back when the work fails", async () => {
    const work = state.locked(async () => {
      throw new Error("no");
    });
    await expect(work).rejects.toThrow("no");
    expect(existsSync(lock())).toBe(false);
  });

  it("is refused while its process lives, and stays that process's", async () => {
    leave("1\n");
    const work = vi.fn();
    const attempt = state.locked(work);
    await expect(attempt).rejects.toThrow(EnvironmentFault);
    await expect(attempt).rejects.toThrow(/process 1 is at work on the stack dev/);
    expect(work).not.toHaveBeenCalled();
    expect(readFileSync(lock(), "utf8")).toBe("1\n");
  });

  it("is refused to a second run of this process too", async () => {
    await state.locked(async () => {
      await expect(state.locked(async () => {})).rejects.toThrow(EnvironmentFault);
      expect(existsSync(lock())).toBe(true);
    });
  });

  it.each([
    ["whose process is gone", `${gone}\n`],
    ["that says nothing", ""],
    ["that says nonsense", "someone"],
    ["of no process there can be", "-1\n"],
  ])("%s is taken over", async (_, text) => {
    leave(text);
    expect(await state.locked(async () => readFileSync(lock(), "utf8"))).toBe(`${process.pid}\n`);
    expect(existsSync(lock())).toBe(false);
  });

  it("that is given back between the look at it and its reading is taken", async () => {
    // A link to nowhere is there when it is to be made, and not when it is read.
    mkdirSync(state.folder, { recursive: true });
    symlinkSync(join(state.home, "nowhere"), lock());
    expect(await state.locked(async () => "done")).toBe("done");
  });

  it("is one a stack", async () => {
    const other = new StackState(state.home, "prod");
    expect(await state.locked(() => other.locked(async () => "both"))).toBe("both");
  });
});

describe("the passphrase", () => {
  beforeEach(() => {
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", undefined);
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE_FILE", undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  it("is the variable's before the file's", () => {
    const file = join(folder({ passphrase: "of the file\n" }), "passphrase");
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE_FILE", file);
    expect(state.passphrase("production")).toBe("of the file");
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "of the variable ");
    expect(state.passphrase("production")).toBe("of the variable ");
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "");
    expect(state.passphrase("production")).toBe("");
  });

  it("is made once for development, private, and the same afterwards", () => {
    const made = state.passphrase("development");
    expect(made).toMatch(/^[\w-]{32}$/);
    expect(state.passphrase("development")).toBe(made);
    expect(new StackState(state.home, "other").passphrase("development")).toBe(made);
    expect(new StackState(folder(), "dev").passphrase("development")).not.toBe(made);
    expect(statSync(join(state.home, "passphrase")).mode & 0o777).toBe(0o600);
  });

  it("given by the user is used for development too, and none is made", () => {
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "given");
    expect(state.passphrase("development")).toBe("given");
    expect(readdirSync(state.home)).toEqual([]);
  });

  it.each(["staging", "production"] as const)("is the user's to give in %s", (environment) => {
    state.passphrase("development");
    expect(() => state.passphrase(environment)).toThrow(InputError);
    expect(() => state.passphrase(environment)).toThrow(/stack dev.*PULUMI_CONFIG_PASSPHRASE/);
  });

  it("is asked for when its file cannot be read, in development too", () => {
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE_FILE", join(state.home, "nowhere"));
    for (const environment of ["development", "production"] as const) {
      expect(() => state.passphrase(environment)).toThrow(InputError);
      expect(() => state.passphrase(environment)).toThrow(/nowhere, which cannot be read/);
    }
  });
});

describe("the snapshot of the last up", () => {
  const snapshot: Snapshot = {
    version: 1,
    engine: "compose",
    resources: [{ type: "a:b:C", name: "ü", inputs: { list: [1, "two", null] } }],
  };

  it("is read as it was written, private, until it is removed", () => {
    expect(state.readSnapshot()).toBeUndefined();
    state.writeSnapshot(snapshot);
    expect(state.readSnapshot()).toEqual(snapshot);
    expect(readdirSync(state.folder)).toEqual(["last.json"]);
    expect(statSync(join(state.folder, "last.json")).mode & 0o777).toBe(0o600);
    state.writeSnapshot({ ...snapshot, resources: [] });
    expect(state.readSnapshot()?.resources).toEqual([]);
    state.removeSnapshot();
    expect(state.readSnapshot()).toBeUndefined();
    state.removeSnapshot();
  });

  it.each(["", '{"version":1,"engi', "\0\0"])(
    "that is damaged is refused with its place and a fix: %j",
    (text) => {
      mkdirSync(state.folder, { recursive: true });
      const path = join(state.folder, "last.json");
      writeFileSync(path, text);
      expect(() => state.readSnapshot()).toThrow(InputError);
      expect(() => state.readSnapshot()).toThrow(`${path}: is damaged; remove it`);
    },
  );

  it("is each stack's own", () => {
    state.writeSnapshot(snapshot);
    expect(new StackState(state.home, "prod").readSnapshot()).toBeUndefined();
  });

  it("lies beside the stack's secrets and Compose file", () => {
    expect([state.secretsPath, state.composePath]).toEqual([
      join(state.home, "stacks", "dev", "secrets.json"),
      join(state.home, "stacks", "dev", "compose.yaml"),
    ]);
  });
});
