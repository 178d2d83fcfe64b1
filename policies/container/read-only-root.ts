import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const readOnlyRoot: ContainerPolicy = {
  kind: "container",
  name: "read-only-root",
  field: "lifted",
  title: "The root filesystem is read-only",
  level: "mandatory",
  severity: "high",
  source: cis("5.13"),
  reason: "An intruder cannot change programs or leave tools behind where nothing can be written",
  fix: "set readOnly, give it a tmpfs or a volume, or lift writable-root with a reason",
  reads: ["readOnly"],
  check(container) {
    if (container.inputs.readOnly === true || container.oneShot) return [];
    return isLifted(container, "writable-root") ? [] : ["the root filesystem is writable"];
  },
};
