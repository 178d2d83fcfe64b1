import type { DrawnLink, DrawnService, Picture } from "./picture.ts";

/** Mermaid's `maxTextSize` and `maxEdges`, which a page may raise; GitHub does not. */
const limits = { characters: 50_000, edges: 500 } as const;

/** Text, border and fill that can be read on a light and on a dark page. */
const styles = {
  added: "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
  changed: "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
  follows: "stroke:#9a6700,stroke-dasharray:2 4",
  removed: "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:5 5",
} as const;
const linkStyles = {
  added: "stroke:#1a7f37,stroke-width:3px",
  changed: "stroke:#9a6700,stroke-width:3px",
  removed: "stroke:#cf222e,stroke-width:3px",
} as const;

/**
 * The picture as a Mermaid flowchart: a frame for each segment and, in it, for each VPN container's network namespace;
 * the gateway a hexagon; an arrow for each link from consumer to provider, dotted where the consumer does without, and a thick one
 * for all routes into a segment.
 */
export function mermaid({ segments, links, routes }: Picture): string | undefined {
  const services = segments.flatMap((segment) => segment.services);
  const entrances = entrancesOf(services);
  const lines = [
    "flowchart LR",
    ...[...new Set(entrances.map(({ address }) => address))].map((address) => `  ${entrance(address)}`),
    ...segments.flatMap(({ name, cidr, services: members }) => [
      `  subgraph ${id("segment", name)}[${label(cidr === undefined ? name : `${name} ${cidr}`)}]`,
      ...members.filter(({ through }) => through === undefined).map((service) => `    ${node(service)}`),
      ...throughOf(members).flatMap(([vpn, clients]) => [
        `    subgraph ${id("through", vpn)}[${label(`only through ${vpn}`)}]`,
        ...clients.map((client) => `      ${node(client)}`),
        "    end",
      ]),
      "  end",
    ]),
    ...entrances.map(
      ({ address, service, ports }) =>
        `  ${id("host", address)} -->|${label(ports.join(", "))}| ${id("service", service)}`,
    ),
    ...links.map((link) => `  ${arrow(link)}`),
    ...routes.map(
      ({ service, segment, count }) =>
        `  ${id("service", service)} ==>|${label(`${count} ${count === 1 ? "route" : "routes"}`)}| ${id("segment", segment)}`,
    ),
    ...linkStylesOf(links, entrances.length),
    ...Object.entries(styles)
      .filter(([fate]) => services.some((service) => service.fate === fate))
      .map(([fate, style]) => `  classDef ${fate} ${style}`),
  ];
  const text = lines.join("\n");
  const edges = entrances.length + links.length + routes.length;
  return text.length > limits.characters || edges > limits.edges ? undefined : text;
}

/**
 * An identifier for any name: letters and digits stay, all else is written as its code, so that no two are alike and
 * none is a word of Mermaid's.
 */
export function id(kind: "service" | "segment" | "through" | "host", name: string): string {
  const written = name.replace(
    /[^A-Za-z0-9]/gu,
    (character) => `_${character.codePointAt(0)?.toString(16)}_`,
  );
  return `${kind}_${written}`;
}

/** Text in quotes, with the characters that Mermaid, or the HTML it makes, would read as something else as codes. */
function label(text: string): string {
  return `"${text.replace(/[^\p{L}\p{N} .,:/()-]/gu, (character) => `#${character.codePointAt(0)};`)}"`;
}

function node({ name, gateway, fate }: DrawnService): string {
  const shape = gateway ? `{{${label(name)}}}` : `[${label(name)}]`;
  return `${id("service", name)}${shape}${fate === undefined ? "" : `:::${fate}`}`;
}

function arrow({ consumer, provider, optional, ports }: DrawnLink): string {
  const line = optional ? "-.->" : "-->";
  const text = ports.length > 0 ? `|${label(ports.join(", "))}|` : "";
  return `${id("service", consumer)} ${line}${text} ${id("service", provider)}`;
}

/** Clients of each VPN container, by its name. */
function throughOf(services: readonly DrawnService[]): [string, DrawnService[]][] {
  const names = new Set(services.flatMap(({ through }) => through ?? []));
  return [...names].sort().map((vpn) => [vpn, services.filter(({ through }) => through === vpn)]);
}

interface Entrance {
  address: string;
  service: string;
  ports: string[];
}

/** Host ports of each service on each address, sorted. */
function entrancesOf(services: readonly DrawnService[]): Entrance[] {
  return services.flatMap(({ name, publish }) =>
    [...new Set(publish.map(({ address }) => address))].sort().map((address) => ({
      address,
      service: name,
      ports: publish
        .filter((port) => port.address === address)
        .sort((a, b) => a.host - b.host || (a.protocol < b.protocol ? -1 : 1))
        .map(({ host, protocol }) => `${host}/${protocol}`),
    })),
  );
}

function entrance(address: string): string {
  const everywhere = address === "0.0.0.0" || address === "::";
  return `${id("host", address)}((${label(everywhere ? "internet" : address)}))`;
}

function linkStylesOf(links: readonly DrawnLink[], first: number): string[] {
  return Object.entries(linkStyles).flatMap(([fate, style]) => {
    const indices = links.flatMap((link, index) => (link.fate === fate ? [first + index] : []));
    return indices.length > 0 ? [`  linkStyle ${indices.join(",")} ${style}`] : [];
  });
}
