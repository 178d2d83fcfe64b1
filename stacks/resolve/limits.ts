import type { CatalogEntry } from "../catalog/entry.ts";
import type { StackConfig } from "../config/load.ts";
import type { Problem } from "../errors.ts";
import { hostOf } from "./edges.ts";
import { leadsOut } from "./networks.ts";

/** Memory (MiB) and processors of a service, after the stack's override. */
export function limitsOf(
  { value: record }: CatalogEntry,
  config: StackConfig,
): { memory: number; cpus: number } {
  const override = config.platform.overrides[record.name];
  return { memory: override?.memory ?? record.limits.memory, cpus: override?.cpus ?? record.limits.cpus };
}

/** Limits against the stack's host budget. */
export function checkBudget(
  enabled: ReadonlyMap<string, CatalogEntry>,
  config: StackConfig,
  report: (problem: Problem) => void,
): void {
  const { budget } = config.platform;
  let total = 0;
  for (const [name, entry] of enabled) {
    const { memory, cpus } = limitsOf(entry, config);
    total += memory;
    if (cpus > budget.cpus) {
      const place = entry.locate(["limits", "cpus"]);
      report({
        place,
        message: `${name} is limited to ${cpus} processors, the stack's budget is ${budget.cpus}; lower it in overrides.${name}.cpus`,
      });
    }
  }
  if (total <= budget.memory) return;
  const largest = [...enabled]
    .map(([name, entry]) => ({ name, memory: limitsOf(entry, config).memory }))
    .sort((a, b) => b.memory - a.memory)
    .slice(0, 5)
    .map(({ name, memory }) => `${name} ${memory}`)
    .join(", ");
  const message = `the services' memory limits add up to ${total} MiB, the budget is ${budget.memory} MiB; the largest: ${largest}`;
  report({ place: config.locate(["budget", "memory"]), message });
}

/** Host ports, subdomains, and ports inside a shared network namespace belong to one service each. */
export function checkClashes(
  enabled: ReadonlyMap<string, CatalogEntry>,
  config: StackConfig,
  report: (problem: Problem) => void,
): void {
  const taken = new Map<string, string>();
  const claim = (what: string, entry: CatalogEntry, path: readonly PropertyKey[]) => {
    const owner = taken.get(what);
    if (owner === undefined) taken.set(what, entry.value.name);
    else report({ place: entry.locate(path), message: `${entry.value.name} and ${owner} both want ${what}` });
  };
  for (const entry of enabled.values()) {
    const { value: record } = entry;
    for (const [index, publish] of record.publish.entries()) {
      const host = publish.host + config.platform.publish.offset;
      if (host > 65535) {
        const message = `${record.name}: host port ${publish.host} plus publish.offset ${config.platform.publish.offset} is over 65535`;
        report({ place: config.locate(["publish", "offset"]), message });
      }
      const what = `the host port ${host}/${publish.protocol}`;
      claim(what, entry, ["publish", index, "host"]);
      if (!record.egress && ![record.segment, ...record.alsoIn].some(leadsOut)) {
        const message = `${record.name} publishes a port but sits on the internal segment ${record.segment}; only dmz services and those with egress can`;
        report({ place: entry.locate(["publish", index]), message });
      }
    }
    if (record.route) {
      const { subdomain } = record.route;
      const what = subdomain === "@" ? "the domain itself" : `the subdomain "${subdomain}"`;
      claim(what, entry, ["route", "subdomain"]);
    }
    for (const [index, port] of record.ports.entries()) {
      const what = `port ${port.port}/${port.protocol} of ${hostOf(record)}'s network namespace`;
      claim(what, entry, ["ports", index, "port"]);
    }
  }
}
