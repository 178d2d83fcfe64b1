import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

const modes = ["networkMode", "pidMode", "ipcMode", "utsMode", "usernsMode"] as const;

export const hostNamespaces: ContainerPolicy = {
  kind: "container",
  name: "host-namespaces",
  title: "No container shares a namespace of the host",
  level: "mandatory",
  severity: "critical",
  source: cis("5.10, 5.16, 5.17, 5.21, 5.31"),
  reason:
    "In a namespace of the host a container sees and reaches the host's processes, memory or interfaces",
  fix: "remove the mode, or reach the host through a link",
  reads: ["networkMode", "pidMode", "ipcMode", "utsMode", "usernsMode"],
  check: ({ inputs }) =>
    modes.flatMap((mode) => {
      const value = inputs[mode];
      const shares = value === "host" || (mode !== "networkMode" && value?.startsWith("container:"));
      return shares ? [`${mode} is ${value}`] : [];
    }),
};
