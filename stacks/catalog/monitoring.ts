import { z } from "zod";
import { dnsLabel, port, sentence, urlPath } from "./fields.ts";

/** What an alert asks for: someone now, someone soon, or no one. */
export const severities = ["critical", "warning", "info"] as const;

/** What an alert is about. Alerts of `availability` are kept back while a service that the failing one needs is down. */
export const concerns = ["availability", "capacity", "security", "backup"] as const;

const metricsPath = urlPath.default("/metrics");

export const metrics = z
  .strictObject({
    port,
    path: metricsPath,
    also: z
      .array(
        z.strictObject({
          name: dnsLabel.describe("Names it among the record's endpoints."),
          port,
          path: metricsPath,
        }),
      )
      .optional()
      .describe("Further endpoints, such as of a second process."),
    bearer: dnsLabel.optional().describe("Secret of this record that the endpoints want as a bearer token."),
    honorLabels: z
      .boolean()
      .optional()
      .describe("The metrics' own labels, such as `service`, stand: it reports about other services."),
  })
  .describe("Prometheus endpoint of this service itself.");

const expression = z.string().trim().min(1).describe("PromQL.");

const recordingRule = z.strictObject({
  record: z
    .string()
    .regex(/^[a-z_:][A-Za-z0-9_:]*$/, "name the series as level:metric:operations")
    .describe("Series that the expression is kept as."),
  expr: expression,
});

const alertRule = z.strictObject({
  alert: z.string().regex(/^[A-Z][A-Za-z0-9]*$/, "name the alert in CamelCase, as in DiskFilling"),
  expr: expression,
  for: z
    .string()
    .regex(/^[1-9]\d*[smhd]$/, "write a time as 30s, 5m, 2h or 1d")
    .optional()
    .describe("How long it holds before it fires. Default: at once."),
  severity: z.enum(severities),
  concern: z.enum(concerns),
  summary: sentence.describe("One line. {{ $labels.service }} and {{ $value }} are filled in."),
  description: sentence.optional().describe("What to look at."),
});

/** A rule over the metrics of the record's own endpoint, and over the series that every stack has. */
export const rule = z.union([alertRule, recordingRule]);

export type RuleRecord = z.output<typeof rule>;
export type Severity = (typeof severities)[number];
export type Concern = (typeof concerns)[number];

export const publicAddress = z
  .strictObject({
    port,
    path: urlPath,
    header: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, "not the name of a header")
      .optional()
      .describe("Header that carries the secret."),
    secret: dnsLabel.optional().describe("Secret of this record that the endpoint wants in the header."),
  })
  .refine(({ header, secret }) => (header === undefined) === (secret === undefined), {
    message: "name both the header and the secret in it, or neither",
  })
  .describe("Where a VPN tells the public address it is seen under, as JSON with `public_ip`.");
