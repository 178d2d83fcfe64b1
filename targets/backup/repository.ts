import type Docker from "dockerode";
import { z } from "zod";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import { isReal, type Platform, type Service } from "../../stacks/platform.ts";
import { type ExecResult, execIn } from "../docker/exec.ts";

/** One backup of one service. */
export interface Snapshot {
  id: string;
  time: Date;
  service: string;
  class: string;
  /** Paths in it: of the service's volumes, and of copies of its databases. */
  paths: readonly string[];
  bytes: number | undefined;
  /** It was made of what a restore was about to overwrite. */
  beforeRestore: boolean;
}

/** Tag of such a backup. */
export const beforeRestore = "before-restore";

const listed = z.array(
  z.looseObject({
    id: z.string(),
    time: z.string(),
    tags: z.array(z.string()).nullish(),
    paths: z.array(z.string()),
    summary: z.looseObject({ total_bytes_processed: z.number() }).optional(),
  }),
);

/** The stack's service that makes backups. @throws InputError where it has none */
export function backupService({ services, stack }: Platform): Service {
  const service = services.find(({ roles }) => roles.includes("backup"));
  if (service) return service;
  throw new InputError([
    { message: `the stack ${stack} has no backup: npx ums add backup backup-copies --stack ${stack}` },
  ]);
}

/** The backup inside a running stack: its own script, in its own container. */
export class Backup {
  readonly service: Service;
  readonly container: string;

  constructor(
    readonly docker: Docker,
    readonly platform: Platform,
  ) {
    this.service = backupService(platform);
    this.container = `${platform.stack}-${this.service.name}`;
  }

  /** Runs the script. @throws EnvironmentFault when the container does not run, or runs a stand-in */
  async run(words: readonly string[], write?: (text: string) => void): Promise<ExecResult> {
    const state = await this.docker
      .getContainer(this.container)
      .inspect()
      .catch(() => undefined);
    if (state?.State.Running !== true) {
      throw new EnvironmentFault(
        `${this.container} does not run`,
        `npx ums start ${this.service.name} --stack ${this.platform.stack}`,
      );
    }
    if (!isReal(this.platform, this.service.name)) {
      throw new EnvironmentFault(
        `${this.service.name} is a stand-in in this rehearsal, and makes no backups`,
        "npx ums up --real backup,backup-copies, and every service whose data counts",
      );
    }
    return execIn(this.docker, this.container, ["sh", "/etc/backup/backup.sh", ...words], {
      ...(write ? { write } : {}),
    });
  }

  /** Saves a tar of the stack's own state, to every repository. Returns false where it could not be saved everywhere. */
  async saveState(archive: Buffer, write: (text: string) => void): Promise<boolean> {
    const command = ["sh", "/etc/backup/backup.sh", "state"];
    const { exitCode } = await execIn(this.docker, this.container, command, { input: archive, write });
    return exitCode === 0;
  }

  /** Backups in a repository, oldest first. @throws EnvironmentFault when it cannot be read */
  async snapshots(repository: string): Promise<Snapshot[]> {
    const words = ["in", repository, "snapshots", "--json", "--no-lock", "--host", this.platform.stack];
    const { exitCode, stdout, stderr } = await this.run(words);
    if (exitCode !== 0) {
      throw new EnvironmentFault(
        `the repository ${repository} cannot be read (exit ${exitCode}): ${stderr.trim()}`,
        "bring it back, or name another one with --from",
      );
    }
    return listed
      .parse(JSON.parse(stdout))
      .flatMap(({ id, time, tags, paths, summary }): Snapshot[] => {
        const [service, kind = service, ...marks] = tags ?? [];
        if (service === undefined || kind === undefined) return [];
        return [
          {
            id,
            time: new Date(time),
            service,
            class: kind,
            paths,
            bytes: summary?.total_bytes_processed,
            beforeRestore: marks.includes(beforeRestore),
          },
        ];
      })
      .sort((a, b) => a.time.getTime() - b.time.getTime());
  }
}

/**
 * The last backup of each service, by service: without a time, of those that were not made of what a restore was about to
 * overwrite; with one, of all that were made by then.
 */
export function latestBy(snapshots: readonly Snapshot[], time: Date | undefined): Map<string, Snapshot> {
  return new Map(
    snapshots
      .filter((snapshot) => (time ? snapshot.time.getTime() <= time.getTime() : !snapshot.beforeRestore))
      .map((snapshot) => [snapshot.service, snapshot]),
  );
}
