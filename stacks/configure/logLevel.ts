import type { ConfigureContext } from "./context.ts";

/** Levels of the template variable LOG_LEVEL. */
const levels = ["debug", "info", "warning", "error"] as const;

/** LOG_LEVEL in a program's own words; `info` where a stack's environments say nothing of it. */
export function logLevel(
  { variables }: ConfigureContext,
  words: Readonly<Record<(typeof levels)[number], string>>,
): string {
  return words[levels.find((level) => level === variables.LOG_LEVEL) ?? "info"];
}

/** True where the template variable ENABLE_PROFILING is. */
export function profiles({ variables }: ConfigureContext): boolean {
  return variables.ENABLE_PROFILING === "true";
}
