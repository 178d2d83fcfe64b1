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
import { metrics, publicAddress, rule } from "./monitoring.ts";
import { panel } from "./panels.ts";
import { lifted } from "./privileges.ts";
import { widgetTypes } from "./widgetTypes.ts";

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

export const rateLimit = z.strictObject({
  average: z.int().min(1).describe("Requests a second that one client may make in the long run."),
  burst: z.int().min(1).describe("Requests that one client may make at once."),
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
    .array(
      z.strictObject({
        path: urlPath.describe("With everything below it: /api is /api and /api/x, but not /apidocs."),
        exact: z.boolean().default(false).describe("true: this path alone, nothing below it."),
        reason,
      }),
    )
    .default([])
    .describe("Paths that native applications reach without single sign-on."),
  rateLimit: rateLimit.optional().describe("Default: gateway.rateLimit of the stack's config."),
  maxBody: z
    .union([z.int().min(1).max(1024), z.literal("unlimited")])
    .optional()
    .describe(
      "MiB that a request may carry; unlimited where whole files are uploaded, which are then passed on as they come. Default: gateway.maxBody of the stack's config.",
    ),
});

const balance = z
  .strictObject({
    sticky: z
      .boolean()
      .describe(
        "true: a browser stays with the copy that answered it first, for what keeps sessions in memory. false: round-robin.",
      ),
    reason: reason.describe("Why several copies may run at once, and what a session hangs on."),
  })
  .describe(
    "Requests of its route may be shared between copies: through the load balancer (role balancer) where the stack has one, else by the gateway. Further copies name it in replicaOf.",
  );

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

const belowVolume = z
  .string()
  .regex(
    /^(?!\.{1,2}(?:\/|$))[^\0\s:/]+(?:\/(?!\.{1,2}(?:\/|$))[^\0\s:/]+)*$/,
    "use a path below the volume, as in media/tv",
  );

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
  folders: z
    .array(belowVolume)
    .default([])
    .describe("Folders that are there, and the service's own, before it starts."),
  leaveOut: z
    .array(belowVolume)
    .default([])
    .describe(
      "What a backup leaves out because it is written while it is read, and the service does without it after a restore.",
    ),
  copy: z
    .enum(["files", "stopped", "server", "none"])
    .optional()
    .describe(
      "How a copy for the backup is made. files: as they are while the service runs, SQLite databases among them by their online backup. stopped: only while the service is stopped, by `ums backup`. server: the service itself writes the copy here when it is asked. none: not at all. Default: files for config, database and, where the record's backup is media-weekly, media; none for what is shared, cache and transcode.",
    ),
  copyImageContent: reason
    .optional()
    .describe(
      "Why a new volume starts as a copy of what the image holds at the path (it then keeps the image's owner).",
    ),
});

const file = z.strictObject({
  path: absolutePath,
  content: z
    .string()
    .min(1, "write something, a comment at least: no empty file can be delivered")
    .max(256 * 1024),
  mode: octalMode.default("0444"),
});

