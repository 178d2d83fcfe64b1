import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const capabilitiesDropped: ContainerPolicy = {
  kind: "container",
  name: "capabilities-dropped",
  title: "Every container drops all capabilities",
  level: "mandatory",
  severity: "high",
  source: cis("5.4"),
  reason: "Docker's default set lets a container forge packets, change owners and bypass file permissions",
  fix: 'set capabilities.drops to ["ALL"] and lift the ones it needs',
  reads: ["capabilities"],
  check: ({ inputs }) =>
    (inputs.capabilities?.drops ?? []).includes("ALL")
      ? []
      : [`capabilities.drops is ${JSON.stringify(inputs.capabilities?.drops ?? [])}`],
};
