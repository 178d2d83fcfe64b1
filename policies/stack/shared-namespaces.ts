import { downloadSettings, isDownloadClient, isVpn } from "../lib/downloads";
import type { StackPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const sharedNamespaces: StackPolicy = {
  kind: "stack",
  name: "shared-namespaces",
  field: "through",
  title: "No container is in the network namespace of another, but a download client in the VPN's",
  level: "mandatory",
  severity: "critical",
  source: cis("5.10"),
  reason: "In it the container has the other's addresses, links and loopback, and no link says so",
  fix: "remove through from the record, and link the two",
  reads: ["image", "labels"],
  settings: downloadSettings,
  check: (graph, context) => {
    const tunnels = graph.services
      .filter((container) => isVpn(container, context))
      .map(({ resource }) => resource);
    return graph.containers.flatMap((subject) => {
      // In a preview the mode is not known, but which container it is made from is.
      const { networkMode = "" } = subject.inputs;
      const { namespaces } = subject;
      if (namespaces.length === 0 && !networkMode.startsWith("container:")) return [];
      const ofTunnel = namespaces.length > 0 && namespaces.every((name) => tunnels.includes(name));
      if (ofTunnel && isDownloadClient(subject, context)) return [];
      const owner = namespaces.length > 0 ? namespaces.join(", ") : networkMode.slice("container:".length);
      return [{ subject, problem: `it is in the network namespace of ${owner}` }];
    });
  },
};
