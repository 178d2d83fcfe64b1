import { z } from "zod";

/** Services of a rehearsal that run as what they are. */
export const realSection = z
  .union([z.literal("all"), z.array(z.string().regex(/^[a-z][a-z0-9-]*$/, "not a service name"))])
  .default([])
  .describe(
    "Services of a rehearsal that run as real programs, built on this host from Debian packages and Go modules instead of a stand-in; all: every one that can be built here.",
  );
export type RealChoice = z.output<typeof realSection>;
