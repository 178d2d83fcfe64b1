import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, editDistance, nearest } from "../../stacks/suggest.ts";

describe("edit distance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["sonarr", "sonar", 1],
    ["prowlarr", "prowlar", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
    ["flaw", "lawn", 2],
  ])("of %j and %j is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "-"), maxLength: 8 });

  it("is the same both ways, and zero only between equal words", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
      { numRuns: 200 },
    );
  });

  it("lies between the difference of the lengths and the longer length", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
      { numRuns: 100 },
    );
  });

  it("grows by at most one with one more character", () => {
    fc.assert(
      fc.property(word, word, fc.constantFrom("a", "z"), (a, b, more) => {
        expect(Math.abs(editDistance(a, b) - editDistance(a + more, b))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the nearest known word", () => {
  const services = ["prowlarr", "radarr", "sonarr"];

  it("is the one with the fewest edits", () => {
    expect(nearest("prowlar", services)).toBe("prowlarr");
    expect(nearest("sonnar", services)).toBe("sonarr");
  });

  it("is found whatever the case", () => {
    expect(nearest("SONARR", services)).toBe("sonarr");
  });

  it("is none where no word is near, or none is known", () => {
    expect(nearest("jellyfin", services)).toBeUndefined();
    expect(nearest("sonarr", [])).toBeUndefined();
  });

  it("allows a one-letter word one edit", () => {
    expect(nearest("x", ["y"])).toBe("y");
    expect(nearest("x", ["yz"])).toBeUndefined();
  });
});

it("asks only when there is something to suggest", () => {
  expect(didYouMean("prowlar", ["prowlarr"])).toBe(', did you mean "prowlarr"?');
  expect(didYouMean("plex", ["prowlarr"])).toBe("");
});
