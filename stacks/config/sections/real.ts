import { z } from "zod";

/** Services of a rehearsal that run as what they are. */
export const realSection = z
  .union([z.literal("all"), z.array(z.string().regex(/^[a-z][a-z0-9-]*$/, "not a service name"))])
  .default([])
  .describe(
    "Services of a rehearsal that run as real programs, built on this host from Debian packages and Go modules instead of a stand-in; all: every one that can be built here.",
  );
export type RealChoice = z.output<typeof realSection>;

/** True where the config wants a service to run as what it is: with real images, and where a rehearsal names it. */
export function isWantedReal(
  settings: { images: "real" | "rehearsal"; real: RealChoice },
  service: string,
): boolean {
  return settings.images === "real" || settings.real === "all" || settings.real.includes(service);
}
