import type { ExportedVariable } from "./exported.ts";

/** Says in one line which variable is left out, and of which secrets it is made. */
export function leftOut({ name, secrets }: Pick<ExportedVariable, "name" | "secrets">): string {
  return `${name} is left out: ${secrets.join(", ")}`;
}
