import { z } from "zod";
import { generatorNames } from "../configure/names.ts";
import {
  absolutePath,
  dnsLabel,
  octalMode,
  port,
  protocol,
  reason,
  sentence,
  urlPath,
  variableName,
  variables,
} from "./fields.ts";
import { lifted } from "./privileges.ts";

export const categories = [
  "gateway",
  "streaming",
  "content",
  "downloads",
  "requests",
  "data",
  "monitoring",
  "portal",
  "operations",
  "medianest",
] as const;

export const segmentNames = [
  "dmz",
  "proxy",
  "media",
  "admin",
  "data",
  "downloads",
  "medianest-frontend",
  "medianest-backend",
] as const;

export const environmentNames = ["development", "staging", "production"] as const;

const image = z.strictObject({
  repository: z
    .string()
    .regex(
      /^[a-z0-9.-]+\.[a-z]{2,}(?::\d+)?\/[a-z0-9._/-]+$/,
      "name the registry too, as in docker.io/library/redis",
    ),
  tag: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, "not an image tag")
    .refine((tag) => tag !== "latest", "`latest` moves: name a version"),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, "a digest is sha256: and 64 hexadecimal digits")
    .optional()
    .describe(
      "Digest of the multi-architecture index. Without one the service cannot be in a stack with real images.",
    ),
});

const portRecord = z.strictObject({
  port,
  protocol: protocol.default("tcp"),
  purpose: sentence,
});

const route = z.strictObject({
  subdomain: z
    .union([dnsLabel, z.literal("@")])
    .describe("Label in front of the stack's domain; @ is the domain itself."),
  port: port.describe("One of this record's TCP ports."),
  access: z
    .enum(["public", "user", "admin"])
    .describe("public: no single sign-on. user, admin: Authelia groups."),
  reason: reason.optional().describe("Required when access is public."),
  bypass: z
    .array(z.strictObject({ path: urlPath, reason }))
    .default([])
    .describe("Path prefixes that native applications reach without single sign-on."),
});

const link = z.strictObject({
  provider: dnsLabel.optional().describe("The service this one calls."),
  anyOf: z
    .array(dnsLabel)
    .min(2)
    .optional()
    .describe("Interchangeable providers: links go to every enabled one; the first is the default."),
  port: port.optional().describe("The provider's port. Default with anyOf: its route's port."),
  protocol: protocol.default("tcp"),
  why: sentence,
  required: z
    .boolean()
    .describe("A required provider is pulled into the stack; an optional one is used when present."),
  ordered: z
    .boolean()
    .default(true)
    .describe(
      "false: this service does not wait for the provider. Needed where two services call each other.",
    ),
});

const volume = z.strictObject({
  name: dnsLabel,
  class: z
    .enum(["config", "database", "media", "cache", "transcode"])
    .describe("transcode is a tmpfs; the others live where the stack's config puts the class."),
  path: absolutePath,
  access: z.enum(["read", "write"]),
  shared: z
    .boolean()
    .default(false)
    .describe("One volume of this name for every service of the stack that names it."),
  size: z.int().min(1).optional().describe("MiB, for a transcode tmpfs. Default 1024."),
  copyImageContent: reason
    .optional()
    .describe(
      "Why a new volume starts as a copy of what the image holds at the path (it then keeps the image's owner).",
    ),
});

const file = z.strictObject({
  path: absolutePath,
  content: z.string().max(256 * 1024),
  mode: octalMode.default("0444"),
});

const account = z.strictObject({
  provider: dnsLabel.describe("Service that keeps the account: a database server this one is linked to."),
  user: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "lower-case letters, digits, - and _"),
  password: dnsLabel.describe("Secret of this record."),
  databases: z
    .array(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "lower-case letters, digits, - and _"))
    .default([])
    .describe("PostgreSQL: databases that are the user's own."),
  extensions: z.array(z.string()).default([]).describe("PostgreSQL: extensions in each of the databases."),
  grants: z.array(z.string()).default([]).describe("PostgreSQL: roles it is a member of, as pg_monitor."),
  keys: z
    .array(z.string())
    .default([])
    .describe("Redis: patterns of the keys it may use. Default: all of its own database."),
});

const secret = z
  .strictObject({
    name: dnsLabel,
    generate: z.enum(["password", "hex", "base64", "uuid"]).optional().describe("Born with the stack."),
    length: z
      .int()
      .min(8)
      .max(256)
      .optional()
      .describe("Characters (password) or bytes (hex, base64). Default 32."),
    config: z
      .string()
      .regex(/^[a-z][A-Za-z0-9]*$/, "use camelCase")
      .optional()
      .describe("Key under ums:secrets in the stack's config, set with `pulumi config set --secret`."),
    from: z
      .string()
      .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, "write service/secret")
      .optional()
      .describe("A secret of a service this one is linked to, as service/secret."),
    template: z.string().optional().describe("Text with ${secret:name} or ${secret:service/name} in it."),
    optional: z
      .boolean()
      .default(false)
      .describe("An unset config key leaves the secret out; so does one in what from or template names."),
    file: absolutePath
      .optional()
      .describe("Path inside the container, mode 0400, owned by the service's user."),
    variable: variableName
      .optional()
      .describe("With file: gets the file's path. Without: gets the value itself, which needs a reason."),
    reason: reason.optional().describe("Why the value goes into a variable and not a file."),
  })
  .superRefine((value, context) => {
    const sources = (["generate", "config", "from", "template"] as const).filter(
      (key) => value[key] !== undefined,
    );
    if (sources.length !== 1) {
      context.addIssue({
        code: "custom",
        message: "say exactly one of generate, config, from, template",
        input: value,
      });
    }
    if (value.variable !== undefined && value.file === undefined && value.reason === undefined) {
      context.addIssue({
        code: "custom",
        path: ["variable"],
        message:
          "a secret in a variable needs a reason; a file (with the variable naming its path) needs none",
        input: value.variable,
      });
    }
  });

