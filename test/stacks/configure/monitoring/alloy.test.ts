import { describe, expect, it } from "vitest";
import { alloyBlocks } from "../../../../stacks/configure/monitoring/alloy/index.ts";
import {
  type Attribute,
  type Block,
  Reference,
  type Statement,
  type Value,
} from "../../../../stacks/configure/monitoring/alloy/syntax.ts";
import { type AlloyBlock, alloyComponents } from "./alloyComponents.ts";

const blocks = alloyBlocks("tcp://socket-proxy:2375", "http://loki:3100", "dev");

/** What Alloy would refuse of its configuration, were it here. */
function faults(of: readonly Block[]): string[] {
  const declared = new Set(of.map(({ name, label }) => `${name}.${label}`));
  return of.flatMap((block) => {
    const component = alloyComponents[block.name];
    if (!component) return [`no component ${block.name}`];
    return [
      ...(block.label === undefined ? [`${block.name} has no label`] : []),
      ...faultsIn(block, component, block.name),
      ...references(block.body).flatMap(({ path }) => {
        const parts = path.split(".");
        const exported = parts.pop() ?? "";
        const name = parts.slice(0, -1).join(".");
        const known = alloyComponents[name]?.exports?.includes(exported) && declared.has(parts.join("."));
        return known ? [] : [`nothing exports ${path}`];
      }),
    ];
  });
}

function faultsIn({ body }: Block, allowed: AlloyBlock, path: string): string[] {
  const keys = body.filter((statement) => isAttribute(statement)).map(({ key }) => key);
  return [
    ...keys.filter((key) => !allowed.attributes.includes(key)).map((key) => `${path} has no ${key}`),
    ...keys.filter((key, index) => keys.indexOf(key) < index).map((key) => `${path} has ${key} twice`),
    ...(allowed.required ?? []).filter((key) => !keys.includes(key)).map((key) => `${path} lacks ${key}`),
    ...body.flatMap((statement) => {
      if (isAttribute(statement)) return [];
      const inner = allowed.blocks?.[statement.name];
      const at = `${path} > ${statement.name}`;
      return inner ? faultsIn(statement, inner, at) : [`${path} has no block ${statement.name}`];
    }),
  ];
}

function isAttribute(statement: Statement): statement is Attribute {
  return "key" in statement;
}

function references(body: readonly Statement[]): Reference[] {
  const within = (value: Value): Reference[] => {
    if (value instanceof Reference) return [value];
    return typeof value === "object" ? Object.values(value).flatMap(within) : [];
  };
  return body.flatMap((statement) =>
    isAttribute(statement) ? within(statement.value) : references(statement.body),
  );
}

/** The blocks with another name for every attribute, block, component or reference of a name. */
function misspelt(name: string, as: string): Block[] {
  const value = (of: Value): Value => {
    if (of instanceof Reference) return new Reference(of.path.replace(name, as));
    return Array.isArray(of) ? of.map(value) : of;
  };
  const statement = (of: Statement): Statement =>
    isAttribute(of) ? { key: of.key === name ? as : of.key, value: value(of.value) } : block(of);
  const block = (of: Block): Block => ({
    ...of,
    name: of.name === name ? as : of.name,
    body: of.body.map(statement),
  });
  return blocks.map(block);
}

describe("Alloy's configuration", () => {
  it("has components, attributes, blocks and references that Alloy's reference has", () => {
    expect(blocks.length).toBeGreaterThan(3);
    expect(faults(blocks)).toEqual([]);
  });

  it.each([
    ["refresh_interval", "refresh_intervall", "discovery.docker has no refresh_intervall"],
    ["url", "address", "loki.write > endpoint has no address"],
    ["url", "address", "loki.write > endpoint lacks url"],
    ["source_labels", "source_label", "discovery.relabel > rule has no source_label"],
    ["endpoint", "endpoints", "loki.write has no block endpoints"],
    ["loki.write", "loki.push", "no component loki.push"],
    ["output", "targets", "nothing exports discovery.relabel.containers.targets"],
    ["store.receiver", "shop.receiver", "nothing exports loki.write.shop.receiver"],
  ])("would be refused with %s as %s", (name, as, fault) => {
    expect(faults(misspelt(name, as))).toContain(fault);
  });
});
