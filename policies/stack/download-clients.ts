import { downloadSettings, isDownloadClient, isVpn } from "../lib/downloads";
import type { Finding, StackPolicy } from "../lib/policy";
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
  reads: ["networksAdvanced.name", "ports", "image"],
  settings: downloadSettings,
  check(graph, context) {
    const tunnels = graph.services
      .filter((container) => isVpn(container, context))
      .map(({ resource }) => resource);
    return graph.services
      .filter((container) => isDownloadClient(container, context))
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
