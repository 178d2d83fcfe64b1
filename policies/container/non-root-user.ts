import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const nonRootUser: ContainerPolicy = {
  kind: "container",
  name: "non-root-user",
  field: "user",
  title: "No service runs as root without a reason",
  level: "mandatory",
  severity: "high",
  source: cis("4.1"),
  reason: "Root in a container is root on the host as soon as one wall between them falls",
  fix: "set a user other than 0, or lift root-user with a reason",
  reads: ["user"],
  check(container) {
    if (container.oneShot || isLifted(container, "root-user")) return [];
    const { user } = container.inputs;
    if (user === undefined || user === "") return ["no user is set, so the image chooses"];
    // Docker reads +0 and -0 as numbers too.
    return /^([+-]?0+|root)(:|$)/.test(user) ? [`the user is ${user}`] : [];
  },
};
