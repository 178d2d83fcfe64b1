import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../../stacks/errors.ts";
import { writePrivate } from "../../targets/files.ts";

const updateSchema = z.strictObject({
  service: z.string(),
  from: z.string(),
  to: z.string(),
  /** Time at which the command began: services of one command share it. */
  at: z.iso.datetime(),
  state: z.enum(["under way", "done", "undoing", "undone"]),
  /** The new image came from an override in the stack's config, and not from the record. */
  overridden: z.boolean(),
});

/** The last update of a service, and how far it is. */
export type Update = z.output<typeof updateSchema>;

const historySchema = z.strictObject({ version: z.literal(1), updates: z.array(updateSchema) });

/**
 * The last update of every service of a stack. It is written before each step, so that a run that was killed is gone on
 * with, and it keeps the image that a rollback goes back to.
 */
export class UpdateHistory {
  private readonly path: string;
  private readonly updates: Map<string, Update>;

  /** @throws InputError when the file is damaged */
  constructor(folder: string) {
    this.path = join(folder, "updates.json");
    this.updates = new Map(this.read().map((update) => [update.service, update]));
  }

  get(service: string): Update | undefined {
    return this.updates.get(service);
  }

  /** Sorted by service. */
  in(...states: Update["state"][]): Update[] {
    return [...this.updates.values()]
      .filter(({ state }) => states.includes(state))
      .sort((a, b) => (a.service < b.service ? -1 : 1));
  }

  put(update: Update): void {
    this.updates.set(update.service, update);
    this.write();
  }

  remove(service: string): void {
    this.updates.delete(service);
    this.write();
  }

  private read(): Update[] {
    if (!existsSync(this.path)) return [];
    try {
      return historySchema.parse(JSON.parse(readFileSync(this.path, "utf8"))).updates;
    } catch {
      throw new InputError([
        {
          place: { file: this.path },
          message: "is damaged; remove it: what was updated before can then not be rolled back by a command",
        },
      ]);
    }
  }

  private write(): void {
    const history = { version: 1, updates: this.in("under way", "done", "undoing", "undone") };
    writePrivate(this.path, `${JSON.stringify(history, null, 2)}\n`);
  }
}
