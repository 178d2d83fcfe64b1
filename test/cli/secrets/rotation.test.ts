import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { audit } from "../../../cli/secrets/audit.ts";
import {
  type RotatedSecret,
  readJournal,
  removeJournal,
  writeJournal,
} from "../../../cli/secrets/journal.ts";
import { begin, goOn, type RotationSteps, RotationUndone } from "../../../cli/secrets/rotation.ts";
import { changeVersions } from "../../../stacks/config/versions.ts";
import { folder } from "../../fixtures/folders.ts";
import { complaints } from "../../fixtures/problems.ts";

const text = `# mine
config:
  ums:platform: {domain: media.localhost, secretVersions: {b/key: {version: 4}}}
  ums:secrets: {token: {secure: old}}
`;

const secrets: RotatedSecret[] = [
  { name: "a/key", from: 1, to: 2, since: "2027-06-30" },
  { name: "b/key", from: 4, to: 5, since: "2027-06-30", before: { version: 4 } },
  { name: "token", from: 1, to: 2, since: "2027-06-30", ciphertexts: { before: "old", after: "new" } },
];

/** What the config says of versions and values. */
function said(file: string) {
  const { config } = parse(readFileSync(file, "utf8")) as {
    config: { "ums:platform": { secretVersions: object }; "ums:secrets": { token: { secure: string } } };
  };
  return { versions: config["ums:platform"].secretVersions, token: config["ums:secrets"].token.secure };
}

const old = { versions: { "b/key": { version: 4 } }, token: "old" };
const rotated = {
  versions: {
    "a/key": { version: 2, since: "2027-06-30" },
    "b/key": { version: 5, since: "2027-06-30" },
    token: { version: 2, since: "2027-06-30" },
  },
  token: "new",
};

/** A process ends for good at one of its steps: nothing after it is run, no handler either. */
const killed = new Promise<never>(() => {});

class World {
  readonly home = folder({ "stack.yaml": text });
  readonly config = join(this.home, "stack.yaml");
  readonly journal = join(this.home, "rotation.json");
  readonly log = join(this.home, "audit.log");
  /** What the last deployment was told. */
  deployed: unknown = old;
  retired: string[] = [];
  /** Deployments that do not become healthy, by what they are told. */
  fails: (config: ReturnType<typeof said>) => boolean = () => false;

  /** Steps of a process that is killed before, or after, its `last`th one. */
  steps(last = Number.POSITIVE_INFINITY, after = false): { steps: RotationSteps; died: Promise<void> } {
    let count = 0;
    let die = () => {};
    const died = new Promise<void>((done) => {
      die = done;
    });
    const step = (work: () => void) => {
      count++;
      if (count > last) throw killed;
      if (count === last) {
        if (after) work();
        die();
        throw killed;
      }
      work();
    };
    const steps: RotationSteps = {
      keep: (journal) => step(() => writeJournal(this.journal, journal)),
      forget: () => step(() => removeJournal(this.journal)),
      change: (change) =>
        step(() => writeFileSync(this.config, changeVersions(readFileSync(this.config, "utf8"), change))),
      deploy: async () =>
        step(() => {
          if (this.fails(said(this.config))) throw new Error("not healthy");
          this.deployed = said(this.config);
        }),
      retire: async (versions) =>
        step(() => {
          this.retired = versions.map(({ name, version }) => `${name} ${version}`);
        }),
      audit: (action, names) =>
        step(() => audit(this.log, { action, stack: "test", secrets: names.map(({ name }) => ({ name })) })),
    };
    return { steps, died };
  }

  /** The next run: goes on with what is there. */
  async resume(): Promise<"done" | "undone" | "nothing"> {
    const journal = readJournal(this.journal);
    return journal ? goOn(journal, this.steps().steps) : "nothing";
  }

  get actions(): string[] {
    return readFileSync(this.log, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { action: string }).action);
  }
}

