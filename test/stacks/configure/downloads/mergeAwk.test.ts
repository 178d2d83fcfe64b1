import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { mergeAwk } from "../../../../stacks/configure/downloads/mergeAwk.ts";
import { iniOf } from "./stack.ts";

const folder = mkdtempSync(join(tmpdir(), "ums-merge-"));
const program = join(folder, "merge.awk");
writeFileSync(program, mergeAwk as string);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the script makes of texts, the last one winning. */
function merged(texts: readonly string[], words: readonly string[] = []): string {
  const paths = texts.map((text, index) => {
    const path = join(folder, `${index}.conf`);
    writeFileSync(path, text);
    return path;
  });
  return execFileSync("awk", ["-f", program, ...words, ...paths], { encoding: "utf8" });
}

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9\\ *-]{0,6}[A-Za-z0-9]$/);
const value = fc.stringMatching(/^(?:[!-~][ -~]{0,10}[!-~])?$/).filter((text) => !/^("""|''')/.test(text));
const section = fc.record({
  path: fc.oneof(fc.constant([]), fc.tuple(name), fc.tuple(name, name)),
  values: fc.dictionary(name, value, { maxKeys: 4 }),
});
type Section = typeof section extends fc.Arbitrary<infer T> ? T : never;

function written(sections: readonly Section[]): string {
  return sections
    .flatMap(({ path, values }) => [
      ...path.map((part, depth) => `${"[".repeat(depth + 1)}${part}${"]".repeat(depth + 1)}`),
      ...Object.entries(values).map(([key, text]) => `${key} = ${text}`),
    ])
    .join("\n");
}

describe("files merged by awk", () => {
  it("have every key of each, with the value of the last that has it", () => {
    const file = fc.array(section, { maxLength: 4 }).map((all) =>
      // Before the first section only at the top of a file.
      [...all].sort((a, b) => a.path.length - b.path.length),
    );
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), (files) => {
        const expected = new Map<string, string>();
        for (const { path, values } of files.flat())
          for (const [key, text] of Object.entries(values)) expected.set([...path, key].join("/"), text);
        const out = iniOf(merged(files.map(written)));
        expect([...out].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 60 },
    );
  });

  it("stay as they are when merged with themselves", () => {
    const text = "top=1\n[a]\nx=1\n[[in]]\ny=2\n[b]\nz=3\n";
    expect(merged([text, text])).toBe(text);
  });

  it("lose comments and carriage returns, and keep values that span lines", () => {
    const own =
      '# comment\r\n[servers]\r\n[[news]]\r\nnotes = """one\n[[tv]]\na=b\n"""\nhost = x\n; comment\n';
    expect(merged([own, "[servers]\n[[news]]\nhost=y\n"])).toBe(
      '[servers]\n[[news]]\nnotes="""one\n[[tv]]\na=b\n"""\nhost=y\n',
    );
  });

  it("have entries of a numbered list by their names, in whatever case, numbered without gaps", () => {
    const own =
      "A=1\nCategory1.Name=Movies\nCategory1.Unpack=no\nCategory4.Name=Mine\nCategory4.DestDir=/mine\n";
    const enforced =
      "Category1.Name=tv\nCategory1.DestDir=/tv\nCategory2.Name=movies\nCategory2.DestDir=/movies\n";
    const text = merged([own, enforced], ["-v", "list=Category", "-v", "by=Name"]);
    expect(Object.fromEntries(iniOf(text))).toEqual({
      A: "1",
      "Category1.Name": "movies",
      "Category1.Unpack": "no",
      "Category1.DestDir": "/movies",
      "Category2.Name": "Mine",
      "Category2.DestDir": "/mine",
      "Category3.Name": "tv",
      "Category3.DestDir": "/tv",
    });
  });
});
