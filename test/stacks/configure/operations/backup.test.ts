import { describe, expect, it } from "vitest";
import { checkRecord } from "../../../../stacks/catalog/check.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, type PlatformInput, platform, service } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields, record } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";

const backup: RecordFields = {
  roles: ["backup"],
  configure: "backup",
  links: [linkTo("copier", 9161)],
};
const copier: RecordFields = {
  roles: ["copier"],
  configure: "backup-copies",
  ports: listensOn(9161),
  metrics: { port: 9161, path: "/metrics", honorLabels: true },
};
const stackOf = (records: Record<string, RecordFields>, config: PlatformInput["config"] = {}) =>
  platform({ backup, copier, ...records }, { config: { real: "all", ...config } });
const config = { name: "config", class: "config", path: "/config", access: "write" } as const;
const fileOf = (of: ReturnType<typeof platform>, path: string) =>
  found(filesOf(of, "backup").get(`/etc/backup/${path}`), path);

describe("the backup's plan", () => {
  it("has every service of dev and prod whose record asks for a backup", () => {
    for (const stack of ["dev", "prod"]) {
      const { platform: of } = loadStack(projectRoot, stack);
      const wanted = of.services.filter((one) => one.backup !== "none").map(({ name }) => name);
      const planned = fileOf(of, "plan").trimEnd().split("\n");
      expect(planned.map((line) => line.split(" ")[1])).toEqual(wanted);
    }
  });

  it("mounts what is backed up read-only, and nothing else of other services", () => {
    const { platform: of } = loadStack(projectRoot, "prod");
    const mounts = service(of, "backup").mounts.filter(({ path }) => path.startsWith("/sources/"));
    expect(mounts.every(({ readOnly, setOwner }) => readOnly && !setOwner)).toBe(true);
    expect(mounts.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["/sources/sonarr/config", "/sources/postgres/dumps", "/sources/immich/photos"]),
    );
    const paths = mounts.map(({ path }) => path).join("\n");
    expect(paths).not.toMatch(/postgres\/data|redis\/data|cache|sonarr\/data/);
    expect(service(of, "backup-copies").mounts.map(({ path }) => path)).not.toContain(
      "/sources/postgres/dumps",
    );
  });

  it("asks database servers and the copier for copies, where these run what their records say", () => {
    const { platform: real } = loadStack(projectRoot, "prod");
    const lines = fileOf(real, "plan").split("\n");
    expect(lines).toContain("database-hourly postgres /sources/postgres/dumps no");
    expect(lines).toContain("config-daily sonarr /copies/sonarr no");
    const { platform: rehearsal } = loadStack(projectRoot, "dev");
    expect(fileOf(rehearsal, "plan").split("\n")).toContain("database-hourly postgres - no");
  });

  it("leaves out what a record leaves out, and what is shared, cache or scratch", () => {
    const of = stackOf({
      notes: {
        backup: "config-daily",
        volumes: [
          config,
          { name: "logs", class: "config", path: "/logs", access: "write", copy: "none" },
          { name: "library", class: "media", path: "/library", access: "write", shared: true },
          { name: "cache", class: "cache", path: "/cache", access: "write" },
        ],
      },
    });
    const paths = service(of, "backup").mounts.map(({ path }) => path);
    expect(paths).toEqual(["/sources/notes/config"]);
  });

  it("leaves out of a volume what its record says", () => {
    const of = stackOf({
      notes: { backup: "config-daily", volumes: [{ ...config, leaveOut: ["wal", "cache/live"] }] },
    });
    const lines = fileOf(of, "excludes").split("\n");
    expect(lines).toContain("/sources/notes/config/wal");
    expect(lines).toContain("/sources/notes/config/cache/live");
  });

  it("marks what can be copied only while it is stopped", () => {
    const of = stackOf({ notes: { backup: "config-daily", volumes: [{ ...config, copy: "stopped" }] } });
    expect(fileOf(of, "plan")).toBe("config-daily notes /copies/notes yes\n");
  });

  it("needs something to copy, and a word on how often", () => {
    const said = (fields: RecordFields) => checkRecord(record(fields)).map(({ message }) => message);
    expect(said({ backup: "config-daily" })).toEqual([
      "backup is config-daily, but no volume is copied: name one, or say none",
    ]);
    expect(said({ backup: "none", volumes: [{ ...config, copy: "files" }] })).toEqual([
      "volumes[0] is copied for the backup, but backup is none: say how often",
    ]);
    expect(said({ backup: "config-daily", volumes: [{ ...config, copy: "server" }] })).toEqual([
      "volumes[0]: only services configured as postgres or redis write their copy themselves",
    ]);
    expect(
      said({ backup: "none", drill: { start: false, reason: "it needs the internet to start" } }),
    ).toEqual(["drill says what a restore drill does, but backup is none: say how often, or leave it out"]);
    expect(said({ backup: "config-daily", volumes: [config] })).toEqual([]);
  });
});