const redisPattern = z.string().regex(/^[^\s~&%]+$/, "use a pattern without spaces and ~, & or %");

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
  connections: z
    .int()
    .min(1)
    .max(500)
    .default(20)
    .describe(
      "PostgreSQL: most connections it may hold at once. The server has room for those of all accounts.",
    ),
  keys: z
    .array(redisPattern)
    .default([])
    .describe("Redis: patterns of the keys it may use, as `immich_bull:*`; `*` is everyone's."),
  channels: z.array(redisPattern).default([]).describe("Redis: patterns of the channels it may use."),
  commands: z
    .array(
      z
        .string()
        .regex(/^[+-]@?[a-z0-9_.|-]+$/, "write a rule as Redis does: +info, -@dangerous, +config|get"),
    )
    .default([])
    .describe("Redis: rules after `+@all -@admin -@dangerous`, which every account begins with."),
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
    strong: z
      .boolean()
      .default(false)
      .describe(
        "With config: a password that people type at a sign-in. One that is easily guessed is refused.",
      ),
    fixed: reason
      .optional()
      .describe("Why the value must never change, as that of a key that data is encrypted with."),
    previousFile: z
      .strictObject({
        path: absolutePath,
        reason,
      })
      .optional()
      .describe(
        "Where the version before is once the secret was rotated: for a service that changes at its start what is encrypted with that one, as after the restore of an older backup.",
      ),
    renamed: z
      .strictObject({
        reason,
        retire: z
          .array(z.string().min(1))
          .min(1)
          .describe(
            "Command that removes a version from the running service; ${SUFFIX} is what its file's name ends with.",
          ),
      })
      .optional()
      .describe(
        "The file's name ends with _v2 and so on from the second version on, for a service that keeps the first value it has seen under a name.",
      ),
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
    if (value.strong && value.config === undefined) {
      context.addIssue({
        code: "custom",
        path: ["strong"],
        message: "only a secret that people set can be too weak: say config, or leave strong out",
        input: value.strong,
      });
    }
    if (value.fixed !== undefined && value.generate === undefined && value.config === undefined) {
      context.addIssue({
        code: "custom",
        path: ["fixed"],
        message: "say it of the secret that this one is made of",
        input: value.fixed,
      });
    }
    if (value.previousFile !== undefined && (value.generate === undefined || value.file === undefined)) {
      context.addIssue({
        code: "custom",
        path: ["previousFile"],
        message: "only a generated secret in a file has the version before beside it",
        input: value.previousFile,
      });
    }
    if (value.previousFile !== undefined && (value.fixed !== undefined || value.renamed !== undefined)) {
      context.addIssue({
        code: "custom",
        path: ["previousFile"],
        message: "say one of previousFile, fixed, renamed",
        input: value.previousFile,
      });
    }
    if (value.renamed !== undefined && (value.generate === undefined || value.file === undefined)) {
      context.addIssue({
        code: "custom",
        path: ["renamed"],
        message: "only a generated secret in a file has another name with each version",
        input: value.renamed,
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

const oidc = z
  .strictObject({
    redirects: z
      .array(urlPath)
      .min(1)
      .describe("Paths of its own address to which the sign-in sends the browser back."),
    scopes: z
      .array(z.enum(["openid", "profile", "email", "groups", "offline_access"]))
      .default(["openid", "profile", "email", "groups"]),
    secret: dnsLabel.describe("Secret of this record that it proves itself with."),
    authentication: z
      .enum(["client_secret_basic", "client_secret_post"])
      .default("client_secret_basic")
      .describe("How it sends the secret to the token endpoint."),
    environment: variables
      .default({})
      .describe(
        "Variables that switch it on. They may use ${OIDC_ISSUER}, ${OIDC_AUTHORIZATION_URL}, ${OIDC_TOKEN_URL}, ${OIDC_USERINFO_URL} and ${OIDC_CLIENT_ID}.",
      ),
  })
  .describe(
    "Signs its users in by OpenID Connect. It reaches the sign-in through the gateway, under the public address; where a stack has no sign-in, none of this is set.",
  );

const crowdsec = z
  .strictObject({
    type: z
      .string()
      .regex(/^[a-z0-9_-]+$/)
      .describe("Label `type` of its log lines, by which CrowdSec chooses their parser."),
    collections: z
      .array(
        z.string().regex(/^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/, "write author/name, as CrowdSec's hub does"),
      )
      .min(1)
      .describe("Collections of CrowdSec's hub that read them."),
  })
  .describe("CrowdSec reads its log, and bans addresses for what it finds there.");

const widgetOption = z
  .string()
  .regex(
    /^(?!(?:type|url|fields)$)[a-z][A-Za-z0-9]*$/,
    "use the option's name in Homepage; type, url and fields are said otherwise",
  );

const widget = z
  .strictObject({
    type: z.enum(widgetTypes).describe("Homepage's name for the application."),
    port: port.optional().describe("Its TCP port that answers. Default: the route's."),
    secrets: z
      .record(widgetOption, dnsLabel)
      .default({})
      .describe("Options that are secrets of this record, such as `key`."),
    options: z
      .record(widgetOption, z.unknown())
      .default({})
      .describe("Further ones, as Homepage's documentation of the widget has them."),
    fields: z.array(z.string().min(1)).min(1).max(4).optional().describe("Numbers to show. Default: all."),
  })
  .describe(
    "Numbers on its tile in the portal, which calls its API for them. Everyone who may open the portal sees them.",
  );

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
    .array(
      z.enum([
        "gateway",
        "sso",
        "vpn",
        "metrics",
        "socket-proxy",
        "portal",
        "balancer",
        "tunnel",
        "backup",
        "copier",
      ]),
    )
    .default([])
    .describe("What the rest of the platform uses this service as."),
  ports: z.array(portRecord).default([]),
  publish: z
    .array(publish)
    .default([])
    .describe("Ports on the host. The gateway's, and declared exceptions."),
  route: route.optional(),
  balance: balance.optional(),
  replicaOf: dnsLabel
    .optional()
    .describe("Service that this one is a further copy of: the same application over the same data."),
  oidc: oidc.optional(),
  crowdsec: crowdsec.optional(),
  widget: widget.optional(),
  links: z.array(link).default([]),
  egress: z
    .strictObject({
      reason,
      for: z.enum(["mail"]).optional().describe("Only in stacks whose config has this section."),
    })
    .optional()
    .describe("A way out of the host. Absent: none."),
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
  metrics: metrics.optional(),
  measures: dnsLabel
    .optional()
    .describe(
      "Service whose metrics this one offers: it comes into every stack that has that service and a collector (role metrics). services.exclude of the stack's config leaves it out.",
    ),
  publicAddress: publicAddress.optional(),
  rules: z
    .array(rule)
    .default([])
    .describe("Recording and alerting rules for Prometheus, used when this service is in the stack."),
  panels: z
    .array(panel)
    .default([])
    .describe("Panels on the platform's dashboards, shown when this service is in the stack."),
  backup: z
    .enum(["database-hourly", "config-daily", "media-weekly", "none"])
    .describe("What of it is backed up, and how often."),
  drill: z
    .strictObject({ start: z.literal(false), reason })
    .optional()
    .describe(
      "For a service that cannot become healthy without the internet: a restore drill, which has no way out, reads its backup and does not start it.",
    ),
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
