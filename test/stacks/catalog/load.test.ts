import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../stacks/catalog/load.ts";
import { folder } from "../../fixtures/folders.ts";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { recordText } from "../../fixtures/records.ts";

/** What is wrong with a catalogue of these files. */
function wrong(files: Readonly<Record<string, string>>, folders: readonly string[] = ["catalog"]): string[] {
  const root = folder(files);
  return complaints(() => loadCatalog(root, folders));
}

describe("a catalogue", () => {
  it("is every YAML file of the folder and those below it, by name", () => {
    const root = folder({
      "catalog/z.yaml": recordText({ name: "beta", number: 1 }),
      "catalog/deep/er/a.yml": recordText({ name: "gamma", number: 2 }),
      "catalog/m.yaml": recordText({ name: "alpha", number: 3 }),
      "catalog/readme.md": "not a record",
    });
    const catalog = loadCatalog(root, ["catalog"]);
    expect([...catalog.keys()]).toEqual(["alpha", "beta", "gamma"]);
    expect(catalog.get("gamma")?.file).toBe("catalog/deep/er/a.yml");
  });

  it("leaves out environments.yaml, which is no record", () => {
    const root = folder({ "catalog/environments.yaml": "base: {}", "catalog/a.yaml": recordText() });
    expect([...loadCatalog(root, ["catalog"]).keys()]).toEqual(["alpha"]);
  });

  it("is made of several folders", () => {
    const root = folder({
      "catalog/a.yaml": recordText(),
      "mine/b.yaml": recordText({ name: "beta", number: 100 }),
    });
    expect([...loadCatalog(root, ["catalog", "mine"]).keys()]).toEqual(["alpha", "beta"]);
  });

  it("takes a folder that is called like a file for the folder it is", () => {
    const root = folder({
      "catalog/a.yaml": recordText(),
      "catalog/more.yaml/b.yaml": recordText({ name: "beta", number: 1 }),
    });
    expect([...loadCatalog(root, ["catalog"]).keys()]).toEqual(["alpha", "beta"]);
  });
});

describe("what is wrong with a catalogue", () => {
  it("is told of all its files in one run, each with its place", () => {
    const unknown = `${recordText()}colour: red\n`;
    const missing = recordText({ name: "beta", number: 1 }).replace(/^title: .*\n/m, "");
    const rule = recordText({ name: "gamma", number: 2, ports: [], metrics: { port: 9000 } });
    const told = wrong({ "catalog/a.yaml": unknown, "catalog/b/b.yaml": missing, "catalog/c.yaml": rule });
    const { line } = positionOf(unknown, "colour");
    expect(told).toEqual([
      `catalog/a.yaml:${line}:1: has the unknown key "colour"`,
      "catalog/b/b.yaml:1:1: title is missing (string)",
      expect.stringMatching(/^catalog\/c\.yaml:\d+:\d+: the metrics endpoint is port 9000/),
    ]);
  });

  it("includes a folder that is not there", () => {
    expect(wrong({}, ["nowhere"])).toEqual(["the catalogue folder nowhere cannot be read"]);
  });

  it("includes a file over 1 MiB", () => {
    expect(wrong({ "catalog/a.yaml": `# ${"x".repeat(1024 * 1024)}` })).toEqual([
      "catalog/a.yaml: the file is over 1 MiB; split it",
    ]);
  });

  it("includes an empty file", () => {
    expect(wrong({ "catalog/a.yaml": "" })).toEqual(["catalog/a.yaml:1:1: is null, expected object"]);
  });

  it("includes a link that leads nowhere", () => {
    const root = folder({ "catalog/a.yaml": recordText() });
    symlinkSync("nowhere", join(root, "catalog/.#a.yaml"));
    expect(complaints(() => loadCatalog(root, ["catalog"]))).toEqual([
      "catalog/.#a.yaml: the file is not there, or is a link to one that is not",
    ]);
  });

  it("includes a link to a folder", () => {
    const root = folder({ "catalog/a.yaml": recordText() });
    symlinkSync(".", join(root, "catalog/loop.yaml"));
    expect(complaints(() => loadCatalog(root, ["catalog"]))).toEqual([
      "catalog/loop.yaml: the file cannot be read (EISDIR)",
    ]);
  });
});

describe("names and numbers are taken once", () => {
  it("a name", () => {
    const second = recordText({ number: 1 });
    const told = wrong({ "catalog/a.yaml": recordText(), "catalog/b.yaml": second });
    const { line, column } = positionOf(second, "name:");
    expect(told).toEqual([
      `catalog/b.yaml:${line}:${column}: name "alpha" is taken by alpha (catalog/a.yaml)`,
    ]);
  });

  it("a number, with the next one that is free", () => {
    const second = recordText({ name: "beta", number: 7 });
    const told = wrong({
      "catalog/a.yaml": recordText({ number: 7 }),
      "catalog/b.yaml": second,
      "catalog/c.yaml": recordText({ name: "gamma", number: 100 }),
    });
    const { line, column } = positionOf(second, "number:");
    expect(told).toEqual([
      `catalog/b.yaml:${line}:${column}: number 7 is taken by alpha (catalog/a.yaml); the next free one is 101`,
    ]);
  });

  it("over all folders", () => {
    const files = {
      "catalog/a.yaml": recordText({ number: 7 }),
      "mine/b.yaml": recordText({ name: "beta", number: 7 }),
    };
    expect(wrong(files, ["catalog", "mine"])).toEqual([
      expect.stringContaining("taken by alpha (catalog/a.yaml)"),
    ]);
  });

  it("no number is suggested that a record may not have", () => {
    const files = Object.fromEntries(
      Array.from({ length: 28 }, (_, index) => [
        `catalog/s${index}.yaml`,
        recordText({ name: `s${index}`, number: 100 + index }),
      ]),
    );
    const told = wrong({ ...files, "catalog/z.yaml": recordText({ name: "late", number: 100 }) });
    expect(told).toEqual([
      expect.stringMatching(/number 100 is taken by s0 \(catalog\/s0\.yaml\); none of 100 to 127 is free$/),
    ]);
  });
});