describe("the backup's repositories", () => {
  const repositories = [
    { name: "local", kind: "local" },
    { name: "disk", kind: "local", folder: "/mnt/usb/ums" },
    {
      name: "friend",
      kind: "sftp",
      host: "backup.example.org",
      port: 2222,
      user: "media",
      path: "/srv/ums",
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE",
    },
    {
      name: "cloud",
      kind: "s3",
      endpoint: "https://s3.example.com",
      bucket: "media-backup",
      path: "home",
      region: "eu-1",
      keyId: "AKIA",
    },
  ] as const;

  it("are opened with their own options, and their secrets are files", () => {
    const of = stackOf({}, { backup: { repositories: [...repositories] } });
    const text = fileOf(of, "repositories.sh");
    expect(text).toContain("repositories='local disk friend cloud'");
    expect(text).toContain('local) restic --repo /repository/local "$@" ;;');
    expect(text).toContain('disk) restic --repo /repositories/disk "$@" ;;');
    expect(text).toContain("--repo 'sftp://media@backup.example.org:2222//srv/ums'");
    expect(text).toContain("-o StrictHostKeyChecking=yes");
    expect(text).toContain("--repo 's3:https://s3.example.com/media-backup/home' --option s3.region=eu-1");
    expect(fileOf(of, "friend.hosts")).toBe(
      "[backup.example.org]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE\n",
    );
    const files = service(of, "backup").files;
    for (const name of ["friend.key", "cloud.credentials"]) {
      const file = found(
        files.find(({ path }) => path === `/etc/backup/${name}`),
        name,
      );
      expect(file.mode).toBe("0400");
      expect(file.content).toHaveProperty("secret");
    }
    const disk = of.volumes.find(({ name }) => name.endsWith("repository-disk"));
    expect(disk?.placement).toEqual({ kind: "bind", path: "/mnt/usb/ums" });
  });

  it("are told by their host's name alone where SSH has its usual port", () => {
    const usual = { ...repositories[2], port: 22 };
    const of = stackOf({}, { backup: { repositories: [usual] } });
    expect(fileOf(of, "friend.hosts")).toMatch(/^backup\.example\.org ssh-ed25519 /);
  });

  it("are in the user's home folder without its sign, which restic refuses", () => {
    const home = { ...repositories[2], path: "media" };
    const of = stackOf({}, { backup: { repositories: [home] } });
    expect(fileOf(of, "repositories.sh")).toContain("--repo 'sftp://media@backup.example.org:2222/media'");
    const sign = { backup: { repositories: [{ ...home, path: "~/media" }] } };
    expect(complaints(() => stackOf({}, sign))).toEqual([
      expect.stringContaining("leave out the ~: a path that does not begin with / is one in the user's home"),
    ]);
  });

  it("have names of their own", () => {
    const twice = { backup: { repositories: [repositories[0], repositories[0]] } };
    expect(complaints(() => stackOf({}, twice))).toEqual([
      expect.stringContaining('the repository "local" is named twice, first as backup.repositories[0]'),
    ]);
  });

  it("keep each class as its setting says, and are told when it is due", () => {
    const classes = { "config-daily": { every: "2d", at: "01:15", keep: { last: 3, daily: 7 } } };
    const text = fileOf(stackOf({}, { backup: { classes } }), "classes.sh");
    expect(text).toContain("  config-daily) echo 172800 01:15 ;;");
    expect(text).toContain("  database-hourly) echo 3600 - ;;");
    expect(text).toMatch(/--tag config-daily --group-by host,tags --keep-last 3 --keep-daily 7 &&/);
  });
});
