import { createHash, randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PlatformConfig } from "../stacks/config/schema.ts";
import { EnvironmentFault, InputError } from "../stacks/errors.ts";
import { writePrivate } from "../targets/files.ts";
import type { Snapshot } from "../targets/plan.ts";
import { type Journal, readJournal } from "./secrets/journal.ts";

/** Secrets that were shown once, by id. The digest is of a long random value, which nobody finds by trying. */
const shownSchema = z.record(z.string(), z.strictObject({ digest: z.string(), at: z.string() }));
type Shown = z.output<typeof shownSchema>;

/** Where a stack's own state lives: outside git, readable by its owner alone. */
export class StackState {
  readonly folder: string;

  constructor(
    readonly home: string,
    readonly stack: string,
  ) {
    this.folder = join(home, "stacks", stack);
  }

  get secretsPath(): string {
    return join(this.folder, "secrets.json");
  }

  get composePath(): string {
    return join(this.folder, "compose.yaml");
  }

  /** Where it is written who looked at secrets and who changed them. */
  get auditPath(): string {
    return join(this.folder, "audit.log");
  }

  /** What is known of a restore that is under way, or was cut off. */
  get restorePath(): string {
    return join(this.folder, "restore.json");
  }

  /** How restore drills went, a line each. */
  get drillsPath(): string {
    return join(this.folder, "drills.log");
  }

  get rotationPath(): string {
    return join(this.folder, "rotation.json");
  }

  /** The rotation of secrets that is under way, or was interrupted. */
  readRotation(): Journal | undefined {
    return readJournal(this.rotationPath);
  }

  /** What the last complete `up` deployed. */
  readSnapshot(): Snapshot | undefined {
    const path = join(this.folder, "last.json");
    if (!existsSync(path)) return undefined;
    try {
      return JSON.parse(readFileSync(path, "utf8")) as Snapshot;
    } catch {
      throw new InputError([
        {
          place: { file: path },
          message: "is damaged; remove it: the next plan then shows everything as new",
        },
      ]);
    }
  }

  writeSnapshot(snapshot: Snapshot): void {
    writePrivate(join(this.folder, "last.json"), `${JSON.stringify(snapshot)}\n`);
  }

  removeSnapshot(): void {
    rmSync(join(this.folder, "last.json"), { force: true });
  }

  /** What the last `up --real` chose, as it takes it. */
  readReal(): string | undefined {
    return existsSync(this.realPath) ? readFileSync(this.realPath, "utf8").trim() : undefined;
  }

  /** Remembers a choice; undefined forgets it. */
  writeReal(choice: string | undefined): void {
    if (choice === undefined) rmSync(this.realPath, { force: true });
    else writePrivate(this.realPath, `${choice}\n`);
  }

  private get realPath(): string {
    return join(this.folder, "real");
  }

  /** Day on which a generated secret's present value was shown to a person; undefined where it was not. */
  shownAt(id: string, value: string): string | undefined {
    const shown = this.readShown()[id];
    return shown?.digest === digestOf(value) ? shown.at : undefined;
  }

  /** A generated secret was shown, whatever its value was then. */
  wasShown(id: string): boolean {
    return this.readShown()[id] !== undefined;
  }

  markShown(id: string, value: string): void {
    const at = new Date().toISOString().slice(0, 10);
    const shown = { ...this.readShown(), [id]: { digest: digestOf(value), at } };
    writePrivate(this.shownPath, `${JSON.stringify(shown, null, 2)}\n`);
  }

  private get shownPath(): string {
    return join(this.folder, "shown.json");
  }

  private readShown(): Shown {
    if (!existsSync(this.shownPath)) return {};
    const known = shownSchema.safeParse(parseJson(readFileSync(this.shownPath, "utf8")));
    if (known.success) return known.data;
    throw new InputError([
      {
        place: { file: this.shownPath },
        message: "is damaged; remove it: secrets can then be shown once again",
      },
    ]);
  }

  /**
   * Runs `work` while no other `up` or `down` of the stack runs. A lock whose process is gone is taken over.
   * @throws EnvironmentFault when another process holds the stack
   */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, "lock");
    const mine = `${path}.${process.pid}`;
    // Linked, the lock is there with its content in one step.
    writeFileSync(mine, `${process.pid}\n`, { mode: 0o600 });
    try {
      while (!links(mine, path)) {
        const holder = readHolder(path);
        if (Number.isInteger(holder) && holder > 0 && isRunning(holder)) {
          throw new EnvironmentFault(
            `process ${holder} is at work on the stack ${this.stack}`,
            "wait until it is done",
          );
        }
        takeAway(path, holder);
      }
    } finally {
      rmSync(mine, { force: true });
    }
    try {
      return await work();
    } finally {
      rmSync(path, { force: true });
    }
  }

  /**
   * The passphrase of the stack's secrets: PULUMI_CONFIG_PASSPHRASE, or the file PULUMI_CONFIG_PASSPHRASE_FILE names,
   * or one made once for development stacks and kept beside the state.
   * @throws InputError when a stack with real data has none
   */
  passphrase(environment: PlatformConfig["environment"]): string {
    const known = this.knownPassphrase(environment);
    if (known !== undefined) return known;
    if (environment === "development") {
      const made = randomBytes(24).toString("base64url");
      writePrivate(this.ownPassphrase, `${made}\n`);
      return made;
    }
    throw new InputError([
      {
        message: `the stack ${this.stack} holds secrets: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE`,
      },
    ]);
  }

  /**
   * The passphrase, without making one; undefined where there is none.
   * @throws InputError when the file that should hold it cannot be read
   */
  knownPassphrase(environment: PlatformConfig["environment"]): string | undefined {
    const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
    if (given !== undefined) return given;
    if (file !== undefined) {
      try {
        return readFileSync(file, "utf8").trim();
      } catch {
        throw new InputError([
          { message: `PULUMI_CONFIG_PASSPHRASE_FILE names ${file}, which cannot be read` },
        ]);
      }
    }
    if (environment !== "development" || !existsSync(this.ownPassphrase)) return undefined;
    return readFileSync(this.ownPassphrase, "utf8").trim();
  }

  private get ownPassphrase(): string {
    return join(this.home, "passphrase");
  }
}

/** False when the name is taken. */
function links(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/** Removes a stale lock; one that another process took meanwhile is put back. */
function takeAway(path: string, holder: number): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // given back, or taken away by another
  }
  if (Object.is(readHolder(aside), holder)) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

/** Process id in a lock; 0 when it was given back meanwhile or holds none. */
function readHolder(path: string): number {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
