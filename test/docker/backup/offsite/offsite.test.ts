import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { execIn, noReal, realProgram } from "../../configuration/real.ts";
import { until } from "../../harness.ts";
import { BackupStack } from "../stage.ts";
import { OffsiteServers, sshKey } from "./servers.ts";

const noPrograms = async () => {
  for (const name of ["restic", "sshd", "s3"]) {
    const why = await noReal(realProgram(name));
    if (why !== "") return why;
  }
  return "";
};
const missing = inject("noCompose") || (await noPrograms());

const services = ["notes", "postgres", "redis"];
const everywhere = ["local", "friend", "cloud"];
const secretKey = "a5ecretKeyOfTheObjectStorage/with+signs";

describe.skipIf(missing !== "")("backups off site, with SFTP and S3", () => {
  const name = "umsbk5";
  const octet = 216;
  let stack: BackupStack;
  let servers: OffsiteServers;
  /** What the first up wrote. */
  let said: string;

  const lastSuccess = (repository: string, service: string) =>
    stack.metric("ums_backup_last_success_timestamp_seconds", repository, service);
  const healthOf = async (service: string) => (await stack.container(service).inspect()).State.Health?.Status;
  const servicesGoOn = async () => {
    for (const service of [...services, "backup", "backup-copies"])
      expect(await healthOf(service), service).toBe("healthy");
  };
  const newRun = async () => {
    const times = await Promise.all(everywhere.map((repository) => lastSuccess(repository, "redis")));
    return Math.max(...times);
  };
  /** What may stand nowhere but in its file: values of the secrets, a private key line by line. */
  const values = async () => [
    secretKey,
    ...servers.login.key.split("\n").slice(1, -1),
    await stack.shell("backup", "cat /run/secrets/password"),
  ];

  beforeAll(async () => {
    servers = await OffsiteServers.start(name, octet, secretKey);
    stack = new BackupStack(name, {
      octet,
      offset: 31500,
      backup: { repositories: [{ name: "local", kind: "local" }, ...servers.repositories] },
    });
    for (const [secret, value] of [
      ["backupSftpKey", servers.login.key],
      ["backupS3Key", secretKey],
    ] as const) {
      const set = await stack.ums("secrets set", [secret], { input: `${value}\n` });
      expect(set.exitCode, set.stderr).toBe(0);
    }
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
    said = run.stdout + run.stderr;
  });
  afterAll(async () => {
    await stack?.dispose();
    await servers?.dispose();
  });

  it("are made by the schedule as soon as the stack is up", async () => {
    for (const repository of everywhere)
      for (const service of services)
        await until(
          `${service} is in ${repository}`,
          async () => (await lastSuccess(repository, service)) > 0,
        );
    // In the home folder of the user, as the path says.
    const { output } = await execIn(servers.sftp, ["ls", "/tmp/media"]);
    expect(output.split("\n")).toEqual(expect.arrayContaining(["config", "data", "keys", "snapshots"]));
  });

  it("are listed, each repository by itself", async () => {
    for (const repository of ["friend", "cloud"]) {
      const found = await stack.json<{ service: string; bytes?: number }[]>("snapshots", [
        "--from",
        repository,
      ]);
      expect(found.map(({ service }) => service).sort()).toEqual([...services, "state"].sort());
      expect(found.every(({ bytes = 0 }) => bytes > 0)).toBe(true);
    }
  });

  it("are sound, and can be tidied up", async () => {
    for (const repository of everywhere)
      for (const command of ["prune", "check"]) {
        const { exitCode, stdout, stderr } = await stack.restic(repository, command);
        expect(exitCode, `${command} of ${repository}: ${stdout}${stderr}`).toBe(0);
      }
  });

  it("have their credentials in files of root's alone, and nowhere else", async () => {
    const modes = await stack.shell(
      "backup",
      "stat -c '%a %u %n' /etc/backup/friend.key /etc/backup/cloud.credentials",
    );
    expect(modes).toBe("400 0 /etc/backup/friend.key\n400 0 /etc/backup/cloud.credentials");
    const seen = stack.shell(
      "backup",
      "until [ -e /tmp/seen ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; done | tr '\\0' '\\n' | sort -u; rm /tmp/seen",
    );
    const saved = await stack.save("notes");
    await stack.shell("backup", ": > /tmp/seen");
    expect(saved.exitCode, saved.stderr).toBe(0);
    const processes = await seen;
    // Both were looked at while they were at work.
    expect(processes).toContain("s3:http://");
    expect(processes).toContain("/etc/backup/friend.key");

    const texts = [said, processes, saved.stdout, saved.stderr];
    for (const service of [...services, "backup", "backup-copies"]) {
      const container = stack.container(service);
      texts.push(
        JSON.stringify(await container.inspect()),
        String(await container.logs({ stdout: true, stderr: true })),
      );
    }
    for (const value of await values())
      expect(texts.filter((text) => text.includes(value)).length, "texts with a secret").toBe(0);
  });

  it("bring a file back", async () => {
    await stack.shell("notes", "echo kept > /config/kept");
    const saved = await stack.save("notes");
    expect(saved.exitCode, saved.stderr).toBe(0);
    await stack.shell("notes", "rm /config/kept");
    // Not even the repository on this machine is asked.
    await stack.shell("backup", "mv /repository/local /repository/away");
    const run = await stack.ums("restore", ["notes", "--from", "cloud", "--without-backup"], {
      input: `${name}\n`,
    });
    await stack.shell("backup", "mv /repository/away /repository/local");
    expect(run.exitCode, run.stdout + run.stderr).toBe(0);
    expect(await stack.shell("notes", "cat /config/kept")).toBe("kept");
  });

  it("say which server is gone and go on without it, with the services healthy", async () => {
    await servers.sftp.stop();
    await servers.s3.pause();
    const [run, listed] = await Promise.all([
      stack.save("redis"),
      stack.ums("snapshots", ["--from", "cloud"]),
    ]);
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toMatch(/friend: cannot be opened: .*Connection refused/);
    expect(run.stderr).toContain("cloud: cannot be opened: gave up after 30 seconds");
    expect(run.stderr).toContain("redis: saved to local");
    expect(listed.exitCode).toBe(3);
    expect(listed.stderr).toMatch(/the repository cloud cannot be read .*: gave up after 30 seconds/);
    await servicesGoOn();
    for (const repository of ["friend", "cloud"])
      expect(await stack.metric("ums_backup_last_exit_code", repository, "redis")).not.toBe(0);
  });

  it("do not need their servers to start", async () => {
    await stack.container("backup").restart();
    await until("the backup is healthy", async () => (await healthOf("backup")) === "healthy");
  });

  it("go on by themselves once their servers are back", async () => {
    const before = await newRun();
    await servers.startSftp(servers.host);
    await servers.s3.unpause();
    // As if the last try had been long ago: what failed is tried again after a quarter of an hour.
    await stack.shell("backup", "for file in /state/*/.attempts/*; do echo '0 1' > $file; done");
    for (const repository of everywhere)
      await until(`redis is in ${repository}`, async () => (await lastSuccess(repository, "redis")) > before);
    await servicesGoOn();
  });

  it("go to no server with another host key", async () => {
    await servers.sftp.stop();
    await servers.startSftp(await sshKey());
    const run = await stack.save("redis");
    expect(run.stderr).toMatch(/friend: cannot be opened: .*Host key verification failed/s);
    // It is the known one's name and port: not a server that was never heard of.
    expect(run.stderr).toContain("REMOTE HOST IDENTIFICATION HAS CHANGED");
    expect(run.stderr).toContain("redis: saved to cloud");
    await servers.sftp.stop();
    await servers.startSftp(servers.host);
    expect((await stack.save("redis")).exitCode).toBe(0);
  });

  it("say so when a key is wrong, and an up succeeds all the same", async () => {
    const wrong = (await sshKey()).key;
    for (const [secret, value] of [
      ["backupSftpKey", wrong],
      ["backupS3Key", "another secret key"],
    ] as const)
      await stack.ums("secrets set", [secret], { input: `${value}\n` });
    const up = await stack.up();
    expect(up.exitCode, up.stderr).toBe(0);
    expect(up.stderr).toMatch(/friend: cannot be opened: .*Permission denied \(publickey\)/s);
    expect(up.stderr).toMatch(
      /cloud: cannot be opened: gave up after 30 seconds: .*signature .*does not match/,
    );
    expect(up.stderr).toContain("state: not saved to friend");
    await servicesGoOn();
    const run = await stack.save("redis");
    expect(run.stderr).toContain("redis: saved to local");
  });
});
