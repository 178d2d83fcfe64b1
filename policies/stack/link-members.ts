import type { StackPolicy } from "../lib/policy";
import { nist } from "../lib/sources";

export const linkMembers: StackPolicy = {
  kind: "stack",
  name: "link-members",
  field: "links",
  title: "A link has no more members than its two ends",
  level: "mandatory",
  severity: "critical",
  source: nist("4.3.3, poorly separated inter-container network traffic"),
  reason: "A third member reaches both ends, and no record says so",
  fix: "declare a link of its own for the third service",
  reads: ["networksAdvanced.name"],
  check: (graph) =>
    graph.networks.flatMap((network) => {
      const members = graph
        .members(network)
        .map(({ service }) => service)
        .sort();
      return network.link !== undefined && members.length > 2
        ? [{ subject: network, problem: `the network ${network.name} has the members ${members.join(", ")}` }]
        : [];
    }),
};
