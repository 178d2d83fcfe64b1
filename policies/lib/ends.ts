import type { Graph, Network } from "./graph";

/** A service, and those whose network namespace it lives in. */
export function hostsOf(graph: Graph, name: string): string[] {
  const namespaces = graph.service(name)?.namespaces ?? [];
  return [
    name,
    ...graph.services.filter(({ resource }) => namespaces.includes(resource)).map(({ service }) => service),
  ];
}

/** Both ends of the link are on its network, themselves or by the namespace they live in. */
export function joinsEnds(graph: Graph, network: Network): boolean {
  const members = graph.members(network).map(({ service }) => service);
  const { consumer, provider } = network.link ?? {};
  return [consumer, provider].every(
    (end) => end !== undefined && hostsOf(graph, end).some((host) => members.includes(host)),
  );
}
