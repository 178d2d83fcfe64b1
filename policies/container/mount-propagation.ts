import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const mountPropagation: ContainerPolicy = {
  kind: "container",
  name: "mount-propagation",
  field: "lifted",
  title: "No mount is shared with the host",
  level: "mandatory",
  severity: "high",
  source: cis("5.20"),
  reason: "With shared propagation a container mounts and unmounts on the host",
  fix: "remove bindOptions.propagation",
  reads: ["mounts"],
  check: ({ inputs }) =>
    (inputs.mounts ?? []).flatMap(({ target, bindOptions }) => {
      const propagation = bindOptions?.propagation ?? "";
      return /^r?(shared|slave)$/.test(propagation) ? [`the mount ${target} is ${propagation}`] : [];
    }),
};
