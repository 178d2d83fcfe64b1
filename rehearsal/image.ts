import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Source of the stand-in, relative to the project. */
export const standinSource = "rehearsal/standin.c";

/** What the stand-in's image is called, whatever source it was made from. */
export const standinRepository = "ums-standin";

/** The stand-in's image: its tag is made from the source, so a changed source is a changed image everywhere. */
export function standinImage(root: string): string {
  const hash = createHash("sha256")
    .update(readFileSync(join(root, standinSource)))
    .digest("hex");
  return `${standinRepository}:${hash.slice(0, 12)}`;
}
