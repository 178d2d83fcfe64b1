import { hostsOf } from "../lib/ends";
import type { Finding, StackPolicy } from "../lib/policy";
import { nist } from "../lib/sources";

export const linkDeclared: StackPolicy = {
  kind: "stack",
  name: "link-declared",
  field: "links",
  title: "Two services share a network only by a declared link",
  level: "mandatory",
  severity: "critical",
  source: nist("4.3.3, poorly separated inter-container network traffic"),
  reason: "Every other network lets services talk that have no link",
  fix: "declare the link in the consumer's record",
  reads: ["networksAdvanced.name"],
  check(graph) {
    const hostOf = (name: string) => hostsOf(graph, name);
    return graph.containers.flatMap((container) =>
      (container.inputs.networksAdvanced ?? []).flatMap(({ name = "" }): Finding[] => {
        const network = graph.network(name);
        if (network?.segment !== undefined) return [];
        if (!network?.link)
          return [
            { subject: container, problem: `it is on the network ${name}, which is no segment and no link` },
          ];
        const { consumer, provider } = network.link;
        // A third member is for link-members to say.
        if (graph.members(network).length > 2) return [];
        return [...hostOf(consumer), ...hostOf(provider)].includes(container.service)
          ? []
          : [
              {
                subject: container,
                problem: `it is on the network ${name}, the link of ${consumer} and ${provider}`,
              },
            ];
      }),
    );
  },
};
