import { type NetworkInputs, networksOf } from "../compose/render.ts";
import { type DeclaredProgram, dockerTypes } from "../resources.ts";
import { type Comparison, compareFacts, factOfEach, factsOf } from "./fact.ts";
import { type Finding, finding, labelsOf, presence, withoutCompose } from "./finding.ts";
import type { InspectedNetwork, InspectedStack } from "./inspected.ts";
import type { Part } from "./part.ts";
import { setOf } from "./words.ts";

/** Every declared network, and every network of the stack that nobody declared. */
export function compareNetworks(program: DeclaredProgram, stack: InspectedStack): Finding[] {
  const ofProgram = new Set(
    program.resources.filter(({ type }) => type === dockerTypes.container).map(({ inputs }) => inputs.name),
  );
  const partOf = (name: string): Part => ({ kind: "network", name, service: null });
  const matched = new Set<InspectedNetwork>();
  const found = networksOf(program).map((inputs) => {
    const running = stack.networks.find(({ Name }) => Name === inputs.name);
    if (!running) return presence(partOf(inputs.name), "present", null);
    matched.add(running);
    return finding(partOf(inputs.name), inputs, compareNetwork(inputs, running, ofProgram));
  });
  // Docker allows two networks of one name.
  const others = stack.networks.filter((network) => !matched.has(network));
  return [...found, ...others.map(({ Name }) => presence(partOf(Name), null, "present"))];
}

/** Containers of the program are compared themselves; that another one is a member is the network's matter. */
function compareNetwork(
  inputs: NetworkInputs & { driver?: string },
  running: InspectedNetwork,
  ofProgram: ReadonlySet<unknown>,
): Comparison {
  const strangers = Object.values(running.Containers ?? {}).filter(({ Name }) => !ofProgram.has(Name));
  return compareFacts(
    factsOf([
      ["state", "present"],
      ["driver", inputs.driver ?? "bridge"],
      ["internal", String(inputs.internal === true)],
      ["ipv6", "false"],
      ["subnet", setOf(inputs.ipamConfigs.map(({ subnet }) => subnet))],
      ["gateway", setOf(inputs.ipamConfigs.map(({ gateway }) => gateway))],
      ...factOfEach("option", inputs.options),
      ...factOfEach("label", labelsOf(inputs.labels)),
    ]),
    factsOf([
      ["state", "present"],
      ["driver", running.Driver],
      ["internal", String(running.Internal)],
      ["ipv6", String(running.EnableIPv6 === true)],
      ["subnet", setOf(running.IPAM?.Config?.flatMap(({ Subnet }) => Subnet ?? []))],
      ["gateway", setOf(running.IPAM?.Config?.flatMap(({ Gateway }) => Gateway ?? []))],
      ...factOfEach("option", running.Options),
      ...factOfEach("label", withoutCompose(running.Labels)),
      ...strangers.map(
        ({ Name, IPv4Address }) => [`container ${Name}`, { text: IPv4Address || "no address" }] as const,
      ),
    ]),
  );
}
