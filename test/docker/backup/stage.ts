import { join } from "node:path";
import { removeSeededVolumes, removeStack } from "../../../targets/docker/converge.ts";
import { type ExecResult, execIn } from "../../../targets/docker/exec.ts";
import { stackVolumes } from "../../../targets/docker/host.ts";
import { docker, type Run, root, type StackSettings, TestStack } from "../harness.ts";

/** Real programs of the stacks here: everything that holds data or backs it up. */
const real = "backup,backup-copies,notes,postgres,redis";

/** A stack with a service that writes into SQLite all the time, PostgreSQL, Redis and their backup, all of them real. */
export class BackupStack extends TestStack {
  /** `more` are services of the folder `stopped`. */
  constructor(
    name: string,
    settings: Pick<StackSettings, "octet" | "offset" | "backup">,
    private readonly more: readonly string[] = [],
  ) {
    const folder = join(root, "test", "docker", "backup");
    super(
      name,
      {
        ...settings,
        // No time of day: one that passes during a test would make a backup that it does not count.
        backup: { ...settings.backup, classes: { "config-daily": { every: "7d" } } },
        include: [...real.split(","), ...more],
        catalogs: [join(folder, "catalog"), ...(more.length > 0 ? [join(folder, "stopped")] : [])],
      },
      "compose",
    );
  }

  override up(): Promise<Run> {
    return this.ums("up", ["--engine", this.engine, "--real", [real, ...this.more].join(",")]);
  }

  exec(service: string, command: readonly string[]): Promise<ExecResult> {
    return execIn(docker, `${this.name}-${service}`, command);
  }

  /** A shell script in a service. @throws Error with what it said when it fails */
  async shell(service: string, script: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.exec(service, ["sh", "-c", script]);
    if (exitCode !== 0) throw new Error(`${service}: ${script}\nexit ${exitCode}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  /** The schedule's own way to save services, at once. */
  save(...services: string[]): Promise<ExecResult> {
    return this.exec("backup", ["sh", "/etc/backup/backup.sh", "now", ...services]);
  }

  restic(repository: string, ...words: string[]): Promise<ExecResult> {
    return this.exec("backup", [
      "sh",
      "/etc/backup/backup.sh",
      "in",
      repository,
      "--retry-lock",
      "5m",
      ...words,
    ]);
  }

  async snapshots(repository: string): Promise<{ id: string; tags: string[] }[]> {
    return JSON.parse((await this.restic(repository, "snapshots", "--json")).stdout);
  }

  /** Removes everything but the volume of the repository. Returns the volumes that are lost. */
  async loseVolumes(): Promise<string[]> {
    await removeStack(docker, this.name, [], () => {});
    await removeSeededVolumes(docker, this.name);
    const all = await stackVolumes(docker, this.name);
    const lost = all.filter((volume) => volume !== `${this.name}-backup_repository`);
    for (const volume of lost) await docker.getVolume(volume).remove();
    return lost;
  }

  sql(text: string, database = "notes"): Promise<string> {
    return this.shell("postgres", `psql -X -U postgres -d ${database} -Atc "${text}"`);
  }

  redis(...words: string[]): Promise<string> {
    return this.shell(
      "notes",
      `REDISCLI_AUTH=$(cat /run/secrets/cache_password) redis-cli -e -h redis --user notes --no-auth-warning ${words.join(" ")}`,
    );
  }

  /** Value of a metric as Prometheus reads it. */
  async metric(name: string, repository: string, service: string): Promise<number> {
    const text = await this.shell("backup-copies", "wget -q -O - http://127.0.0.1:9161/metrics");
    const line = text
      .split("\n")
      .find((candidate) => candidate.startsWith(`${name}{repository="${repository}",service="${service}",`));
    return Number(line?.split(" ")[1]);
  }
}