const publish = z.strictObject({
  port: port.describe("Container port."),
  host: port.describe("Host port before the stack's offset."),
  protocol: protocol.default("tcp"),
  reason,
});

const health = z.strictObject({
  http: z.strictObject({ port, path: z.string().startsWith("/") }).optional(),
  tcp: z.strictObject({ port }).optional(),
  command: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .describe("Probe in Docker's exec form, a program the image has; null when it has none, with a reason."),
  reason: reason.optional(),
  startPeriod: z.int().min(0).max(600).default(30).describe("Seconds in which failures do not count."),
  retries: z.int().min(1).max(20).default(5),
});

export const recordSchema = z.strictObject({
  name: dnsLabel,
  number: z
    .int()
    .min(0)
    .max(127)
    .describe("Permanent and unique: addresses are computed from it. 0-99 are the project's, 100-127 yours."),
  title: z.string().trim().min(2).max(60),
  category: z.enum(categories),
  description: sentence,
  icon: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe("Name in the dashboard-icons collection."),
  image,
  segment: z.enum(segmentNames).describe("Home segment: where the service has its address."),
  alsoIn: z.array(z.enum(segmentNames)).default([]).describe("Further segments."),
  through: dnsLabel
    .optional()
    .describe("Service whose network namespace this one lives in; it then has no network of its own."),
  roles: z
    .array(z.enum(["gateway", "sso", "vpn", "metrics", "socket-proxy"]))
    .default([])
    .describe("What the rest of the platform uses this service as."),
  ports: z.array(portRecord).default([]),
  publish: z
    .array(publish)
    .default([])
    .describe("Ports on the host. The gateway's, and declared exceptions."),
  route: route.optional(),
  links: z.array(link).default([]),
  egress: z.strictObject({ reason }).optional().describe("A way out of the host. Absent: none."),
  volumes: z.array(volume).default([]),
  tmpfs: z
    .array(
      z.strictObject({
        path: absolutePath,
        size: z.int().min(1).default(64).describe("MiB."),
      }),
    )
    .default([]),
  files: z.array(file).default([]),
  configure: z
    .enum(generatorNames)
    .optional()
    .describe("Generator that writes its configuration from everything the stack knows."),
  accounts: z
    .array(account)
    .default([])
    .describe("Accounts it has with services it is linked to, made there with the password of a secret."),
  environment: variables.default({}),
  environments: z
    .partialRecord(z.enum(["all", ...environmentNames]), variables)
    .default({})
    .describe("Overrides per environment; `all` comes before the named one."),
  secrets: z.array(secret).default([]),
  user: z.strictObject({
    uid: z.int().min(0).max(65535),
    gid: z.int().min(0).max(65535),
    groups: z.array(z.int().min(0)).default([]).describe("Supplementary group ids."),
    drops: z
      .strictObject({ uid: z.int().min(1), gid: z.int().min(1) })
      .optional()
      .describe("For an image that starts as root: the ids its process ends up with, which own the volumes."),
  }),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  init: z.boolean().default(false).describe("Run a small init as process 1."),
  lifted: z.array(lifted).default([]),
  gpu: z
    .strictObject({
      purpose: sentence,
      vendors: z.array(z.enum(["nvidia", "intel", "amd"])).min(1),
      fallback: z.enum(["software", "none"]).describe("none: the service cannot run without a GPU."),
    })
    .optional(),
  health,
  limits: z.strictObject({
    memory: z.int().min(16).max(1048576).describe("MiB; swap is off."),
    cpus: z.number().min(0.05).max(256),
  }),
  stop: z
    .strictObject({
      grace: z.int().min(1).max(600).default(10).describe("Seconds between the signal and the kill."),
      signal: z
        .string()
        .regex(/^SIG[A-Z0-9]+$/)
        .optional(),
    })
    .default({ grace: 10 }),
  metrics: z
    .strictObject({ port, path: z.string().startsWith("/").default("/metrics") })
    .optional()
    .describe("Prometheus endpoint of this service itself."),
  backup: z
    .enum(["database-hourly", "config-daily", "media-weekly", "none"])
    .describe("What of it is backed up, and how often."),
  lifecycle: z
    .strictObject({
      status: z.enum(["active", "retired"]),
      successor: dnsLabel.optional(),
      note: sentence.optional(),
    })
    .default({ status: "active" }),
  exceptions: z
    .array(
      z.strictObject({
        policy: dnsLabel.describe("Name of the policy, as policies/README.md lists it."),
        reason: sentence.optional().describe("Without one the exception is itself a violation."),
        until: z.iso.date("write the last day as 2027-06-30").optional().describe("Last day it holds."),
      }),
    )
    .default([])
    .describe("Policies this service is excepted from."),
  conflicts: z.array(z.strictObject({ service: dnsLabel, reason })).default([]),
  source: z.array(z.string()).default([]).describe("Where the facts were read."),
});

/** A service record as the rest of the program sees it: every default filled in. */
export type ServiceRecord = z.output<typeof recordSchema>;
export type Lifted = ServiceRecord["lifted"][number];
export type LinkRecord = ServiceRecord["links"][number];
export type VolumeRecord = ServiceRecord["volumes"][number];
export type SecretRecord = ServiceRecord["secrets"][number];
export type SegmentName = (typeof segmentNames)[number];
export type EnvironmentName = (typeof environmentNames)[number];
export type Protocol = z.output<typeof protocol>;
