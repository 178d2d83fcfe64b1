import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { formatProblem } from "../../stacks/errors.ts";
import { showPath } from "../../stacks/issues.ts";
import { parseYaml, type YamlFile } from "../../stacks/yaml.ts";
import { positionOf } from "../fixtures/problems.ts";

const schema = z.strictObject({
  name: z.string(),
  colour: z.enum(["red", "green", "blue"]).default("red"),
  ports: z.array(z.strictObject({ port: z.int(), purpose: z.string().optional() })).default([]),
  limits: z.strictObject({ memory: z.int() }).optional(),
  labels: z.record(z.string().regex(/^[a-z]+$/, "use lower-case letters"), z.string()).default({}),
  budgets: z.partialRecord(z.enum(["config", "media"]), z.int()).default({}),
  include: z.union([z.literal("all"), z.array(z.string())]).optional(),
  shape: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("round") }),
      z.strictObject({ kind: z.literal("square") }),
    ])
    .optional(),
});
const file = "catalog/thing.yaml";

/** Every problem of the text, as a person reads it. */
function complaints(text: string): string[] {
  const result = parseYaml(file, text, schema);
  return result.ok ? [] : result.problems.map(formatProblem);
}

/** `file:line:column` of the words in the text. */
function at(text: string, words: string): string {
  const { line, column } = positionOf(text, words);
  return `${file}:${line}:${column}`;
}

function read(text: string): YamlFile<z.output<typeof schema>> {
  const result = parseYaml(file, text, schema);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.yaml;
}

it("reads a valid file and fills in defaults", () => {
  expect(read("name: thing\nports:\n  - port: 80\n").value).toEqual({
    name: "thing",
    colour: "red",
    ports: [{ port: 80 }],
    labels: {},
    budgets: {},
  });
});

describe("a wrong value is told with its place", () => {
  it("of a wrong type", () => {
    const text = "name: thing\nports:\n  - port: 80\n  - purpose: web\n    port: eighty\n";
    expect(complaints(text)).toEqual([
      `${at(text, "port: eighty")}: ports[1].port is "eighty", expected number`,
    ]);
  });

  it("of a mapping where a text is wanted", () => {
    const text = "colour: red\nname: {first: a}\n";
    expect(complaints(text)).toEqual([`${at(text, "name:")}: name is {"first":"a"}, expected string`]);
  });

  it("of a missing key, at what it is missing from", () => {
    const text = "name: thing\nlimits: {}\n";
    expect(complaints(text)).toEqual([`${at(text, "limits:")}: limits.memory is missing (number)`]);
  });

  it("of a missing key of a list's item", () => {
    const text = "name: thing\nports:\n  - port: 80\n  - purpose: web\n";
    expect(complaints(text)).toEqual([`${at(text, "purpose: web")}: ports[1].port is missing (number)`]);
  });

  it("of a fraction where a whole number is wanted", () => {
    expect(complaints("name: thing\nlimits: {memory: 1.5}\n")).toEqual([
      `${file}:2:10: limits.memory is 1.5, expected int`,
    ]);
  });

  it("of an empty file", () => {
    expect(complaints("")).toEqual([`${file}:1:1: is null, expected object`]);
  });

  it("without repeating a long value in full", () => {
    const long = "x".repeat(500);
    const [complaint] = complaints(`name: thing\nlimits: {memory: ${long}}\n`);
    expect(complaint).toContain("limits.memory is ");
    expect(complaint?.length).toBeLessThan(200);
  });

  it("through Windows line ends", () => {
    const text = "name: thing\r\n\r\nlimits:\r\n  memory: much\r\n";
    expect(complaints(text)).toEqual([`${file}:4:3: limits.memory is "much", expected number`]);
  });
});

describe("an unknown key is told with the one that was meant", () => {
  it("at the top", () => {
    const text = "name: thing\ncolor: red\n";
    expect(complaints(text)).toEqual([
      `${at(text, "color")}: has the unknown key "color", did you mean "colour"?`,
    ]);
  });

  it("in a list's item", () => {
    const text = "name: thing\nports:\n  - port: 80\n    purpse: web\n";
    expect(complaints(text)).toEqual([
      `${at(text, "purpse")}: ports[0] has the unknown key "purpse", did you mean "purpose"?`,
    ]);
  });

  it("inside an optional mapping", () => {
    const text = "name: thing\nlimits:\n  memory: 1\n  memry: 2\n";
    expect(complaints(text)).toEqual([
      `${at(text, "memry")}: limits has the unknown key "memry", did you mean "memory"?`,
    ]);
  });

  it("and without one where nothing is near", () => {
    expect(complaints("name: thing\nzebra: 1\n")).toEqual([`${file}:2:1: has the unknown key "zebra"`]);
  });

  it("among the keys of a partial record", () => {
    const text = "name: thing\nbudgets: {medai: 1}\n";
    expect(complaints(text)).toEqual([
      `${at(text, "medai")}: budgets has the unknown key "medai", did you mean "media"?`,
    ]);
  });
});

