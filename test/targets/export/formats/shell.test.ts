import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellWord } from "../../../../targets/export/formats/shell.ts";
import { variableFiles } from "../../../../targets/export/formats/variables.ts";
import { folder } from "../../../fixtures/folders.ts";
import { oddText, oddValues, read, stackWith } from "../values.ts";

const shells = ["sh", "bash", "dash"].filter(
  (shell) => !execaSync(shell, ["-c", "exit"], { reject: false }).failed,
);

const format = { name: "a shell script", extension: ".sh", prefix: "export ", quote: shellWord };

/** The variables as a process has them that the shell starts after it read the script. */
function readBack(shell: string, values: readonly string[]): (string | undefined)[] {
  const [file] = variableFiles(stackWith(values), format);
  const path = join(folder(), "app.sh");
  writeFileSync(path, file?.text ?? "");
  const { stdout } = execaSync(shell, ["-euc", `. ${path}; exec env -0`], {
    env: { PATH: process.env.PATH },
    extendEnv: false,
    stripFinalNewline: false,
  });
  const lines = stdout.split("\0").filter(Boolean);
  return read(
    values,
    Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    ),
  );
}

describe.each(shells)("%s reads exports", (shell) => {
  it("with everything that is special to it", () => {
    expect(readBack(shell, oddValues)).toEqual(oddValues);
  });

  it("with any text", () => {
    fc.assert(
      fc.property(fc.array(oddText, { minLength: 1, maxLength: 40 }), (values) => {
        expect(readBack(shell, values)).toEqual(values);
      }),
      { numRuns: 25 },
    );
  });
});

describe("a shell script", () => {
  it("is tried with a shell", () => {
    expect(shells).not.toEqual([]);
  });

  it("refuses what no variable can hold, with service, variable and fix", () => {
    expect(() => variableFiles(stackWith(["a\0b", "\ud800"]), format)).toThrow(
      /catalog\/app\.yaml:1: app: the value of V0 cannot stand in a shell script: it holds a NUL.*write another value\n.*V1/,
    );
  });
});
