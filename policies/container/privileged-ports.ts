import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const privilegedPorts: ContainerPolicy = {
  kind: "container",
  name: "privileged-ports",
  field: "publish",
  title: "Only the gateway takes host ports below 1024",
  level: "mandatory",
  severity: "medium",
  source: cis("5.8"),
  reason: "Low ports belong to well-known services, and clients trust what answers there",
  fix: "publish it on a host port of 1024 or above",
  reads: ["ports"],
  settings: { gateways: listSetting("Services that are the gateway.", ["traefik"]) },
  check(container, context) {
    if (context.list("gateways").includes(container.service)) return [];
    return (container.inputs.ports ?? [])
      .filter(({ external }) => external !== undefined && external > 0 && external < 1024)
      .map(({ external, protocol = "tcp" }) => `it takes the host port ${external}/${protocol}`);
  },
};
