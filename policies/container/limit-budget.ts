import { processors } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { numberSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const limitBudget: ContainerPolicy = {
  kind: "container",
  name: "limit-budget",
  field: "limits",
  title: "No single limit is above the stack's budget",
  level: "mandatory",
  severity: "medium",
  source: cis("5.11, 5.12"),
  reason: "A limit larger than the host limits nothing",
  fix: "lower the limit in the record or by an override of the stack",
  reads: ["memory", "cpuQuota", "cpuPeriod", "cpus"],
  settings: {
    memory: numberSetting("MiB that one service may be limited to at most.", 16384),
    cpus: numberSetting("Processors that one service may be limited to at most.", 8),
  },
  check(container, context) {
    const { memory = 0 } = container.inputs;
    const cpus = processors(container) ?? 0;
    return [
      ...(memory > context.number("memory")
        ? [`memory is ${memory} MiB, the budget of one service ${context.number("memory")} MiB`]
        : []),
      ...(cpus > context.number("cpus")
        ? [`cpus is ${cpus}, the budget of one service ${context.number("cpus")}`]
        : []),
    ];
  },
};
