import { execaSync } from "execa";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { yamlText } from "../../../targets/export/yamlText.ts";
import { oddText, oddValues } from "./values.ts";

/** PyYAML, with which docker-compose 1.29 reads: YAML 1.1. */
const pyYaml = ["/usr/bin/python3", "python3"].find(
  (python) => !execaSync(python, ["-c", "import yaml"], { reject: false }).failed,
);

function byPyYaml(text: string): unknown {
  const program =
    "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer.read().decode()), sys.stdout)";
  return JSON.parse(execaSync(pyYaml ?? "", ["-c", program], { input: text }).stdout);
}

const documents = fc.record({
  list: fc.array(oddText, { maxLength: 20 }),
  map: fc.dictionary(fc.oneof(oddText, fc.constantFrom("on", "No", "y", "~", "1", "<<")), oddText, {
    noNullPrototype: true,
  }),
  lines: fc.array(oddText, { minLength: 2, maxLength: 5 }).map((lines) => lines.join("\n")),
  deep: fc.record({ number: fc.integer(), yes: fc.boolean() }),
});

describe("YAML of an export", () => {
  it.each(["1.1", "1.2"] as const)("is read back by version %s", (version) => {
    expect(parse(yamlText([...oddValues]), { version })).toEqual(oddValues);
    fc.assert(
      fc.property(documents, (document) => {
        expect(parse(yamlText(document), { version, merge: false })).toEqual(document);
      }),
    );
  });

  it.skipIf(pyYaml === undefined)("is read back by PyYAML", () => {
    expect(byPyYaml(yamlText([...oddValues]))).toEqual(oddValues);
    fc.assert(
      fc.property(fc.array(documents, { minLength: 5, maxLength: 30 }), (all) => {
        expect(byPyYaml(yamlText(all))).toEqual(all);
      }),
      { numRuns: 15 },
    );
  });

  it("writes files as people read them", () => {
    expect(yamlText({ "a.conf": "one\n  two: $x\n", port: "80", name: "app" })).toBe(
      'a.conf: |\n  one\n    two: $x\nport: "80"\nname: app\n',
    );
  });
});
