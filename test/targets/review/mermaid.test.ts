// @vitest-environment happy-dom
// Mermaid cleans labels with a browser's parser.
import fc from "fast-check";
import mermaidLibrary from "mermaid";
import { describe, expect, it } from "vitest";
import { loadStack } from "../../../stacks/load.ts";
import type { Affected } from "../../../targets/review/affected.ts";
import { id, mermaid } from "../../../targets/review/mermaid.ts";
import { drawChanges, drawWhole, type Picture } from "../../../targets/review/picture.ts";
import { projectRoot } from "../../fixtures/folders.ts";
import { found, platform } from "../../fixtures/platforms.ts";
import { household } from "./reviewOf.ts";

const unchanged: Affected = { services: new Map(), links: new Map(), removed: [] };

interface Flowchart {
  getVertices(): Map<string, { text: string; classes: string[] }>;
  getEdges(): { start: string; end: string; stroke: string; text: string }[];
  getSubGraphs(): { id: string; nodes: string[] }[];
}

/** The flowchart as Mermaid reads it. @throws where it cannot */
async function parsed(picture: Picture): Promise<Flowchart> {
  const text = found(mermaid(picture), "a picture");
  await mermaidLibrary.parse(text);
  const { db } = await mermaidLibrary.mermaidAPI.getDiagramFromText(text);
  return db as unknown as Flowchart;
}

/** What a picture says, by names. */
async function readBack(picture: Picture) {
  const flowchart = await parsed(picture);
  const names = new Map(
    picture.segments.flatMap(({ services }) => services.map(({ name }) => [id("service", name), name])),
  );
  const edges = flowchart.getEdges().filter(({ start, end }) => names.has(start) && names.has(end));
  return {
    services: [...flowchart.getVertices().keys()].flatMap((one) => names.get(one) ?? []).sort(),
    links: edges.map(({ start, end, stroke }) => `${names.get(start)} ${stroke} ${names.get(end)}`).sort(),
  };
}

function expected({ segments, links }: Picture) {
  const arrow = (optional: boolean) => (optional ? "dotted" : "normal");
  return {
    services: segments.flatMap(({ services }) => services.map(({ name }) => name)).sort(),
    links: links.map((link) => `${link.consumer} ${arrow(link.optional)} ${link.provider}`).sort(),
  };
}

describe("the picture of a stack", () => {
  it.each(["dev", "staging", "prod"])("%s is read by Mermaid as it is meant", async (stack) => {
    const { platform: whole } = loadStack(projectRoot, stack);
    const picture = drawWhole(whole, unchanged);
    expect(await readBack(picture)).toEqual(expected(picture));
    const { length: segments } = picture.segments;
    const clients = whole.services.some(({ through }) => through !== undefined) ? 1 : 0;
    expect((await parsed(picture)).getSubGraphs()).toHaveLength(segments + clients);
  });

  it("accounts for every link of the whole catalogue, in a fraction of what Mermaid draws", () => {
    const { platform: whole } = loadStack(projectRoot, "dev");
    const picture = drawWhole(whole, unchanged);
    const routes = picture.routes.reduce((sum, { count }) => sum + count, 0);
    expect(picture.links.length + routes + picture.leftOut).toBe(whole.links.length);
    expect(picture.links.length).toBeLessThan(0.75 * whole.links.length);
    expect(found(mermaid(picture), "a picture").length).toBeLessThan(15_000);
  });

  it("is the same each time", () => {
    const draw = () => mermaid(drawWhole(loadStack(projectRoot, "prod").platform, unchanged));
    expect(draw()).toBe(draw());
  });

  it("is none where it is more than Mermaid draws", () => {
    const service = { name: "a".repeat(2000), segment: "media", gateway: false, publish: [] };
    const services = Array.from({ length: 30 }, (_, index) => ({
      ...service,
      name: `${service.name}${index}`,
    }));
    const large: Picture = { segments: [{ name: "media", services }], links: [], routes: [], leftOut: 0 };
    expect(mermaid(large)).toBeUndefined();
    const link = { consumer: "a", provider: "b", optional: false, ports: [] };
    const links = (count: number) => ({
      ...large,
      segments: [],
      links: Array.from({ length: count }, () => link),
    });
    expect(mermaid(links(500))).toBeDefined();
    expect(mermaid(links(501))).toBeUndefined();
  });

  it("shows the gateway, host ports, a VPN's clients, and what is optional", () => {
    const text = found(mermaid(drawWhole(platform(household), unchanged)), "a picture");
    expect(text).toContain('service_gate{{"gate"}}');
    expect(text).toContain('host_0_2e_0_2e_0_2e_0 -->|"443/tcp"| service_gate');
    expect(text).toContain(
      'subgraph through_tunnel["only through tunnel"]\n      service_client["client"]\n    end',
    );
    expect(text).toContain("service_app -.-> service_client");
    expect(text).toContain('service_gate ==>|"1 route"| segment_media');
  });
});

describe("the picture of changes", () => {
  const affected: Affected = {
    services: new Map([
      ["tunnel", "changed"] as const,
      ["client", "follows"] as const,
      ["old", "removed"] as const,
    ]),
    links: new Map([["app client", "added"] as const, ["old store", "removed"] as const]),
    removed: [{ name: "old", segment: "data" }],
  };

  it("has what changes and its neighbours, and nothing else", async () => {
    const picture = drawChanges(platform(household), affected);
    expect(await readBack(picture)).toEqual({
      services: ["app", "client", "old", "store", "tunnel"],
      links: ["app dotted client", "old normal store"],
    });
  });

  it("tells apart what is added, changed, removed and only made anew", () => {
    const text = found(mermaid(drawChanges(platform(household), affected)), "a picture");
    expect(text).toContain('service_tunnel["tunnel"]:::changed');
    expect(text).toContain('service_client["client"]:::follows');
    expect(text).toContain('service_old["old"]:::removed');
    expect(text).toContain('service_app -.->|"8080"| service_client');
    expect(text).toContain("linkStyle 0 stroke:#1a7f37");
    expect(text).toContain("linkStyle 1 stroke:#cf222e");
  });
});

describe("names", () => {
  /** Words of Mermaid's language, and characters it gives a meaning to. */
  const name = fc.oneof(
    fc.constantFrom(
      "end",
      "graph",
      "subgraph",
      "o",
      "x",
      "default",
      "click",
      "style",
      "class-a",
      "a_2d_b",
      "a-b",
    ),
    fc.string({ unit: fc.constantFrom(..."ab1-_.\"'`|#;&<>[](){}%\\ é😀"), minLength: 1, maxLength: 12 }),
  );

  it("of any kind are read as they are written, and no two become one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), async (names) => {
        const services = names.map((one) => ({ name: one, segment: one, gateway: true, publish: [] }));
        const segments = services.map((service) => ({ name: service.name, services: [service] }));
        const [consumer = "", provider = ""] = names;
        const link = { consumer, provider, optional: false, ports: ["80"], fate: "added" as const };
        const picture = { segments, links: [link], routes: [], leftOut: 0 };
        expect(await readBack(picture)).toEqual(expected(picture));
      }),
      { numRuns: 60 },
    );
  });
});
