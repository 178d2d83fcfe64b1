import { z } from "zod";
import { variableName, variables } from "../catalog/fields.ts";
import { environmentNames } from "../catalog/record.ts";
import { parseCidr } from "../cidr.ts";
import { accessSection } from "./sections/access.ts";
import { alertsSection } from "./sections/alerts.ts";
import { backupSection } from "./sections/backup.ts";
import { databasesSection } from "./sections/databases.ts";
import { gatewaySection, tlsSection, trustedProxiesSection, tunnelSection } from "./sections/gateway.ts";
import { logsSection } from "./sections/logs.ts";
import { mailSection } from "./sections/mail.ts";
import { portalSection } from "./sections/portal.ts";
import { realSection } from "./sections/real.ts";
import { remoteAccessSection } from "./sections/remoteAccess.ts";
import { rotationSection, secretVersionsSection } from "./sections/secrets.ts";
import { vpnSection } from "./sections/vpn.ts";

const serviceName = z.string().regex(/^[a-z][a-z0-9-]*$/, "not a service name");
const network = z.string().refine((text) => parseCidr(text) !== undefined, "write a network as 10.10.0.0/16");

const placement = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("local") }).describe("A named volume in Docker's own folder."),
  z
    .strictObject({ kind: z.literal("bind"), path: z.string().startsWith("/") })
    .describe("A folder of the host with a sub-folder for every volume: `data` for the shared library."),
  z
    .strictObject({
      kind: z.literal("nfs"),
      server: z.string().min(1),
      path: z.string().startsWith("/"),
      options: z.string().default("nfsvers=4,soft,timeo=150"),
    })
    .describe("An NFS export, mounted by Docker."),
]);

/** `ums:platform` in Pulumi.<stack>.yaml. */
export const platformConfigSchema = z.strictObject({
  environment: z.enum(environmentNames),
  images: z
    .enum(["rehearsal", "real"])
    .describe(
      "rehearsal: a stand-in for every service; real: the images of the catalogue, pinned by digest.",
    ),
  real: realSection,
  domain: z
    .string()
    .regex(
      /^(?=.{3,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/,
      "not a domain name",
    ),
  timezone: z
    .string()
    .regex(/^[A-Za-z_]+(\/[A-Za-z_+-]+\d*)*$/, "not a time zone such as Europe/Berlin")
    .default("Etc/UTC"),
  services: z.strictObject({
    include: z.union([z.literal("all"), z.array(serviceName).min(1)]),
    exclude: z.array(serviceName).default([]),
  }),
  catalogs: z
    .array(z.string().min(1))
    .default([])
    .describe("Further folders of records, relative to the project."),
  network: z
    .strictObject({
      segments: network.default("10.10.0.0/16").describe("Pool of the segments: /20 or larger."),
      links: network.default("10.32.0.0/15").describe("Pool of the links: /15 or larger."),
    })
    .default({ segments: "10.10.0.0/16", links: "10.32.0.0/15" }),
  publish: z
    .strictObject({
      address: z.ipv4().default("0.0.0.0").describe("Host address that published ports listen on."),
      offset: z.int().min(0).max(60000).default(0).describe("Added to every published host port."),
    })
    .default({ address: "0.0.0.0", offset: 0 }),
  budget: z.strictObject({
    memory: z.int().min(64).describe("MiB that all services together may be limited to."),
    cpus: z.number().min(0.1).describe("Processors that one service may be limited to at most."),
  }),
  storage: z
    .partialRecord(z.enum(["config", "database", "media", "cache"]), placement)
    .default({})
    .describe("Where volumes of a class live. Default: local."),
  gpu: z
    .strictObject({
      vendor: z.enum(["none", "nvidia", "intel", "amd"]),
      renderGroup: z.int().optional().describe("Numeric group of /dev/dri/renderD128, for Intel and AMD."),
    })
    .refine((gpu) => gpu.vendor === "none" || gpu.vendor === "nvidia" || gpu.renderGroup !== undefined, {
      message: "Intel and AMD need renderGroup: stat -c %g /dev/dri/renderD128",
      path: ["renderGroup"],
    })
    .default({ vendor: "none" }),
  dockerGroup: z.int().optional().describe("Numeric group of /var/run/docker.sock, for the socket proxy."),
  health: z
    .strictObject({
      interval: z.int().min(1).max(600).default(15).describe("Seconds between probes of a service."),
      waitedInterval: z
        .int()
        .min(1)
        .max(600)
        .optional()
        .describe("Seconds between probes of a service that others wait for. Default: interval."),
      startInterval: z
        .int()
        .min(1)
        .max(60)
        .optional()
        .describe("Seconds between probes during the start period. Needs Docker Engine 25 or newer."),
    })
    .default({ interval: 15 }),
  access: accessSection,
  alerts: alertsSection,
  logs: logsSection,
  backup: backupSection,
  databases: databasesSection,
  mail: mailSection.optional(),
  portal: portalSection,
  remoteAccess: remoteAccessSection.optional(),
  vpn: vpnSection,
  gateway: gatewaySection,
  tls: tlsSection,
  trustedProxies: trustedProxiesSection,
  tunnel: tunnelSection.optional(),
  rotation: rotationSection,
  secretVersions: secretVersionsSection,
  variables: variables.default({}).describe("Template variables, over those of the environment."),
  overrides: z
    .record(
      serviceName,
      z.strictObject({
        image: z
          .strictObject({
            repository: z.string(),
            tag: z.string(),
            digest: z
              .string()
              .regex(/^sha256:[0-9a-f]{64}$/)
              .optional()
              .describe("Demanded with real images. Without one: an image of this host, for a rehearsal."),
          })
          .optional()
          .describe("In place of the record's image."),
        memory: z.int().min(16).optional().describe("MiB."),
        cpus: z.number().min(0.05).optional(),
        environment: variables.default({}),
      }),
    )
    .default({}),
});

export type PlatformConfig = z.output<typeof platformConfigSchema>;

/** What is told of a secret that is not encrypted: these words alone, never the value. */
const encrypted =
  "write encrypted secrets here alone: pulumi config set --secret --path 'ums:secrets.<name>' does";

/** A whole Pulumi.<stack>.yaml, as far as this project reads it. */
export const stackFileSchema = z.strictObject({
  secretsprovider: z.string().optional(),
  encryptionsalt: z.string().optional(),
  encryptedkey: z.string().optional(),
  environment: z.unknown().optional(),
  config: z.looseObject({
    "ums:platform": platformConfigSchema,
    "ums:secrets": z
      .record(
        z.string().regex(/^[a-z][A-Za-z0-9]*$/, "use camelCase"),
        z.strictObject({ secure: z.string(encrypted) }, encrypted),
        encrypted,
      )
      .default({}),
  }),
});

/** `catalog/environments.yaml`. */
export const environmentsSchema = z.strictObject({
  base: variables,
  spellings: z
    .record(variableName, z.strictObject({ of: variableName, values: z.record(z.string(), z.string()) }))
    .default({})
    .describe("Variables that say another one in the words of programs which spell its values differently."),
  environments: z.record(
    z.enum(environmentNames),
    z.strictObject({ inherits: z.enum(environmentNames).optional(), variables }),
  ),
});
export type Environments = z.output<typeof environmentsSchema>;
