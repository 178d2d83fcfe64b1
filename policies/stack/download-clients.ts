import type { Container } from "../lib/container";
import type { Finding, StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/settings";
import { dockerDocs } from "../lib/sources";

export const downloadClients: StackPolicy = {
  kind: "stack",
  name: "download-clients",
  field: "through",
  title: "A download client has no network but the VPN's namespace",
  level: "mandatory",
  severity: "critical",
  source: dockerDocs("networking, container networks", "engine/network/#container-networks"),
  reason: "Any other network is a way around the tunnel and its kill switch",
  fix: "set through to the VPN in the record",
  reads: ["networksAdvanced.name", "ports"],
  settings: {
    segments: listSetting("Segments of download clients.", ["downloads"]),
    vpns: listSetting("Services that are the VPN.", ["gluetun"]),
  },
  check(graph, context) {
    const isVpn = ({ service }: Container) => context.list("vpns").includes(service);
    const tunnels = graph.services.filter(isVpn).map(({ resource }) => resource);
    return graph.services
      .filter((container) => context.list("segments").includes(container.segment) && !isVpn(container))
      .flatMap((container): Finding[] => {
        // In a preview the mode is not known, but which container it is made from is.
        const { networkMode = "container:", networksAdvanced = [], ports = [] } = container.inputs;
        const inTunnel =
          networkMode.startsWith("container:") &&
          container.namespaces.length > 0 &&
          container.namespaces.every((namespace) => tunnels.includes(namespace));
        return [
          ...(inTunnel
            ? []
            : [
                {
                  subject: container,
                  problem: `networkMode is not the VPN's container`,
                },
              ]),
          ...networksAdvanced.map(({ name }) => ({
            subject: container,
            problem: `it is on the network ${name}`,
          })),
          ...ports.map(({ internal }) => ({ subject: container, problem: `it publishes ${internal}` })),
        ];
      });
  },
};
