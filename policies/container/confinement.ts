import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const confinement: ContainerPolicy = {
  kind: "container",
  name: "confinement",
  title: "Seccomp, AppArmor, SELinux and the masked paths stay on",
  level: "mandatory",
  severity: "critical",
  source: cis("5.2, 5.3, 5.22"),
  reason: "They block the system calls and files that break-outs need",
  fix: "remove the option from securityOpts",
  reads: ["securityOpts"],
  check: ({ inputs }) =>
    (inputs.securityOpts ?? [])
      .filter((option) => /[:=]unconfined$|^label[:=]disable$/.test(option))
      .map((option) => `securityOpts has ${option}`),
};
