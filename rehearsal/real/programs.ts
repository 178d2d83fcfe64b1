import type { RealProgram } from "./program.ts";
import { dataPrograms } from "./programs/data.ts";
import { downloadPrograms } from "./programs/downloads.ts";
import { gatewayPrograms } from "./programs/gateway.ts";
import { monitoringPrograms } from "./programs/monitoring.ts";
import { operationsPrograms } from "./programs/operations.ts";

/** Every program that can be had for real without an image registry, sorted by name. */
export const realPrograms: readonly RealProgram[] = [
  ...dataPrograms,
  ...downloadPrograms,
  ...gatewayPrograms,
  ...monitoringPrograms,
  ...operationsPrograms,
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** @throws Error when there is none of that name: a mistake in the caller */
export function realProgram(name: string): RealProgram {
  const program = realPrograms.find((candidate) => candidate.name === name);
  if (!program)
    throw new Error(`no real program "${name}": ${realPrograms.map((one) => one.name).join(", ")}`);
  return program;
}

/** The program that takes the place of an upstream image, named without its tag. */
export function programFor(repository: string): RealProgram | undefined {
  return realPrograms.find(({ image }) => image === repository);
}
