import fc from "fast-check";
import type { ExportedStack } from "../../../targets/export/exported.ts";

/** Values in which some format sees something special. */
export const oddValues = [
  "",
  " ",
  "plain",
  " leading and trailing ",
  "\ttab\t",
  "it's",
  '"quoted"',
  `both ' and "`,
  "$HOME",
  "${HOME}",
  "${HOME:-x}",
  "$$",
  "$(id)",
  "`id`",
  "# no comment",
  "a #b",
  "a#b",
  "back\\slash",
  "\\",
  "\\\\",
  "C:\\dir\\",
  "\\n",
  "\\'",
  '\\"',
  "\\$",
  "two\nlines",
  "\n",
  "ends\n",
  "\r\n",
  "#\n'\n\"",
  "é 漢 🎬",
  "a=b=c",
  "export X",
  "yes",
  "0o17",
  "1e3",
  "12:30:45",
  "0x10",
  "null",
  "~",
  "- item",
  "key: value",
  "{a: b}",
  "[1]",
  "!tag",
  "&anchor",
  "*alias",
  "%x",
  "@x",
  "a\u0085b\u2028c",
  "\ufeffbom",
  "!history",
  "a;b&c|d>e",
  "*?[a]",
] as const;

/** Texts of what is special somewhere, and of anything else. */
export const oddText = fc.oneof(
  fc.constantFrom(...oddValues),
  fc
    .array(
      fc.constantFrom(
        ...[
          " ",
          "'",
          '"',
          "$",
          "{",
          "}",
          "#",
          "\\",
          "\n",
          "\r",
          "\t",
          "`",
          "=",
          ":",
          "a",
          "n",
          "A",
          "é",
          "🎬",
          "!",
        ],
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);

/** A stack of one service with these variables, V0, V1 and so on. */
export function stackWith(values: readonly string[], secret: readonly string[] = []): ExportedStack {
  return {
    stack: "test",
    withSecrets: true,
    services: [
      {
        name: "app",
        place: { file: "catalog/app.yaml", line: 1 },
        variables: [
          ...values.map((text, index) => ({ name: `V${index}`, text, secrets: [] })),
          ...secret.map((text, index) => ({ name: `S${index}`, text, secrets: [`app/s${index}`] })),
        ],
        files: [],
      },
    ],
  };
}

/** What the variables of `stackWith` were read back as. */
export function read(
  values: readonly string[],
  found: Readonly<Record<string, string>>,
): (string | undefined)[] {
  return values.map((_, index) => found[`V${index}`]);
}
