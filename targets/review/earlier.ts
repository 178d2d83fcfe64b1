import { readFileSync } from "node:fs";
import { z } from "zod";
import { InputError } from "../../stacks/errors.ts";
import type { Snapshot } from "../plan.ts";

/** What of `ums plan --json` a later plan is compared with. */
const earlierPlan = z.object({
  stack: z.string(),
  snapshot: z.object({
    version: z.literal(1),
    engine: z.enum(["pulumi", "compose"]),
    resources: z.array(
      z.object({ type: z.string(), name: z.string(), inputs: z.record(z.string(), z.unknown()) }),
    ),
  }),
});

/**
 * The resources of a plan that `ums plan --json` wrote into a file.
 * @throws InputError when the file cannot be read, holds no such plan, or one of another stack
 */
export function readEarlierPlan(file: string, stack: string): Snapshot {
  const fail = (message: string) => new InputError([{ place: { file }, message }]);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fail(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw fail("is not JSON; write it with: ums plan --json");
  }
  const { success, data } = earlierPlan.safeParse(raw);
  if (!success) throw fail("is no plan to compare with; write it with: ums plan --json");
  if (data.stack !== stack) throw fail(`is a plan of the stack ${data.stack}, not of ${stack}`);
  return data.snapshot;
}
