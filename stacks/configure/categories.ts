import type { ServiceRecord } from "../catalog/record.ts";

/** Headings of the categories where people see them, in the order they are shown: first what people come for. */
export const categoryTitles: Readonly<Record<ServiceRecord["category"], string>> = {
  streaming: "Streaming",
  requests: "Requests",
  medianest: "MediaNest",
  content: "Content",
  downloads: "Downloads",
  portal: "Portal",
  monitoring: "Monitoring",
  gateway: "Gateway",
  data: "Data",
  operations: "Operations",
};
