import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const memoryLimit: ContainerPolicy = {
  kind: "container",
  name: "memory-limit",
  field: "limits",
  title: "Memory is limited",
  level: "mandatory",
  severity: "high",
  source: cis("5.11"),
  reason: "One leak without a limit takes the whole host down",
  fix: "set limits.memory in the record",
  reads: ["memory"],
  check: ({ inputs }) => ((inputs.memory ?? 0) > 0 ? [] : ["memory has no limit"]),
};
