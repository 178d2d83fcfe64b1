import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extract } from "tar-stream";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { escrowLines } from "../../../cli/backup/escrow.ts";
import { type StateSteps, saveState } from "../../../cli/backup/state.ts";
import { openSession, type Session } from "../../../cli/session.ts";
import { folder } from "../../fixtures/folders.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

let home: string;
beforeEach(() => {
  home = folder();
  vi.stubEnv("UMS_HOME", home);
});

const backups = ["backup", "backup-copies"];

function sessionWith(fields: Parameters<typeof stackText>[0] = {}): Session {
  const stackFile = join(home, "stack.yaml");
  writeFileSync(stackFile, stackText({ services: { include: backups }, real: backups, ...fields }));
  return openSession({ stack: "home", stackFile });
}

/** Steps that note what was saved and said. */
function noted(answers: Partial<StateSteps> = {}) {
  const saved: Buffer[] = [];
  const said: string[] = [];
  const steps: StateSteps = {
    runs: async () => true,
    exported: async () => undefined,
    save: async (archive) => {
      saved.push(archive);
      return true;
    },
    say: (line) => said.push(line),
    ...answers,
  };
  return { saved, said, steps };
}

/** Files of a tar by name. */
async function filesOf(archive: Buffer | undefined): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const reader = extract();
  reader.end(archive);
  for await (const entry of reader) {
    files[entry.header.name] = "";
    for await (const chunk of entry) files[entry.header.name] += String(chunk);
  }
  return files;
}

const again = "npx ums backup --stack home tries again";

describe("a stack's own state", () => {
  it("is its config, what ums keeps of it, and its Pulumi state, here or elsewhere", async () => {
    const session = sessionWith();
    const own = {
      "stacks/home/secrets.json": "encrypted",
      "stacks/home/lock": "1",
      "stacks/other/secrets.json": "another stack's",
      "pulumi-state/.pulumi/stacks/ums/home.json": "here",
      "pulumi-state/.pulumi/backups/ums/home.json": "before",
    };
    for (const [path, text] of Object.entries(own)) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), text);
    }
    const { saved, said, steps } = noted({ exported: async () => '{"version":3}' });
    expect(await saveState(session, steps)).toBe(true);
    expect(await filesOf(saved[0])).toEqual({
      "pulumi-stack.json": '{"version":3}',
      "pulumi-state/.pulumi/stacks/ums/home.json": "here",
      "stack.yaml": readFileSync(join(home, "stack.yaml"), "utf8"),
      "stacks/home/secrets.json": "encrypted",
    });
    expect(said).toEqual([]);
  });

  it.each<[string, Partial<StateSteps>, string]>([
    ["the backup does not run", { runs: async () => false }, "backup does not run"],
    [
      "it cannot be asked",
      { runs: () => Promise.reject(new Error("no Docker engine answers")) },
      "no Docker engine answers",
    ],
    [
      "Pulumi's state cannot be had",
      { exported: () => Promise.reject(new Error("the backend is away")) },
      "the backend is away",
    ],
    ["a repository is full", { save: async () => false }, "a repository could not take it"],
    ["the container goes away", { save: () => Promise.reject(new Error("it stopped")) }, "it stopped"],
  ])("is said to be missing, and fails nothing, where %s", async (_, answers, why) => {
    const { said, steps } = noted(answers);
    expect(await saveState(sessionWith(), steps)).toBe(false);
    expect(said).toEqual([`the stack's own state is not in the backups yet: ${why}; ${again}`]);
  });

  it.each<[string, Parameters<typeof stackText>[0], Partial<StateSteps>]>([
    ["without a backup", { services: { include: ["kavita"] }, real: [] }, {}],
    ["whose backup is a stand-in", { real: [] }, {}],
    ["whose backup was not deployed yet", {}, { runs: async () => undefined }],
  ])("of a stack %s is saved nowhere, without a word", async (_, fields, answers) => {
    const { saved, said, steps } = noted(answers);
    expect(await saveState(sessionWith(fields), steps)).toBe(true);
    expect([saved, said]).toEqual([[], []]);
  });
});

describe("on a machine without an engine", () => {
  it("a stack's own state is missed only where the stack was deployed from", async () => {
    vi.stubEnv("DOCKER_HOST", `unix://${join(home, "no.sock")}`);
    const session = sessionWith();
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      expect(await saveState(session)).toBe(true);
      expect(write).not.toHaveBeenCalled();
      session.state.writeSnapshot({ version: 1, engine: "compose", resources: [] });
      expect(await saveState(session)).toBe(false);
      expect(String(write.mock.calls[0]?.[0])).toContain("not in the backups yet: no Docker engine answers");
    } finally {
      write.mockRestore();
    }
  });
});

describe("the passphrase of the backups", () => {
  const shownNever = { wasShown: () => false };

  it("is asked to be kept elsewhere until it was printed once", () => {
    const { platform } = sessionWith().loaded;
    const real = { ...platform, images: "real" as const };
    expect(escrowLines(real, shownNever)).toEqual([
      "without its passphrase no backup can be read; print it once and keep it elsewhere: npx ums backup --passphrase --stack home",
    ]);
    expect(escrowLines(real, { wasShown: (id) => id === "backup/password" })).toEqual([]);
  });

  it("is not asked for in a rehearsal, or where there are no backups", () => {
    expect(escrowLines(sessionWith().loaded.platform, shownNever)).toEqual([]);
    const { platform } = sessionWith({ services: { include: ["kavita"] }, real: [] }).loaded;
    expect(escrowLines({ ...platform, images: "real" }, shownNever)).toEqual([]);
  });
});
