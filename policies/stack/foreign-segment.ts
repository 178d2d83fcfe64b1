import type { StackPolicy } from "../lib/policy";
import { nist } from "../lib/sources";

export const foreignSegment: StackPolicy = {
  kind: "stack",
  name: "foreign-segment",
  field: "alsoIn",
  title: "A service is on no segment but its own, and the way out",
  level: "mandatory",
  severity: "high",
  source: nist("4.3.3, poorly separated inter-container network traffic"),
  reason: "A second segment joins what the segments keep apart",
  fix: "take the service off the network, or move it to that segment",
  reads: ["networksAdvanced.name"],
  check: (graph) =>
    graph.containers.flatMap((container) =>
      graph.networks
        .filter((network) => graph.members(network).includes(container))
        .filter(
          ({ segment }) => segment !== undefined && segment !== "egress" && segment !== container.segment,
        )
        .map(({ segment }) => ({
          subject: container,
          problem: `it belongs to the segment "${container.segment}" and is on ${segment}`,
        })),
    ),
};
