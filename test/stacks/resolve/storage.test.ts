import { describe, expect, it } from "vitest";
import { platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import type { RecordFields } from "../../fixtures/records.ts";

type Records = Record<string, RecordFields>;
type Volume = NonNullable<RecordFields["volumes"]>[number];

const config = (fields: Partial<Volume> = {}): Volume => ({
  name: "config",
  class: "config",
  path: "/config",
  access: "write",
  ...fields,
});
const films = (fields: Partial<Volume> = {}): Volume => ({
  name: "data",
  class: "media",
  path: "/data",
  access: "write",
  shared: true,
  ...fields,
});
const as = (uid: number, ...volumes: Volume[]): RecordFields => ({ user: { uid, gid: uid }, volumes });
const wrong = (records: Records) => complaints(() => platform(records));

describe("a volume", () => {
  it("is its service's own, named after stack, service and volume", () => {
    const of = platform(
      { alpha: as(1000, config()), beta: as(1001, config()) },
      { stack: { stack: "home" } },
    );
    expect(of.volumes).toEqual([
      {
        name: "home-alpha_config",
        class: "config",
        shared: false,
        owner: { uid: 1000, gid: 1000 },
        users: ["alpha"],
        placement: { kind: "local" },
      },
      expect.objectContaining({ name: "home-beta_config", owner: { uid: 1001, gid: 1001 }, users: ["beta"] }),
    ]);
  });

  it("is mounted as the record says, by path", () => {
    const of = platform({
      alpha: as(1000, config({ name: "b", path: "/b", access: "read" }), config({ name: "a", path: "/a" })),
    });
    expect(service(of, "alpha").mounts).toEqual([
      expect.objectContaining({ volume: "test-alpha_a", path: "/a", readOnly: false }),
      expect.objectContaining({ volume: "test-alpha_b", path: "/b", readOnly: true }),
    ]);
  });

  it("gets its service's ids as owner where the service writes to it, unless it starts as a copy of the image's folder", () => {
    const copied = config({ name: "c", path: "/c", copyImageContent: "the image brings its settings" });
    const of = platform({
      alpha: as(
        1000,
        config({ name: "a", path: "/a" }),
        config({ name: "b", path: "/b", access: "read" }),
        copied,
      ),
    });
    expect(
      service(of, "alpha").mounts.map(({ path, setOwner, copyImageContent }) => [
        path,
        setOwner,
        copyImageContent,
      ]),
    ).toEqual([
      ["/a", true, false],
      ["/b", false, false],
      ["/c", false, true],
    ]);
  });

  it("belongs to the ids that a process started as root ends up with", () => {
    const of = platform({
      alpha: {
        user: { uid: 0, gid: 0, drops: { uid: 911, gid: 912 } },
        lifted: [{ privilege: "root-user", reason: "the image starts as root" }],
        volumes: [config()],
      },
    });
    expect(of.volumes[0]?.owner).toEqual({ uid: 911, gid: 912 });
    expect(service(of, "alpha").owner).toEqual({ uid: 911, gid: 912 });
    expect(service(of, "alpha").user).toEqual({ uid: 0, gid: 0, groups: [] });
  });

  it("is not another service's, whatever the names", () => {
    const records = { a: as(1000, config({ name: "b-c" })), "a-b": as(1000, config({ name: "c" })) };
    expect(platform(records).volumes.map(({ name }) => name)).toEqual(["test-a-b_c", "test-a_b-c"]);
  });
});

describe("a shared volume", () => {
  it("is one for all that name it", () => {
    const of = platform({ alpha: as(1000, films()), beta: as(1000, films({ path: "/media" })) });
    expect(of.volumes).toEqual([
      expect.objectContaining({ name: "test_data", shared: true, users: ["alpha", "beta"] }),
    ]);
    expect(service(of, "beta").mounts).toEqual([
      expect.objectContaining({ volume: "test_data", path: "/media" }),
    ]);
  });

  it("that two services write under different ids is refused", () => {
    expect(wrong({ alpha: as(1000, films()), beta: as(1001, films()) })).toEqual([
      expect.stringMatching(
        /^catalog\/beta\.yaml:\d+:\d+: beta writes the shared volume "data" as 1001:1001, alpha as 1000:1000; give both the same ids$/,
      ),
    ]);
  });

  it("that differs in the group alone is refused, too", () => {
    const other: RecordFields = { user: { uid: 1000, gid: 2000 }, volumes: [films()] };
    expect(wrong({ alpha: as(1000, films()), beta: other })).toEqual([
      expect.stringContaining("beta writes the shared volume"),
    ]);
  });

  it("may be read under any id", () => {
    expect(wrong({ alpha: as(1000, films()), beta: as(1001, films({ access: "read" })) })).toEqual([]);
  });

  it("belongs to the one that writes it, though a reader comes first", () => {
    const of = platform({ alpha: as(1001, films({ access: "read" })), beta: as(1000, films()) });
    expect(of.volumes[0]?.owner).toEqual({ uid: 1000, gid: 1000 });
  });

  it("that two writers dispute is refused, though a reader comes first", () => {
    const records = {
      alpha: as(7, films({ access: "read" })),
      beta: as(1000, films()),
      gamma: as(1001, films()),
    };
    expect(wrong(records)).toEqual([
      expect.stringMatching(/^catalog\/gamma\.yaml:.*gamma writes the shared volume/),
    ]);
  });

  it("of two classes is refused", () => {
    expect(wrong({ alpha: as(1000, films()), beta: as(1000, films({ class: "cache" })) })).toEqual([
      expect.stringMatching(
        /^catalog\/beta\.yaml:\d+:\d+: the shared volume "data" is cache here and media in alpha$/,
      ),
    ]);
  });
});

describe("where volumes live", () => {
  const records = { alpha: as(1000, config(), films()) };
  const placements = (storage: NonNullable<Parameters<typeof platform>[1]>["config"]) =>
    Object.fromEntries(
      platform(records, { config: storage ?? {} }).volumes.map(({ name, placement }) => [name, placement]),
    );

  it("is the engine's own folder unless the config says otherwise", () => {
    expect(placements({})).toEqual({
      "test-alpha_config": { kind: "local" },
      test_data: { kind: "local" },
    });
  });

  it("is a sub-folder for each volume, shared or not", () => {
    const storage = {
      config: { kind: "bind" as const, path: "/srv/config/" },
      media: { kind: "bind" as const, path: "/srv/media" },
    };
    expect(placements({ storage })).toEqual({
      "test-alpha_config": { kind: "bind", path: "/srv/config/alpha_config" },
      test_data: { kind: "bind", path: "/srv/media/data" },
    });
  });

  it("may be an NFS server", () => {
    expect(
      placements({ storage: { config: { kind: "nfs", server: "nas", path: "/export" } } }),
    ).toMatchObject({
      "test-alpha_config": {
        kind: "nfs",
        server: "nas",
        path: "/export/alpha_config",
        options: "nfsvers=4,soft,timeo=150",
      },
    });
  });

  it("is not the same folder for two shared volumes", () => {
    const two = { alpha: as(1000, films({ name: "films" }), films({ name: "books", path: "/books" })) };
    const storage = { media: { kind: "bind" as const, path: "/srv/media" } };
    expect(platform(two, { config: { storage } }).volumes.map(({ placement }) => placement)).toEqual([
      { kind: "bind", path: "/srv/media/books" },
      { kind: "bind", path: "/srv/media/films" },
    ]);
  });
});

describe("memory as a folder", () => {
  const tmpfs = (fields: RecordFields) => service(platform({ alpha: fields }), "alpha").tmpfs;

  it("is what the record lists, programs not allowed, 64 MiB", () => {
    expect(tmpfs({ tmpfs: [{ path: "/tmp" }, { path: "/run", size: 8 }] })).toEqual([
      { path: "/run", size: 8, exec: false },
      { path: "/tmp", size: 64, exec: false },
    ]);
  });

  it("may hold programs where the record lifts that", () => {
    const fields: RecordFields = {
      tmpfs: [{ path: "/tmp" }, { path: "/run" }],
      lifted: [{ privilege: "tmpfs-exec", value: "/run", reason: "scripts run there" }],
    };
    expect(tmpfs(fields).map(({ path, exec }) => [path, exec])).toEqual([
      ["/run", true],
      ["/tmp", false],
    ]);
  });

  it("is a transcode volume, which is no volume to keep, 1024 MiB", () => {
    const fields: RecordFields = {
      volumes: [
        { name: "scratch", class: "transcode", path: "/scratch", access: "write" },
        { name: "more", class: "transcode", path: "/more", access: "write", size: 4096 },
      ],
    };
    expect(tmpfs(fields)).toEqual([
      { path: "/more", size: 4096, exec: false },
      { path: "/scratch", size: 1024, exec: false },
    ]);
    expect(platform({ alpha: fields }).volumes).toEqual([]);
  });
});

it.each([
  ["development", false],
  ["staging", true],
  ["production", true],
] as const)("data in %s is protected: %s", (environment, protectData) => {
  expect(platform({ alpha: {} }, { config: { environment } }).protectData).toBe(protectData);
});
