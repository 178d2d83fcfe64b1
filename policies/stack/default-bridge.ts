import type { StackPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const defaultBridge: StackPolicy = {
  kind: "stack",
  name: "default-bridge",
  field: "segment",
  title: "No container is on Docker's default bridge",
  level: "mandatory",
  severity: "high",
  source: cis("5.30"),
  reason: "On the default bridge every container reaches every other",
  fix: "give it a segment, or networkMode none",
  reads: ["networksAdvanced.name"],
  check: ({ containers }) =>
    containers.flatMap((container) => {
      const { networkMode = "default", networksAdvanced = [] } = container.inputs;
      const joins = networksAdvanced.some(({ name }) => name === "bridge");
      // `bridge` beside networksAdvanced: the provider takes the container off it again.
      const stays =
        container.namespaces.length === 0 &&
        ["default", "bridge", ""].includes(networkMode) &&
        networksAdvanced.length === 0;
      return joins || stays ? [{ subject: container, problem: "it is on Docker's default bridge" }] : [];
    }),
};