describe("a rotation", () => {
  it("puts the new versions in place and lets the old ones go", async () => {
    const world = new World();
    const seen: unknown[] = [];
    world.fails = (config) => {
      seen.push(config);
      return false;
    };
    await begin(secrets, world.steps().steps);
    expect(said(world.config)).toEqual(rotated);
    expect(world.deployed).toEqual(rotated);
    expect(seen).toHaveLength(2);
    // While both are there, the old one is kept beside the new one.
    expect(seen[0]).toMatchObject({
      versions: { "a/key": { version: 2, previous: 1 }, "b/key": { previous: 4 } },
    });
    expect(world.retired).toEqual(["a/key 1", "b/key 4"]);
    expect(readJournal(world.journal)).toBeUndefined();
    expect(readFileSync(world.config, "utf8")).toMatch(/^# mine\n/);
    expect(world.actions).toEqual(["rotation begins", "new version in use", "rotation done"]);
  });

  it("is undone where what runs does not become healthy", async () => {
    const world = new World();
    world.fails = ({ token }) => token === "new";
    await expect(begin(secrets, world.steps().steps)).rejects.toThrow(RotationUndone);
    expect(said(world.config)).toEqual(old);
    expect(world.deployed).toEqual(old);
    expect(world.retired).toEqual(["a/key 2", "b/key 5", "token 2"]);
    expect(readJournal(world.journal)).toBeUndefined();
    expect(world.actions).toEqual(["rotation begins", "rotation fails", "rotation undone"]);
  });

  it("stays to be undone where not even that succeeds", async () => {
    const world = new World();
    world.fails = () => true;
    await expect(begin(secrets, world.steps().steps)).rejects.toThrow("not healthy");
    expect(readJournal(world.journal)?.phase).toBe("undo");
    world.fails = () => false;
    expect(await world.resume()).toBe("undone");
    expect(world.deployed).toEqual(old);
  });
});

describe("a rotation of what data is encrypted with", () => {
  const sealed: RotatedSecret[] = [
    { name: "a/key", from: 1, to: 2, since: "2027-06-30", keepsPrevious: true },
    {
      name: "b/key",
      from: 4,
      to: 5,
      since: "2027-06-30",
      before: { version: 4, since: "2026-06-30", previous: 3 },
      keepsPrevious: true,
    },
  ];
  const before = { "b/key": { version: 4, since: "2026-06-30", previous: 3 } };
  const after = {
    "a/key": { version: 2, since: "2027-06-30", previous: 1 },
    "b/key": { version: 5, since: "2027-06-30", previous: 4 },
  };
  const worldOf = () => {
    const world = new World();
    writeFileSync(world.config, changeVersions(text, { versions: before }));
    return world;
  };

  it("keeps the version before beside the new one", async () => {
    const world = worldOf();
    await begin(sealed, world.steps().steps);
    expect(said(world.config).versions).toEqual(after);
    expect(world.deployed).toMatchObject({ versions: after });
    expect(world.retired).toEqual([]);
  });

  it("is undone with the new version beside the old one first, as data may be encrypted with it already", async () => {
    const world = worldOf();
    const deployed: unknown[] = [];
    world.fails = ({ versions }) => {
      deployed.push(versions);
      return deployed.length === 1;
    };
    await expect(begin(sealed, world.steps().steps)).rejects.toThrow(RotationUndone);
    expect(deployed).toEqual([
      after,
      {
        "a/key": { version: 1, previous: 2 },
        "b/key": { version: 4, since: "2026-06-30", previous: 5 },
      },
      before,
    ]);
    expect(said(world.config).versions).toEqual(before);
  });

  const steps = Array.from({ length: 11 }, (_, index) => index + 3);
  it.each(steps)("killed at step %i while it is undone, leaves all as it was", async (last) => {
    const world = worldOf();
    world.fails = ({ versions }) => Object.entries(versions).some(([, { previous }]) => previous === 1);
    const { steps, died } = world.steps(last);
    await Promise.race([died, begin(sealed, steps).catch(() => {})]);
    await world.resume().catch((error: unknown) => expect(error).toBeInstanceOf(RotationUndone));
    expect(said(world.config).versions).toEqual(before);
    expect(world.deployed).toMatchObject({ versions: before });
    expect(readJournal(world.journal)).toBeUndefined();
  });
});

describe("a rotation that was killed", () => {
  const all = Array.from({ length: 10 }, (_, index) => index + 1);
  const cases = all.flatMap((last) =>
    [false, true].map((after) => [last, after ? "after" : "before"] as const),
  );

  it.each(cases)(
    "at step %i, %s it was done, is gone on with, and nothing is left of the old",
    async (last, when) => {
      const world = new World();
      const { steps, died } = world.steps(last, when === "after");
      begin(secrets, steps).catch(() => {});
      await died;
      const end = await world.resume();
      if (end === "nothing") {
        // Not begun, or over: either all is as it was or all is new.
        expect([old, rotated]).toContainEqual(said(world.config));
      } else {
        expect(end).toBe("done");
        expect(said(world.config)).toEqual(rotated);
      }
      expect(world.deployed).toEqual(said(world.config));
      expect(readJournal(world.journal)).toBeUndefined();
    },
  );

  it("while the old versions go is never undone, whatever fails then", async () => {
    const world = new World();
    const { steps, died } = world.steps(8);
    begin(secrets, steps).catch(() => {});
    await died;
    world.fails = () => true;
    await expect(world.resume()).rejects.toThrow("not healthy");
    expect(readJournal(world.journal)?.phase).toBe("retire");
    world.fails = () => false;
    expect(await world.resume()).toBe("done");
    expect(world.deployed).toEqual(rotated);
  });

  const undoing = Array.from({ length: 9 }, (_, index) => index + 3);
  it.each(undoing)("at step %i while it is undone leaves all as it was", async (last) => {
    const world = new World();
    world.fails = ({ token }) => token === "new";
    const { steps, died } = world.steps(last);
    await Promise.race([died, begin(secrets, steps).catch(() => {})]);
    await world.resume().catch((error: unknown) => expect(error).toBeInstanceOf(RotationUndone));
    expect(said(world.config)).toEqual(old);
    expect(world.deployed).toEqual(old);
    expect(readJournal(world.journal)).toBeUndefined();
  });
});

describe("the journal of a rotation", () => {
  it("is the owner's alone, and damaged ones are not guessed from", () => {
    const path = join(folder(), "rotation.json");
    writeJournal(path, { phase: "forward", secrets });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readJournal(path)).toEqual({ phase: "forward", secrets });
    for (const damaged of ["", "{", "[]", '{"phase": "forward", "secrets": []}']) {
      writeFileSync(path, damaged);
      expect(complaints(() => readJournal(path))).toEqual([expect.stringContaining(`${path}: is damaged`)]);
    }
  });
});

describe("the audit log", () => {
  it("is only added to, by the owner alone, and says who, when and what", () => {
    const path = join(folder(), "state", "audit.log");
    audit(path, { action: "reveal", stack: "test", secrets: [{ name: "a/key" }] });
    const first = readFileSync(path, "utf8");
    audit(path, { action: "set", stack: "test", secrets: [{ name: "token", to: 2 }] });
    expect(readFileSync(path, "utf8").startsWith(first)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(first)).toEqual({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      who: expect.stringMatching(/.@./),
      action: "reveal",
      stack: "test",
      secrets: [{ name: "a/key" }],
    });
  });
});
