import type Docker from "dockerode";
import { buildStandinImage, hasStandinImage } from "../../rehearsal/build.ts";
import { buildRealImage, whyNotReal } from "../../rehearsal/real/build.ts";
import { realProgram } from "../../rehearsal/real/programs.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";

/**
 * Builds the images of a rehearsal that are not on the host yet: the stand-in, and the real programs.
 * @throws EnvironmentFault naming every program that cannot be built on this machine, before the first is built
 */
export async function buildRehearsal(
  root: string,
  { rehearsal }: Platform,
  progress: (message: string) => void,
  docker: Docker,
): Promise<void> {
  if (!rehearsal) return;
  if (!(await hasStandinImage(root, docker))) progress("building the stand-in image");
  await buildStandinImage(root, docker);
  const programs = rehearsal.real.map((one) => ({ ...one, program: realProgram(one.program) }));
  const lacking: string[] = [];
  for (const { program, services: users } of programs) {
    const why = await whyNotReal(root, program, docker);
    if (why !== undefined) lacking.push(`${users.join(", ")} cannot run for real here: ${why}`);
  }
  if (lacking.length > 0) {
    throw new EnvironmentFault(lacking.join("\n"), "leave them out of --real, or install what is missing");
  }
  for (const { program } of programs) await buildRealImage(root, program, progress, docker);
}
