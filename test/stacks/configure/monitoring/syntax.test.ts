import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alloyText, type Block, Reference } from "../../../../stacks/configure/monitoring/alloy/syntax.ts";

const attribute = (value: Block["body"][number] extends infer _ ? unknown : never) =>
  alloyText([{ name: "a", body: [{ key: "b", value: value as string }] }]);

describe("Alloy's syntax", () => {
  it("writes blocks in blocks, labels, and an empty block", () => {
    expect(
      alloyText([
        { name: "a.b", label: "c", body: [{ name: "d", body: [{ key: "e", value: 1 }] }] },
        { name: "f", body: [] },
      ]),
    ).toBe('a.b "c" {\n\td {\n\t\te = 1\n\t}\n}\n\nf { }\n');
  });

  it.each([
    [true, "true"],
    [1.5, "1.5"],
    ['a "b" \\ c\n', '"a \\"b\\" \\\\ c\\n"'],
    [["a", new Reference("b.c.d")], '["a", b.c.d]'],
    [[], "[]"],
    [{ plain: 1, "with.dot": "x" }, '{ plain = 1, "with.dot" = "x" }'],
    [{}, "{}"],
  ])("writes %j as %s", (value, text) => {
    expect(attribute(value)).toBe(`a {\n\tb = ${text}\n}\n`);
  });

  it("keeps every string on its line, between quotes that end where it does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = attribute(text);
        expect(written.split("\n")).toHaveLength(4);
        const literal = written.slice("a {\n\tb = ".length, -"\n}\n".length);
        expect(JSON.parse(literal)).toBe(text);
      }),
    );
  });

  it.each(["1a", "a-b", "", "a b"])("refuses %j as a name", (name) => {
    expect(() => alloyText([{ name, body: [] }])).toThrow("cannot name");
    expect(() => alloyText([{ name: "a", label: name, body: [] }])).toThrow("cannot name");
    expect(() => alloyText([{ name: "a", body: [{ key: name, value: 1 }] }])).toThrow("cannot name");
    expect(() => new Reference(`a.${name}`)).toThrow("no reference");
  });

  it("refuses a number that is none", () => {
    expect(() => attribute(Number.NaN)).toThrow("cannot be written");
  });
});
