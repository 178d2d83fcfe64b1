import type { StackPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const segmentIsolation: StackPolicy = {
  kind: "stack",
  name: "segment-isolation",
  title: "The members of a segment cannot reach each other",
  level: "mandatory",
  severity: "critical",
  source: cis("2.2"),
  reason: "With inter-container communication on, a segment is one flat network and no link counts",
  fix: "set com.docker.network.bridge.enable_icc to false",
  reads: ["options"],
  check: ({ networks }) =>
    networks
      .filter(
        ({ segment, inputs }) =>
          segment !== undefined && inputs.options?.["com.docker.network.bridge.enable_icc"] !== "false",
      )
      .map((subject) => ({ subject, problem: "inter-container communication is on" })),
};
