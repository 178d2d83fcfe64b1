import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemdValue } from "../../../../targets/export/formats/systemd.ts";
import { variableFiles } from "../../../../targets/export/formats/variables.ts";
import { folder } from "../../../fixtures/folders.ts";
import { oddText, oddValues, read, stackWith } from "../values.ts";

const format = { name: "an EnvironmentFile", extension: ".env", prefix: "", quote: systemdValue };
const holds = (value: string) => "text" in systemdValue(value);

/**
 * An EnvironmentFile read by the rules of systemd.exec(5): a comment begins with # or ; at the start of a line; blanks
 * around a value go, and are kept inside quotes; inside double quotes a backslash takes the meaning of `"`, `\`, `` ` ``
 * and `$`, joins lines, and stays before anything else; inside single quotes nothing is special.
 */
function byTheRules(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const skipped = /^(?:\s+|[#;][^\n]*(?:\n|$))/.exec(rest);
    if (skipped) {
      rest = rest.slice(skipped[0].length);
      continue;
    }
    const [assigned = "", name = ""] = /^([A-Za-z_][A-Za-z0-9_]*)=[ \t]*/.exec(rest) ?? [];
    if (assigned === "") throw new Error(`no assignment: ${rest.slice(0, 40)}`);
    const value =
      /^"((?:[^"\\]|\\[\s\S])*)"[ \t]*(?:\n|$)/.exec(rest.slice(assigned.length)) ??
      /^'([^']*)'[ \t]*(?:\n|$)/.exec(rest.slice(assigned.length)) ??
      /^([^"'\\\n]*)(?:\n|$)/.exec(rest.slice(assigned.length));
    if (!value) throw new Error(`no value: ${rest.slice(0, 40)}`);
    found[name] = (value[1] ?? "").replace(/\\([\s\S])/g, (both, one: string) =>
      one === "\n" ? "" : '"\\`$'.includes(one) ? one : both,
    );
    rest = rest.slice(assigned.length + value[0].length);
  }
  return found;
}

/** Reads files of the same syntax by the same parser; it also replaces variables, and leaves out what is empty. */
const generator = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";

function bySystemd(text: string): Record<string, string> {
  const home = folder();
  mkdirSync(join(home, "environment.d"));
  writeFileSync(join(home, "environment.d", "1.conf"), text);
  const { stdout } = execaSync(generator, { env: { XDG_CONFIG_HOME: home, HOME: home }, extendEnv: false });
  const lines = stdout.split("\n").map((line) => /^(V\d+)=(?:"(.*)"|(.*))$/s.exec(line));
  return Object.fromEntries(
    lines.flatMap((line) =>
      line?.[1] === undefined ? [] : [[line[1], unescaped(line[2] ?? line[3] ?? "")]],
    ),
  );
}

/** What systemd prints is escaped as in C. */
function unescaped(text: string): string {
  const letters: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };
  const bytes = text.replace(
    /\\(?:x([0-9a-f]{2})|([0-7]{3})|([\s\S]))/g,
    (_, hex?: string, octal?: string, one?: string) => {
      if (one !== undefined) return letters[one] ?? one;
      return String.fromCharCode(Number.parseInt(hex ?? octal ?? "", hex === undefined ? 8 : 16));
    },
  );
  return bytes;
}

function written(values: readonly string[]): string {
  return variableFiles(stackWith(values), format)[0]?.text ?? "";
}

describe("an environment file of systemd", () => {
  const values = oddValues.filter(holds);

  it("holds all but control characters, which it refuses", () => {
    expect(oddValues.filter((value) => !holds(value))).toEqual(["\r\n"]);
    expect(() => variableFiles(stackWith(["\u001b[1m"]), format)).toThrow(
      "app: the value of V0 cannot stand in an EnvironmentFile: it holds a control character",
    );
  });

  it("is read back by the documented rules", () => {
    expect(read(values, byTheRules(written(values)))).toEqual(values);
    fc.assert(
      fc.property(fc.array(oddText.filter(holds), { minLength: 1, maxLength: 20 }), (any) => {
        expect(read(any, byTheRules(written(any)))).toEqual(any);
      }),
    );
  });

  it.skipIf(!existsSync(generator))("is read back by systemd's own parser", () => {
    const readBack = (any: readonly string[]) => {
      const twice = any.map((value) => value.replaceAll("$", "$$$$"));
      expect(read(any, bySystemd(written(twice)))).toEqual(any);
    };
    readBack(values.filter((value) => value !== ""));
    fc.assert(
      fc.property(
        fc.array(
          oddText.filter((value) => holds(value) && value !== ""),
          { minLength: 1, maxLength: 40 },
        ),
        readBack,
      ),
      { numRuns: 25 },
    );
  });
});
