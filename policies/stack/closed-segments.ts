import type { Context, Finding, StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
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
  fix: "remove egress and publish from the record, and keep the segment's network internal",
  reads: ["networksAdvanced", "ports", "internal"],
  settings: { segments: listSetting("Segments that are closed.", ["admin", "data", "medianest-backend"]) },
  check: (graph, context) => [
    ...graph.networks
      .filter(({ segment, inputs }) => isClosed(segment, context) && inputs.internal !== true)
      .map((subject) => ({
        subject,
        problem: `the network ${subject.name} of ${subject.segment} is not internal`,
      })),
    ...graph.services
      .filter(({ segment }) => isClosed(segment, context))
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
  ],
};

function isClosed(segment: string | undefined, context: Context): boolean {
  return segment !== undefined && context.list("segments").includes(segment);
}
