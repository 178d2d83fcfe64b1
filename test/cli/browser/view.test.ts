import fc from "fast-check";
import pc from "picocolors";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import type { BrowserState } from "../../../cli/browser/model.ts";
import { openState } from "../../../cli/browser/model.ts";
import { screen } from "../../../cli/browser/view.ts";
import { keys, pressing, shelf } from "./shelf.ts";

const plain = pc.createColors(false);
const colourful = pc.createColors(true);
const on = shelf();
const text = (state: BrowserState, columns = 80, rows = 24, of = on) =>
  screen(of, state, { columns, rows }, plain)
    .map((line) => line.trimEnd())
    .join("\n");

describe("the screen", () => {
  it("has as many lines as the terminal, each of its width, whatever was pressed", () => {
    const key = fc.constantFrom("down", "up", "space", "right", "/", "f", "y", "q", "a", "return", "escape");
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 70 }),
        fc.array(key, { maxLength: 12 }),
        fc.boolean(),
        (columns, rows, pressed, colours) => {
          const lines = screen(
            on,
            pressing(on, keys(...pressed)),
            { columns, rows },
            colours ? colourful : plain,
          );
          expect(lines).toHaveLength(rows);
          expect(lines.map((line) => stringWidth(line))).toEqual(lines.map(() => columns));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("shows categories, what is in the stack, and what of it is new", () => {
    const state = pressing(on, keys("down", "space"));
    expect(text(state)).toContain(
      [
        "gateway 1/1",
        "  [x] door                      The way in.                               16 MiB",
        "content 2/2",
        ">+[x] films                     Finds films.                             1.5 GiB",
        " +[+] indexer                   Searches for others.                      16 MiB",
      ].join("\n"),
    );
  });

  it("shows what a service would bring, its limits, ports and address", () => {
    const shown = text(pressing(on, keys("down")), 140);
    expect(shown).toContain("Films (films)");
    expect(shown).toContain("brings along: indexer (16 MiB)");
    expect(shown).toContain("limits: 1.5 GiB, 1 processor");
    expect(shown).toContain("ports: 7878");
    expect(shown).toContain("on the host: none");
    expect(text(openState(on), 140)).toContain("on the host: 443");
  });

  it("shows what it replaces, what retired it, and what it cannot run with", () => {
    expect(text(pressing(on, keys("/takes")), 140)).toContain("replaces: oldwishes");
    expect(text(pressing(on, keys("/takes")), 140)).toContain("not with: oldwishes, both answer under");
    expect(text(pressing(on, keys("/took")), 140)).toContain("retired: its successor is wishes");
  });

  it("counts against the budget", () => {
    expect(text(openState(on))).toContain("memory 16 MiB of 1 GiB, processors 0.1, largest 0.1 of 2");
    expect(text(pressing(on, keys("down", "space")))).toContain("memory 1.5 GiB of 1 GiB (over)");
    const slow = shelf(["films"], { overrides: { films: { cpus: 3 } } });
    expect(text(openState(slow), 80, 24, slow)).toContain("largest 3 of 2 (over)");
  });

  it("keeps the line under the cursor on a terminal too low for the list", () => {
    for (const pressed of [[], ["right"], ["end"]])
      expect(text(pressing(on, keys(...pressed)), 60, 14)).toMatch(/^>/m);
  });

  it("asks instead of showing half of it on a tiny terminal", () => {
    expect(text(openState(on), 39, 24)).toContain("too small: 39x24; make it 40x12");
  });

  it("has no escape sequences without colours, and marks the cursor without them", () => {
    expect(text(openState(on)).includes("\x1b")).toBe(false);
    expect(screen(on, openState(on), { columns: 80, rows: 24 }, colourful).join("").includes("\x1b[7m")).toBe(
      true,
    );
  });
});
