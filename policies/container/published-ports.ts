import { isLifted } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const publishedPorts: ContainerPolicy = {
  kind: "container",
  name: "published-ports",
  field: "publish",
  title: "Only the gateway publishes ports",
  level: "mandatory",
  severity: "critical",
  source: cis("5.9"),
  reason: "A published port goes round the gateway, its encryption and its single sign-on",
  fix: "give it a route through the gateway, or lift publish for the port with a reason",
  reads: ["ports", "publishAllPorts"],
  settings: { gateways: listSetting("Services that are the gateway.", ["traefik"]) },
  check(container, context) {
    if (container.inputs.publishAllPorts === true) return ["it publishes every port of its image"];
    if (context.list("gateways").includes(container.service)) return [];
    return (container.inputs.ports ?? []).flatMap(({ internal, protocol = "tcp" }) =>
      isLifted(container, "publish", `${internal}/${protocol}`)
        ? []
        : [`it publishes ${internal}/${protocol}`],
    );
  },
};
