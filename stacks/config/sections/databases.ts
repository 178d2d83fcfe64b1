import { z } from "zod";

/** `databases` of ums:platform. */
export const databasesSection = z
  .strictObject({
    archiveHours: z
      .int()
      .min(1)
      .max(8760)
      .default(48)
      .describe(
        "Hours of PostgreSQL's write-ahead log that are kept for going back to a point in time: more than lie between two base backups.",
      ),
    baseBackupHours: z
      .int()
      .min(1)
      .max(8760)
      .default(24)
      .describe("Age at which a base backup is replaced, with which the kept log leads back to any moment."),
  })
  .refine(({ archiveHours, baseBackupHours }) => baseBackupHours < archiveHours, {
    message: "keep the log longer (archiveHours) than a base backup gets old",
    path: ["baseBackupHours"],
  })
  .prefault({});
