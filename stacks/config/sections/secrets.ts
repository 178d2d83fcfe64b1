import { z } from "zod";

/** Classes of secrets, each with a schedule: by what a secret opens and who has it. */
export const secretClasses = ["database", "key", "internal", "password", "token", "salt"] as const;
export type SecretClass = (typeof secretClasses)[number];

const schedule = z.union([z.int().min(1).max(3650), z.literal("never")]);

/** Days after which a secret is due for another value. */
export const rotationSection = z
  .strictObject({
    database: schedule.default(90).describe("Passwords of accounts at database servers."),
    key: schedule
      .default(180)
      .describe("Generated ones that another service has, too: API keys and the like."),
    internal: schedule.default(365).describe("Generated ones that their own service alone has."),
    // NIST SP 800-63B, 3.1.1.2: no periodic change of memorised secrets.
    password: schedule.default("never").describe("Passwords that people type."),
    token: schedule.default("never").describe("What was issued elsewhere and set under ums:secrets."),
    salt: schedule.default("never").describe("Salts of hashes, which open nothing."),
  })
  .prefault({})
  .describe("Days after which a secret of a class is due for another value, or never.");
export type RotationConfig = z.output<typeof rotationSection>;

const version = z.int().min(1).max(100_000);

/** Versions of secrets that were rotated, written by `ums secrets rotate`. */
export const secretVersionsSection = z
  .record(
    z
      .string()
      .regex(/^([a-z0-9-]+\/[a-z0-9-]+|[a-z][A-Za-z0-9]*)$/, "write service/secret or a key of ums:secrets"),
    z
      .strictObject({
        version,
        since: z
          .string()
          // Pulumi reads a date without quotes as a time, and hands it on as Go writes one.
          .transform((text) => text.replace(/[T ]00:00:00(Z| \+0000 UTC)$/, ""))
          .pipe(z.iso.date("write a day as 2027-06-30"))
          .optional()
          .describe("Day it was made."),
        previous: version
          .optional()
          .describe(
            "Version that is kept until the new one is in use everywhere; where data is encrypted with it, until the next rotation.",
          ),
      })
      .refine((entry) => entry.previous !== entry.version, {
        message: "the previous version is another one",
        path: ["previous"],
      }),
  )
  .default({})
  .describe("Version of each secret that has another than the first.");
export type SecretVersions = z.output<typeof secretVersionsSection>;
export type SecretVersion = SecretVersions[string];
