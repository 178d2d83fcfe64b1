import type { Finding, StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/settings";
import { nist } from "../lib/sources";

export const closedSegments: StackPolicy = {
  kind: "stack",
  name: "closed-segments",
  field: "egress",
  title: "Data, admin and backend services have no way out and publish nothing",
  level: "mandatory",
  severity: "high",
  source: nist("4.3.3, poorly separated inter-container network traffic"),
  reason: "What holds the data and the keys must not be able to send them away",
  fix: "remove egress and publish from the record",
  reads: ["networksAdvanced", "ports"],
  settings: { segments: listSetting("Segments that are closed.", ["admin", "data", "medianest-backend"]) },
  check: (graph, context) =>
    graph.services
      .filter(({ segment }) => context.list("segments").includes(segment))
      .flatMap((container): Finding[] => {
        const open = graph.networks
          .filter(
            (network) =>
              network.inputs.internal !== true &&
              network.segment !== container.segment &&
              network.link === undefined,
          )
          .filter((network) => graph.members(network).includes(container));
        return [
          ...open.map(({ name }) => ({
            subject: container,
            problem: `it is in ${container.segment} and has a way out by ${name}`,
          })),
          ...(container.inputs.ports ?? []).map(({ internal, protocol = "tcp" }) => ({
            subject: container,
            problem: `it is in ${container.segment} and publishes ${internal}/${protocol}`,
          })),
        ];
      }),
};
