import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { isProbed } from "../lib/probe";
import { cis } from "../lib/sources";

export const healthCheck: ContainerPolicy = {
  kind: "container",
  name: "health-check",
  field: "health",
  title: "Every service has a health check, or a reason for none",
  level: "mandatory",
  severity: "medium",
  source: cis("5.27"),
  reason: "What is not probed is not restarted, and what depends on it starts too early",
  fix: "add health.command to the record, or say under health why there can be none",
  reads: ["healthcheck"],
  check(container) {
    if (container.oneShot || isLifted(container, "no-health-check")) return [];
    return isProbed(container) ? [] : ["it has no health check"];
  },
};
