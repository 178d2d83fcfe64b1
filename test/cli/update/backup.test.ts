import { describe, expect, it } from "vitest";
import { Interrupted } from "../../../cli/output/exit.ts";
import { type BackupSteps, backUpFirst } from "../../../cli/update/backup.ts";
import { EnvironmentFault, InputError } from "../../../stacks/errors.ts";
import { resolvePlatform } from "../../../stacks/resolve/index.ts";
import { catalog } from "../../fixtures/records.ts";
import { environments, stackConfig } from "../../fixtures/stackConfigs.ts";

const records = catalog({
  shelf: { backup: "config-daily" },
  scratch: { backup: "none" },
  keeper: { roles: ["backup"], backup: "none" },
});
const platformOf = (...include: string[]) =>
  resolvePlatform(records, stackConfig({ services: { include } }), environments());
const options = { stack: "test" };

/** Steps that note what was asked of them. */
function noted(answers: { running?: string[]; succeeds?: boolean; agrees?: boolean } = {}) {
  const done: string[] = [];
  const steps: BackupSteps = {
    running: async () => answers.running ?? [],
    backUp: async (services) => {
      done.push(`backup ${services.join(" ")}`);
      return answers.succeeds ?? true;
    },
    goOn:
      answers.agrees === undefined
        ? undefined
        : async (question) => {
            done.push(question);
            return answers.agrees === true;
          },
    say: (line) => done.push(line),
  };
  return { done, steps };
}

const kept = ["shelf", "scratch"];

describe("the backup before an update", () => {
  it("is taken by the stack's backup service, of what its records say is backed up", async () => {
    const { done, steps } = noted({ running: ["keeper", "shelf"] });
    await backUpFirst(platformOf("shelf", "scratch", "keeper"), kept, options, steps);
    expect(done).toEqual(["backing up shelf first", "backup shelf"]);
  });

  it("stops the update when it fails", async () => {
    const { steps } = noted({ running: ["keeper"], succeeds: false });
    const backup = backUpFirst(platformOf("shelf", "keeper"), kept, options, steps);
    await expect(backup).rejects.toThrow(EnvironmentFault);
    await expect(backup).rejects.toThrow("the backup failed, so nothing was changed");
  });

  it.each([
    ["there is no such service", ["shelf"], "the stack test has no backup service"],
    ["it does not run", ["shelf", "keeper"], "the backup service keeper does not run"],
  ])("is asked about where %s", async (_, include, why) => {
    const yes = noted({ agrees: true });
    await backUpFirst(platformOf(...include), kept, options, yes.steps);
    expect(yes.done).toEqual([`${why}, so the data of shelf would not be backed up first. Go on without?`]);
    const no = noted({ agrees: false });
    await expect(backUpFirst(platformOf(...include), kept, options, no.steps)).rejects.toThrow(Interrupted);
    const nobody = backUpFirst(platformOf(...include), kept, options, noted().steps);
    await expect(nobody).rejects.toThrow(InputError);
    await expect(nobody).rejects.toThrow(
      `${why}, so the data of shelf would not be backed up first; --no-backup`,
    );
  });

  it("is left out on demand, which is said, and where there is nothing to back up", async () => {
    const { done, steps } = noted({ running: ["keeper"] });
    await backUpFirst(platformOf("shelf", "keeper"), kept, { ...options, backup: false }, steps);
    expect(done).toEqual(["no backup is taken first (--no-backup)"]);
    await backUpFirst(platformOf("scratch", "keeper"), ["scratch"], options, steps);
    expect(done).toHaveLength(1);
  });
});
