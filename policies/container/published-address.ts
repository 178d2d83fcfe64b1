import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const publishedAddress: ContainerPolicy = {
  kind: "container",
  name: "published-address",
  field: "publish",
  title: "Only the gateway listens on all addresses of the host",
  level: "mandatory",
  severity: "high",
  source: cis("5.14"),
  reason: "A port on all addresses is open to every network the host is in",
  fix: "set the stack's publish.address to one address",
  reads: ["ports"],
  settings: { gateways: listSetting("Services that are the gateway.", ["traefik"]) },
  check(container, context) {
    if (context.list("gateways").includes(container.service)) return [];
    return (container.inputs.ports ?? [])
      .filter(({ ip = "" }) => ["", "0.0.0.0", "::", "[::]"].includes(ip))
      .map(
        ({ external, internal, protocol = "tcp" }) =>
          `${external ?? internal}/${protocol} listens on all addresses`,
      );
  },
};
