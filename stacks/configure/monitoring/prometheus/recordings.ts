import type { ConfigureContext } from "../../context.ts";
import { labelsOf } from "../reached.ts";
import type { RuleGroup } from "./rules.ts";

/** What is declared does not change between two deployments; a minute keeps it from going stale. */
const interval = "1m";

/**
 * What the records declare as series, so that rules and dashboards compare with it and name no service:
 * `ums_service_info` with each service's access and backup class, and its limits.
 */
export function declaredRules({ services }: ConfigureContext): RuleGroup[] {
  const rules = services.flatMap((service) => {
    const labels = labelsOf(service);
    const { limits, route, backup } = service;
    return [
      {
        record: "ums_service_info",
        expr: "vector(1)",
        labels: { ...labels, access: route?.access ?? "none", backup },
      },
      {
        record: "ums_service_memory_limit_bytes",
        expr: `vector(${limits.memory * 1024 * 1024})`,
        labels,
      },
      { record: "ums_service_cpu_limit_cores", expr: `vector(${limits.cpus})`, labels },
    ];
  });
  return [{ name: "declared", interval, rules }];
}
