import { joinsEnds } from "../lib/ends";
import type { StackPolicy } from "../lib/policy";
import { isProbed } from "../lib/probe";
import { nist } from "../lib/sources";

export const unwatchedServices: StackPolicy = {
  kind: "stack",
  name: "unwatched-services",
  title: "Every service has metrics, a backup plan and a health check",
  level: "advisory",
  severity: "low",
  source: nist("4.4.4, app vulnerabilities"),
  reason: "What nobody watches fails unseen, and what nobody backs up is gone",
  fix: "complete the record",
  reads: ["labels", "healthcheck", "networksAdvanced.name"],
  check: (graph) =>
    graph.services.flatMap((subject) => {
      const measured =
        subject.metrics !== undefined ||
        graph.networks.some(
          (network) =>
            network.link?.provider === subject.service &&
            /exporter|exportarr/.test(network.link.consumer) &&
            joinsEnds(graph, network),
        );
      const missing = [
        ...(measured ? [] : ["no metrics"]),
        ...(subject.labels["ums.backup"] === undefined ? ["no backup plan"] : []),
        ...(isProbed(subject) ? [] : ["no health check"]),
      ];
      return missing.length > 0 ? [{ subject, problem: `it has ${missing.join(", ")}` }] : [];
    }),
};
