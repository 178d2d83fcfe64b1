import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const privileged: ContainerPolicy = {
  kind: "container",
  name: "privileged",
  title: "No container is privileged",
  level: "mandatory",
  severity: "critical",
  source: cis("5.5"),
  reason: "A privileged container is root on the host: every capability, every device, no confinement",
  fix: "remove `privileged` and lift the one privilege it needs",
  reads: ["privileged"],
  check: ({ inputs }) => (inputs.privileged === true ? ["privileged is true"] : []),
};