describe("a value that is none of the possible ones", () => {
  it("is told with the one that was meant", () => {
    const text = "name: thing\ncolour: gren\n";
    expect(complaints(text)).toEqual([`${at(text, "colour")}: colour is "gren", did you mean "green"?`]);
  });

  it("is told with all possible ones where none is near", () => {
    expect(complaints("name: thing\ncolour: turquoise\n")).toEqual([
      `${file}:2:1: colour is "turquoise"; possible: red, green, blue`,
    ]);
  });

  it("is told for a union of a word and a list", () => {
    expect(complaints("name: thing\ninclude: al\n")).toEqual([
      `${file}:2:1: include is "al", did you mean "all"?`,
    ]);
  });

  it("is told for the kind of a mapping", () => {
    const text = "name: thing\nshape:\n  kind: squar\n";
    expect(complaints(text)).toEqual([`${at(text, "kind")}: shape.kind is "squar", did you mean "square"?`]);
  });
});

it("a key that breaks its rule is told with the rule", () => {
  const text = "name: thing\nlabels: {Upper: x}\n";
  expect(complaints(text)).toEqual([`${at(text, "Upper")}: labels.Upper: use lower-case letters`]);
});

describe("where a secret is written, nothing of it is repeated", () => {
  const told = (text: string) => {
    const isSecret = ([first]: readonly PropertyKey[]) => first === "labels";
    const result = parseYaml(file, text, schema, { isSecret });
    return result.ok ? [] : result.problems.map(formatProblem);
  };

  it("in a wrong value", () => {
    const text = "name: thing\nlabels: {a: [hunter2], b: {c: hunter2}}\n";
    expect(told(text)).toEqual([
      `${at(text, "a: ")}: labels.a: Invalid input: expected string, received array`,
      `${at(text, "b: ")}: labels.b: Invalid input: expected string, received object`,
    ]);
  });

  it("in a value around it", () => {
    expect(told("- labels: {a: hunter2}\n")).toEqual([`${file}:1:1: is a list, expected object`]);
  });

  it("and the rest is told as ever", () => {
    expect(told("name: 1\ncolour: gren\n")).toEqual([
      `${file}:1:1: name is 1, expected string`,
      `${file}:2:1: colour is "gren", did you mean "green"?`,
    ]);
  });

  it("in a syntax error, which is told without what it quotes", () => {
    expect(told("labels: {a: *hunter2}\n")).toEqual([
      `${file}: refused: Unresolved alias (the anchor must be set before the alias)`,
    ]);
    expect(told('labels: {"hunter2" x}\n')).toEqual([
      expect.stringContaining("Missing , or : between flow map items"),
    ]);
  });
});

describe("what is no YAML", () => {
  it("is told with the place of a syntax error", () => {
    const text = "name: thing\nports: [1, 2\ncolour: red\n";
    expect(complaints(text)[0]).toMatch(/^catalog\/thing\.yaml:3:1: /);
  });

  it("is told for an unclosed quotation mark", () => {
    expect(complaints('name: "thing\n')).toEqual([
      expect.stringMatching(/^catalog\/thing\.yaml:\d+:\d+: .*quote/i),
    ]);
  });

  it("is told for a key written twice, at the second", () => {
    const text = "name: thing\ncolour: red\nname: other\n";
    expect(complaints(text)).toEqual([`${file}:3:1: this key is written twice: name`]);
  });

  it("is told for a key in quotation marks written twice, as it is written", () => {
    const text = 'name: thing\nlabels: {"long key": a, "long key": b}\n';
    expect(complaints(text)).toEqual([`${file}:2:25: this key is written twice: "long key"`]);
  });

  it("is told for a key written twice deep inside", () => {
    const text = "name: thing\nlimits:\n  memory: 1\n  memory: 2\n";
    expect(complaints(text)).toEqual([expect.stringMatching(/^catalog\/thing\.yaml:4:3: .*written twice/)]);
  });

  it("is told for a second document in the file", () => {
    expect(complaints("name: thing\n---\nname: other\n")).toHaveLength(1);
  });

  it("is told for brackets without an end, with no exception", () => {
    expect(complaints("[".repeat(5_000))).not.toEqual([]);
  });
});

