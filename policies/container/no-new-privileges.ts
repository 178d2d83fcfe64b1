import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const noNewPrivileges: ContainerPolicy = {
  kind: "container",
  name: "no-new-privileges",
  field: "lifted",
  title: "No process gains privileges by a setuid program",
  level: "mandatory",
  severity: "high",
  source: cis("5.26"),
  reason: "Without no-new-privileges a setuid program in the image makes any process root",
  fix: "add no-new-privileges:true to securityOpts, or lift new-privileges with a reason",
  reads: ["securityOpts"],
  check(container) {
    const options = container.inputs.securityOpts ?? [];
    const isSet = options.some((option) => /^no-new-privileges([:=]true)?$/.test(option));
    return isSet || isLifted(container, "new-privileges") ? [] : ["no-new-privileges is not set"];
  },
};
