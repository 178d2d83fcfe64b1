import { joinsEnds } from "../lib/ends";
import type { StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { dockerDocs } from "../lib/sources";

export const metricsReach: StackPolicy = {
  kind: "stack",
  name: "metrics-reach",
  field: "metrics",
  title: "Prometheus reaches every metrics port",
  level: "advisory",
  severity: "low",
  source: dockerDocs("collect metrics with Prometheus", "engine/daemon/prometheus/"),
  reason: "What is exposed and not collected tells nobody anything",
  fix: "link prometheus to the service, or remove metrics from its record",
  reads: ["networksAdvanced", "labels"],
  settings: { collectors: listSetting("Services that collect metrics.", ["prometheus"]) },
  check: (graph, context) =>
    graph.services.flatMap((subject) => {
      if (!subject.metrics || context.list("collectors").includes(subject.service)) return [];
      const collected = graph.networks.some(
        (network) =>
          network.link?.provider === subject.service &&
          context.list("collectors").includes(network.link.consumer) &&
          joinsEnds(graph, network),
      );
      return collected
        ? []
        : [{ subject, problem: `no collector is linked to its metrics on port ${subject.metrics.port}` }];
    }),
};
