import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  planSeeding,
  type SeedingPlan,
  type SeedStep,
  seedSteps,
  shellSeeder,
  stagedPath,
  standinSeeder,
} from "../../components/storage/seeding.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { found, platform, service } from "../fixtures/platforms.ts";
import type { RecordFields } from "../fixtures/records.ts";
import { container, declared, rehearsed, resource, stackOf } from "./fixtures.ts";

describe("a data volume", () => {
  let program: DeclaredProgram;
  beforeAll(async () => {
    const volumes = (
      [
        ["settings", "config"],
        ["tables", "database"],
        ["thumbs", "cache"],
      ] as const
    ).map(([name, kind]) => ({ name, class: kind, path: `/${name}`, access: "write" as const }));
    const shared = { name: "library", class: "media" as const, path: "/library", access: "write" as const };
    program = await declared(
      stackOf(
        { app: { volumes: [...volumes, { ...shared, shared: true }] } },
        {
          config: {
            environment: "staging",
            images: "real",
            storage: {
              config: { kind: "local" },
              database: { kind: "bind", path: "/srv/databases" },
              media: { kind: "nfs", server: "192.0.2.7", path: "/export" },
            },
          },
        },
      ),
    );
  });

  const inputsOf = (name: string) =>
    program.resources.find(({ type, inputs }) => type.endsWith(":Volume") && inputs.name === name)?.inputs;

  it("lives in Docker's own folder unless the stack says otherwise", () => {
    for (const [name, kind] of [
      ["test-app_settings", "config"],
      ["test-app_thumbs", "cache"],
    ])
      expect(inputsOf(String(name))).toEqual({
        name,
        driver: "local",
        labels: [
          { label: "ums.class", value: kind },
          { label: "ums.stack", value: "test" },
        ],
      });
  });

  it("can be a folder of the host", () => {
    expect(inputsOf("test-app_tables")).toMatchObject({
      driver: "local",
      driverOpts: { device: "/srv/databases/app_tables", o: "bind", type: "none" },
    });
  });

  it("can be an NFS export", () => {
    expect(inputsOf("test_library")).toMatchObject({
      driver: "local",
      driverOpts: {
        device: ":/export/library",
        o: "addr=192.0.2.7,nfsvers=4,soft,timeo=150",
        type: "nfs",
      },
    });
  });
});

function planOf(fields: RecordFields): SeedingPlan | undefined {
  return planSeeding("test", service(platform({ app: fields }, { config: { images: "real" } }), "app"));
}

const volume = (name: string, fields: Partial<NonNullable<RecordFields["volumes"]>[number]> = {}) => ({
  name,
  class: "config" as const,
  path: `/${name}`,
  access: "write" as const,
  ...fields,
});

