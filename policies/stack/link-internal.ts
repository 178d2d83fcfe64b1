import type { StackPolicy } from "../lib/policy";
import { nist } from "../lib/sources";

export const linkInternal: StackPolicy = {
  kind: "stack",
  name: "link-internal",
  field: "links",
  title: "A link's network is internal",
  level: "mandatory",
  severity: "high",
  source: nist("4.3.3, poorly separated inter-container network traffic"),
  reason: "A link that is not internal is a way out of the host that no record declares",
  fix: "set internal",
  reads: ["internal"],
  check: ({ networks }) =>
    networks
      .filter(({ link, inputs }) => link !== undefined && inputs.internal !== true)
      .map((subject) => ({ subject, problem: `the network ${subject.name} is not internal` })),
};
