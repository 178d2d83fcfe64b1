import { processors } from "../lib/container";
import type { Finding, StackPolicy } from "../lib/policy";
import { numberSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const hostBudget: StackPolicy = {
  kind: "stack",
  name: "host-budget",
  field: "limits",
  title: "All limits together fit the host",
  level: "mandatory",
  severity: "high",
  source: cis("5.11, 5.12"),
  reason: "Limits that add up to more than the host has are kept by none",
  fix: "remove services, or lower limits in the stack's overrides",
  reads: ["memory", "cpuQuota", "cpuPeriod", "cpus"],
  settings: {
    memory: numberSetting("MiB of all services together.", 131072),
    cpus: numberSetting("Processors of all services together; they may be promised several times over.", 128),
  },
  check({ services }, context) {
    const largest = [...services].sort((a, b) => (b.inputs.memory ?? 0) - (a.inputs.memory ?? 0))[0];
    if (!largest) return [];
    const memory = services.reduce((sum, { inputs }) => sum + (inputs.memory ?? 0), 0);
    const cpus = services.reduce((sum, container) => sum + (processors(container) ?? 0), 0);
    const over = (what: string, sum: number, budget: number, unit: string): Finding[] =>
      sum > budget
        ? [
            {
              subject: largest,
              problem: `the ${what} of all services add up to ${Math.round(sum)}${unit}, the host's budget is ${budget}${unit}`,
            },
          ]
        : [];
    return [
      ...over("memory limits", memory, context.number("memory"), " MiB"),
      ...over("processor limits", cpus, context.number("cpus"), ""),
    ];
  },
};
