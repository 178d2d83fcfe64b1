import { z } from "zod";

/** How long the containers' logs are kept. */
export const logsSection = z
  .strictObject({
    retentionDays: z.int().min(1).max(3650).default(31).describe("Days after which a line is deleted."),
  })
  .default({ retentionDays: 31 });
