import fc from "fast-check";
import { lexer, type Token, type Tokens } from "marked";
import { describe, expect, it } from "vitest";
import { code, prose, tableLines } from "../../../targets/review/escape.ts";

/** Text with much of what Markdown and HTML give a meaning to. */
const awkward = fc.string({
  unit: fc.constantFrom(..."`|<>*_[]()#@!&\\~{}-+.\"' \n\tabc1é😀"),
  maxLength: 30,
});

/** The cells of a table's only row, as a GitHub-flavoured parser reads them. */
function cellsOf(...cells: string[]): Tokens.TableCell[] {
  const [table, ...rest] = lexer(
    tableLines(
      cells.map(() => "head"),
      [cells],
    ).join("\n"),
  );
  expect(rest).toEqual([]);
  expect(table?.type).toBe("table");
  const { rows } = table as Tokens.Table;
  expect(rows).toHaveLength(1);
  return rows[0] ?? [];
}

/** What a reader sees of tokens that hold no markup. */
function shown(tokens: readonly Token[]): string {
  return tokens
    .map((token) => ("text" in token ? String(token.text) : token.raw))
    .join("")
    .replaceAll("&#8203;", "");
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

describe("text in a cell", () => {
  it("is read as it was written, and as nothing else", () => {
    fc.assert(
      fc.property(awkward, awkward, (one, other) => {
        const cells = cellsOf(prose(one), prose(other));
        expect(cells).toHaveLength(2);
        for (const [index, text] of [one, other].entries()) {
          const tokens = cells[index]?.tokens ?? [];
          const types = new Set(tokens.map(({ type }) => type));
          expect([...types].filter((type) => type !== "text" && type !== "escape")).toEqual([]);
          expect(oneLine(shown(tokens))).toBe(oneLine(text));
        }
      }),
    );
  });

  it("mentions nobody and refers to no issue", () => {
    fc.assert(fc.property(awkward, (text) => !/@\w|(?<!&)#\w/.test(prose(text))));
  });
});

describe("code in a cell", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(awkward, awkward, (one, other) => {
        const cells = cellsOf(code(one), code(other));
        expect(cells).toHaveLength(2);
        for (const [index, text] of [one, other].entries()) {
          if (oneLine(text) !== "") expect(codeIn(cells[index]?.tokens ?? [])).toBe(oneLine(text));
        }
      }),
    );
  });

  it("says that there is nothing", () => expect(code(" \n")).toBe("(empty)"));
});

/** The text of tokens that are one piece of code: between backticks, or as HTML with every character written as code. */
function codeIn(tokens: readonly Token[]): string {
  const [first] = tokens;
  if (first?.type === "codespan") {
    expect(tokens).toHaveLength(1);
    return (first as Tokens.Codespan).text;
  }
  const html = tokens.map(({ raw }) => raw).join("");
  const [, inner = ""] = /^<code>([\w\s.,:/=&#;-]*)<\/code>$/.exec(html) ?? [];
  return inner.replace(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)));
}
