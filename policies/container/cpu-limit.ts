import { processors } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const cpuLimit: ContainerPolicy = {
  kind: "container",
  name: "cpu-limit",
  field: "limits",
  title: "Processor time is limited",
  level: "mandatory",
  severity: "medium",
  source: cis("5.12"),
  reason: "One busy service without a limit starves all others",
  fix: "set limits.cpus in the record",
  reads: ["cpuQuota", "cpuPeriod", "cpus"],
  check: (container) => (processors(container) === undefined ? ["processors have no limit"] : []),
};
