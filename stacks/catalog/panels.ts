import { z } from "zod";
import { sentence } from "./fields.ts";

/** The platform's dashboards: those that the seed documents name. */
export const dashboardNames = [
  "system-overview",
  "service-health",
  "performance",
  "error-analysis",
  "resource-usage",
  "media-analytics",
  "security-events",
] as const;
export type DashboardName = (typeof dashboardNames)[number];

const heading = z.string().trim().min(2).max(60);

const query = z.strictObject({
  expr: z.string().trim().min(1).describe("PromQL; LogQL where the panel shows logs."),
  legend: z.string().min(1).optional().describe("What its series are called, with labels as {{datname}}."),
});

/** A panel over the metrics of the record's own endpoint, or over its log. */
export const panel = z
  .strictObject({
    dashboard: z.enum(dashboardNames),
    section: heading.describe("Heading it stands under."),
    title: heading.describe("Panels of records with the same title under one heading are one panel."),
    description: sentence.optional().describe("What it says, and what to make of it."),
    shows: z
      .enum(["lines", "stack", "numbers", "bars", "table", "logs"])
      .describe("lines, stack: over time. numbers, bars, table: as it is now. logs: log lines."),
    unit: z
      .string()
      .regex(/^[a-zA-Z0-9:_-]+$/, "write the identifier of one of Grafana's units, as bytes or s")
      .optional(),
    max: z.number().optional().describe("Upper end of the scale: 1 for a share."),
    warn: z.number().optional().describe("Value from which on it is yellow; with bad."),
    bad: z.number().optional().describe("Value from which on it is red. Below warn: down to which."),
    columns: z
      .record(z.string().regex(/^[a-zA-Z_]\w*$/, "not the name of a label"), heading)
      .optional()
      .describe("For a table: headings by label."),
    queries: z.array(query).min(1),
  })
  .refine(({ warn, bad }) => (warn === undefined) === (bad === undefined), {
    message: "say both warn and bad, or neither",
  })
  .refine(({ shows, columns }) => (shows === "table") === (columns !== undefined), {
    message: "a table has columns, and nothing else has",
  })
  .refine(({ shows, queries }) => !["table", "logs"].includes(shows) || queries.length === 1, {
    message: "a table and logs have one query",
  });

export type PanelRecord = z.output<typeof panel>;
