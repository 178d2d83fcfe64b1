import { z } from "zod";
import { absolutePath, dnsLabel } from "../../catalog/fields.ts";

const secretKey = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]*$/, "name a key of ums:secrets, in camelCase; the value itself goes there");
const name = dnsLabel.describe("Names it in messages and metrics. A new name is a new repository.");
const path = z
  .string()
  .regex(/^[A-Za-z0-9._~/-]+$/, "use letters, digits and . _ ~ / - for the path")
  .describe("Folder of the repository.");
const hostName = z.string().regex(/^[A-Za-z0-9.-]+$/, "not a host name or address");

const repository = z.discriminatedUnion("kind", [
  z
    .strictObject({
      name,
      kind: z.literal("local"),
      folder: absolutePath
        .optional()
        .describe("Folder of the host, such as another disk. Default: the backup service's own volume."),
    })
    .describe("On this host."),
  z
    .strictObject({
      name,
      kind: z.literal("sftp"),
      host: hostName,
      port: z.int().min(1).max(65535).default(22),
      user: z.string().regex(/^[A-Za-z0-9._-]+$/, "not a user name"),
      path: path
        .regex(
          /^(?!~)/,
          "leave out the ~: a path that does not begin with / is one in the user's home folder",
        )
        .describe("Folder of the repository: in the user's home folder, unless it begins with /."),
      hostKey: z
        .string()
        .regex(/^(?:ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]+$/, "write type and key, as ssh-keyscan prints them")
        .describe("The server's public key: no other server is believed."),
      key: secretKey.default("backupSftpKey").describe("Key of ums:secrets with the private key."),
    })
    .describe("Any server with SSH."),
  z
    .strictObject({
      name,
      kind: z.literal("s3"),
      endpoint: z
        .string()
        .regex(/^https?:\/\/[A-Za-z0-9.:-]+$/, "write an address as https://s3.example.com")
        .describe("Amazon's, or that of what speaks its protocol."),
      bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "not the name of a bucket"),
      path: path.optional(),
      region: z
        .string()
        .regex(/^[a-z0-9-]+$/, "not a region")
        .optional(),
      keyId: z.string().regex(/^[A-Za-z0-9/+=_-]+$/, "not an access key's id"),
      key: secretKey.default("backupS3Key").describe("Key of ums:secrets with the secret access key."),
    })
    .describe("Object storage with Amazon's S3 protocol."),
]);
export type Repository = z.output<typeof repository>;

const span = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, "write a time as 30m, 1h or 7d")
  .describe("Time between two backups.");
const units = { m: 60, h: 3600, d: 86_400 } as const;

/** A span such as 1h in seconds. */
export function secondsOf(text: string): number {
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units];
}

const time = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'write a time of day in quotes, as in "02:30"')
  .describe("Time of day, in the stack's time zone. Without one they are made whenever the time is over.");
const count = z.int().min(0).max(10_000).optional();
const keep = z
  .strictObject({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count })
  .refine((counts) => Object.values(counts).some((value) => value !== undefined && value > 0), {
    message: "keep at least one backup: daily: 7, say",
  })
  .describe("Backups that are kept: of each of so many hours, days, weeks, months and years the last one.");

function backupClass(what: string, every: string, at: string | undefined, kept: z.input<typeof keep>) {
  return z
    .strictObject({
      every: span.default(every),
      at: at === undefined ? time.optional() : time.default(at),
      keep: keep.default(kept),
    })
    .refine(({ every, at }) => at === undefined || secondsOf(every) >= 86_400, {
      message: "a time of day is for what is made once a day or less often: leave out at, or say every: 1d",
      path: ["every"],
    })
    .prefault({})
    .describe(what);
}

/** Where backups go, how often they are made and how long they are kept. */
export const backupSection = z
  .strictObject({
    repositories: z
      .array(repository)
      .min(1, "name a repository: without one nothing is backed up; or exclude the service backup")
      .default([{ name: "local", kind: "local" }])
      .describe("Every backup goes to each of them, so that the loss of one leaves the others whole.")
      .superRefine((repositories, context) => {
        for (const [index, one] of repositories.entries()) {
          const first = repositories.findIndex((other) => other.name === one.name);
          if (first === index) continue;
          context.addIssue({
            code: "custom",
            path: [index, "name"],
            message: `the repository "${one.name}" is named twice, first as backup.repositories[${first}]`,
            input: one.name,
          });
        }
      }),
    classes: z
      .strictObject({
        "database-hourly": backupClass("Databases.", "1h", undefined, {
          hourly: 48,
          daily: 14,
          weekly: 8,
          monthly: 6,
        }),
        "config-daily": backupClass("Configurations and metadata.", "1d", "02:30", {
          daily: 14,
          weekly: 8,
          monthly: 12,
        }),
        "media-weekly": backupClass("Media that cannot be had again.", "7d", "04:00", {
          weekly: 8,
          monthly: 12,
        }),
      })
      .prefault({}),
    patience: z
      .int()
      .min(1)
      .max(1440)
      .default(60)
      .describe("Minutes that a database may take for the copy it is asked for."),
  })
  .prefault({});
export type BackupSettings = z.output<typeof backupSection>;