/** Paths a record may have. */
const path = fc
  .array(fc.string({ minLength: 1, maxLength: 8, unit: "grapheme-ascii" }), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join("/")}`)
  .filter((text) => /^\/(?!.*\/\/)(?!.*\/\.{1,2}(?:\/|$))[^\0\s:]*$/.test(text) && !text.endsWith("/"));

describe("what is seeded", () => {
  it("is nothing for a service without files or data to write", () => {
    expect(planOf({})).toBeUndefined();
    expect(planOf({ volumes: [volume("read", { access: "read" })] })).toBeUndefined();
    expect(
      planOf({ volumes: [volume("kept", { copyImageContent: "it has its own owner" })] }),
    ).toBeUndefined();
  });

  it("is a volume a folder of files, and the owner of data the service writes", () => {
    const plan = planOf({
      user: { uid: 0, gid: 0, drops: { uid: 1000, gid: 1001 } },
      lifted: [{ privilege: "root-user", reason: "starts as root" }],
      volumes: [volume("data"), volume("seen", { access: "read" })],
      files: [
        { path: "/etc/app/b.conf", content: "b", mode: "0440" },
        { path: "/etc/app/a.conf", content: "a" },
      ],
      secrets: [{ name: "key", generate: "hex", file: "/run/secrets/key" }],
    });
    expect(plan).toMatchObject({
      folders: [
        { volume: "test-app_files.etc.app", path: "/etc/app" },
        { volume: "test-app_files.run.secrets", path: "/run/secrets" },
      ],
      owned: [{ volume: "test-app_data", path: "/data" }],
      owner: { uid: 1000, gid: 1001 },
    });
    expect(seedSteps(found(plan, "a plan"))).toEqual([
      { do: "own", uid: 1000, gid: 1001, path: "/seed/data" },
      { do: "only", path: "/seed/etc/app", names: ["a.conf", "b.conf"] },
      { do: "own", uid: 1000, gid: 1001, path: "/seed/etc/app" },
      { do: "mode", mode: "0755", path: "/seed/etc/app" },
      { do: "only", path: "/seed/run/secrets", names: ["key"] },
      { do: "own", uid: 1000, gid: 1001, path: "/seed/run/secrets" },
      { do: "mode", mode: "0755", path: "/seed/run/secrets" },
      { do: "mode", mode: "0444", path: "/seed/etc/app/a.conf" },
      { do: "own", uid: 1000, gid: 1001, path: "/seed/etc/app/a.conf" },
      { do: "mode", mode: "0440", path: "/seed/etc/app/b.conf" },
      { do: "own", uid: 1000, gid: 1001, path: "/seed/etc/app/b.conf" },
      { do: "mode", mode: "0400", path: "/seed/run/secrets/key" },
      { do: "own", uid: 1000, gid: 1001, path: "/seed/run/secrets/key" },
    ]);
  });

  it("is the folders of a volume, each after the one it is in, with the service as their owner", () => {
    const data = {
      name: "data",
      class: "media" as const,
      path: "/data",
      access: "write" as const,
      shared: true,
    };
    const plan = planOf({ volumes: [{ ...data, folders: ["media/tv", "torrents/tv", "media/movies"] }] });
    const made = ["media", "media/movies", "media/tv", "torrents", "torrents/tv"];
    expect(seedSteps(found(plan, "a plan"))).toEqual([
      { do: "own", uid: 1000, gid: 1000, path: "/seed/data" },
      ...made.flatMap((folder) => [
        { do: "mkdir", path: `/seed/data/${folder}` },
        { do: "own", uid: 1000, gid: 1000, path: `/seed/data/${folder}` },
      ]),
    ]);
  });

  it.each(["/media", "media/", "a/../b", "../a", ".", "a//b"])("has no folder %s", (name) => {
    const data = { name: "data", class: "media" as const, path: "/data", access: "write" as const };
    expect(() => planOf({ volumes: [{ ...data, folders: [name] }] })).toThrow(/use a path below the volume/);
  });

  it("gives every folder a volume of its own, by a name Docker takes", () => {
    const app = service(platform({ app: {} }), "app");
    const nameOf = (folder: string) =>
      planSeeding("test", {
        ...app,
        files: [{ path: `${folder}/file`, mode: "0444", content: { text: "" } }],
      })?.folders[0]?.volume;
    fc.assert(
      fc.property(path, path, (one, other) => {
        expect(nameOf(one)).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/);
        expect(nameOf(one) === nameOf(other)).toBe(one === other);
      }),
    );
    expect(nameOf("/run/secrets")).not.toBe(nameOf("/run-secrets"));
    expect(nameOf("/run/secrets")).not.toBe(nameOf("/run.secrets"));
  });
});

describe("the stand-in's command line", () => {
  it("is a word a step", () => {
    const seeder = standinSeeder("standin:1");
    expect(seeder.image).toBe("standin:1");
    expect(
      seeder.command([
        { do: "own", uid: 1000, gid: 1001, path: "/seed/it's here" },
        { do: "mode", mode: "0400", path: "/seed/$x" },
        { do: "mkdir", path: "/seed/a:b" },
        { do: "only", path: "/seed/a:b", names: ["a key", "b:c"] },
        { do: "copy", from: "/export/a b", path: "/seed/a:b" },
      ]),
    ).toEqual({
      entrypoint: ["/standin"],
      command: [
        "seed",
        "own:1000:1001:/seed/it's here",
        "mode:0400:/seed/$x",
        "mkdir:/seed/a:b",
        "only:/seed/a:b//a key/b:c",
        "copy:/export/a b///seed/a:b",
      ],
    });
  });
});

describe("the shell's command line", () => {
  /** What chown and chmod would get, as a POSIX shell reads the command. */
  function runs(steps: readonly SeedStep[]): string[][] {
    const { entrypoint, command } = shellSeeder("busybox").command(steps);
    expect(entrypoint).toEqual(["/bin/sh", "-euc"]);
    const stubs = ["chown", "chmod", "mkdir"]
      .map((name) => `${name}() { printf '%s\\0' ${name} "$@" ""; }`)
      .join("\n");
    const { stdout } = execaSync("/bin/sh", ["-euc", `${stubs}\n${command.join(" ")}`], {
      stripFinalNewline: false,
    });
    return stdout
      .split("\0\0")
      .filter(Boolean)
      .map((line) => line.split("\0"));
  }

  it("hands odd paths to chown, chmod and mkdir as they are", () => {
    const odd = [
      "/a b",
      "/it's",
      '/"quoted"',
      "/$HOME/`id`/$(id)",
      "/a;b&c|d",
      "/*?[x]",
      "/back\\slash",
      "/two\nlines",
    ];
    const steps = odd.flatMap((one): SeedStep[] => [
      { do: "own", uid: 1000, gid: 1001, path: one },
      { do: "mode", mode: "0400", path: one },
      { do: "mkdir", path: one },
    ]);
    expect(runs(steps)).toEqual(
      odd.flatMap((one) => [
        ["chown", "1000:1001", one],
        ["chmod", "0400", one],
        ["mkdir", "-p", one],
      ]),
    );
  });

  it("removes the files of a folder that are not named, and nothing else", () => {
    const folder = mkdtempSync(join(tmpdir(), "ums-seed-"));
    try {
      const kept = ["a", "it's", "*", ".kept"];
      for (const name of [...kept, "b", "its", ".left", "a b"]) writeFileSync(join(folder, name), "");
      symlinkSync("/nowhere", join(folder, "link"));
      mkdirSync(join(folder, "inner", "deep"), { recursive: true });
      const { entrypoint, command } = shellSeeder("busybox").command([
        { do: "only", path: folder, names: kept },
      ]);
      execaSync(entrypoint[0] ?? "", [...entrypoint.slice(1), ...command]);
      expect(readdirSync(folder).sort()).toEqual([...kept, "inner"].sort());
      expect(readdirSync(join(folder, "inner"))).toEqual(["deep"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("puts a copy in the place of a file in one step", () => {
    const folder = mkdtempSync(join(tmpdir(), "ums-seed-"));
    try {
      const [from, path] = [join(folder, "it's new"), join(folder, "$old")];
      writeFileSync(from, "new");
      writeFileSync(path, "old");
      const before = statSync(path).ino;
      const { entrypoint, command } = shellSeeder("busybox").command([{ do: "copy", from, path }]);
      execaSync(entrypoint[0] ?? "", [...entrypoint.slice(1), ...command]);
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(statSync(path).ino).not.toBe(before);
      expect(readdirSync(folder)).toHaveLength(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("hands every path a record may have to chown as it is", () => {
    const steps = fc.array(
      path.map((one): SeedStep => ({ do: "own", uid: 1, gid: 2, path: stagedPath(one) })),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        expect(runs(list)).toEqual(list.map((step) => ["chown", "1:2", step.path]));
      }),
      { numRuns: 20 },
    );
  });

  it("stops at the first step that fails", () => {
    const { command } = shellSeeder("busybox").command([
      { do: "own", uid: 1, gid: 1, path: "/there/is/no/such/path" },
      { do: "mode", mode: "0400", path: "/there/is/no/such/path" },
    ]);
    const stubs = "chown() { return 1; }\nchmod() { echo went on; }";
    const { exitCode, stdout } = execaSync("/bin/sh", ["-euc", `${stubs}\n${command.join(" ")}`], {
      reject: false,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  });
});

describe("a seeded volume", () => {
  it("is written by the program of its stack: the stand-in in rehearsal, a shell for real images", async () => {
    const records: Record<string, RecordFields> = {
      app: { files: [{ path: "/etc/app/app.conf", content: "text" }] },
    };
    const rehearsal = container(await declared(rehearsed(stackOf(records))), "app_seed");
    expect(rehearsal).toMatchObject({ entrypoints: ["/standin"] });
    const real = container(await declared(stackOf(records, { config: { images: "real" } })), "app_seed");
    expect(real).toMatchObject({ entrypoints: ["/bin/sh", "-euc"] });
    expect(real.image).toMatch(/^docker\.io\/library\/busybox:[^@]+@sha256:[0-9a-f]{64}$/);
  });

  it("receives each file where the volume of its folder is mounted", async () => {
    const program = await declared(
      stackOf(
        {
          app: {
            files: [{ path: "/etc/app/app.conf", content: "domain ${DOMAIN}\n" }],
            volumes: [volume("data")],
          },
        },
        { config: { domain: "media.example.org" } },
      ),
    );
    const seed = container(program, "app_seed");
    expect(seed.uploads).toEqual([{ file: "/seed/etc/app/app.conf", content: "domain media.example.org\n" }]);
    expect(seed.mounts).toEqual([
      { type: "volume", source: "test-app_data", target: "/seed/data", readOnly: false },
      { type: "volume", source: "test-app_files.etc.app", target: "/seed/etc/app", readOnly: false },
    ]);
    expect(resource(program, "Container", "app_seed-container").dependsOn).toContainEqual({
      type: "ums:storage:DataVolume",
      name: "app_data",
    });
  });
});