describe("what would exhaust the machine is refused", () => {
  it("a billion laughs", () => {
    const levels = [..."abcdefghi"];
    const lines = levels.map((level, index) => {
      const items = index === 0 ? Array(9).fill("lol") : Array(9).fill(`*${levels[index - 1]}`);
      return `${level}: &${level} [${items.join(", ")}]`;
    });
    expect(complaints(lines.join("\n"))).toEqual([
      expect.stringMatching(/^catalog\/thing\.yaml: refused: .*alias/i),
    ]);
  });

  it("but an anchor used a few times is read", () => {
    const text = "name: &name thing\nports:\n  - {port: 1, purpose: *name}\n  - {port: 2, purpose: *name}\n";
    expect(read(text).value.ports.map(({ purpose }) => purpose)).toEqual(["thing", "thing"]);
  });

  it("an anchor that contains itself", () => {
    expect(complaints("name: &name [*name]\n")).toEqual([
      `${file}:1:14: this alias stands for a value that contains it; write the value out`,
    ]);
  });

  it("an anchor that contains itself deep inside, where the schema looks at nothing", () => {
    const result = parseYaml(file, "a: &a\n  b: [{c: *a}]\n", z.unknown());
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      `${file}:2:8: this alias stands for a value that contains it; write the value out`,
    ]);
  });

  it("a file over 1 MiB, unread", () => {
    const text = `name: thing\n# ${"x".repeat(1024 * 1024)}\n: [`;
    expect(complaints(text)).toEqual([`${file}: the file is over 1 MiB; split it`]);
  });

  it("a file over 1 MiB counted in bytes, not characters", () => {
    expect(complaints(`name: thing\n# ${"é".repeat(600 * 1024)}\n`)).toEqual([
      expect.stringContaining("over 1 MiB"),
    ]);
  });

  it("but a file of 1 MiB exactly is read", () => {
    const start = "name: thing\n# ";
    expect(complaints(start + "x".repeat(1024 * 1024 - start.length))).toEqual([]);
  });
});

it("several problems are told in one run", () => {
  const text = "colour: gren\nports:\n  - {port: eighty}\n  - {prt: 80}\nlimits: {memory: 1.5}\n";
  const told = complaints(text);
  expect(told).toHaveLength(6);
  expect(told).toEqual(
    expect.arrayContaining([
      expect.stringContaining("name is missing"),
      expect.stringContaining("colour is"),
      expect.stringContaining("ports[0].port is"),
      expect.stringContaining("ports[1].port is missing"),
      expect.stringContaining('ports[1] has the unknown key "prt", did you mean "port"?'),
      expect.stringContaining("limits.memory"),
    ]),
  );
});

it("several duplicate keys are told in one run", () => {
  expect(complaints("name: a\nname: b\ncolour: red\ncolour: blue\n")).toHaveLength(2);
});

it("no text makes it throw", () => {
  const unit = fc.constantFrom(...":-[]{}a1 \n\"'|>!%@#?,~".split(""), "name: ", "ports:\n  - ", "\t", "é");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const result = parseYaml(file, text, schema);
      if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});

describe("the place of a value", () => {
  const text = "name: thing\nports:\n  - port: 80\n    purpose: web\n  - port: 81\nlimits:\n  memory: 1\n";

  it.each([
    ["a key", ["limits", "memory"], "memory: 1"],
    ["a key of a list's item", ["ports", 0, "purpose"], "purpose: web"],
    ["a list's item", ["ports", 1], "port: 81"],
    ["the file itself", [], "name: thing"],
    ["an absent key, at what it is absent from", ["limits", "swap"], "limits:"],
    ["an absent item, at its list", ["ports", 7, "port"], "ports:"],
  ])("is that of %s", (_, path, words) => {
    expect(read(text).locate(path)).toEqual({ file, ...positionOf(text, words) });
  });
});

it("a path is shown as people write it", () => {
  expect(showPath(["links", 2, "provider"])).toBe("links[2].provider");
  expect(showPath([])).toBe("");
});

describe("deep nesting", () => {
  it.each([
    ["brackets", `name: ${"[".repeat(50_000)}`],
    ["braces", `name: ${"{a: ".repeat(20_000)}`],
    ["dashes", `${"- ".repeat(20_000)}x`],
    ["indentation", Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ])("by %s is refused with its line before it is parsed", (_, text) => {
    expect(complaints(text)).toEqual([
      expect.stringMatching(/^catalog\/thing\.yaml:\d+: is nested more than 64 levels deep/),
    ]);
  });

  it("is not what balanced brackets in many lines of text are", () => {
    const text = `name: x\nlabels:\n  a: |\n${"    server { location / { return [1]; } }\n".repeat(500)}`;
    expect(complaints(text)).toEqual([]);
  });
});
