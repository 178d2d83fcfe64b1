import { describe, expect, it } from "vitest";
import { readAnswers } from "../../../targets/verify/probe.ts";

const targets = [
  { address: "10.1.0.2", port: 80 },
  { address: "web", port: 443 },
  { address: "10.1.0.9", port: 22 },
];

describe("what a prober printed", () => {
  it("is which targets answered, and the address a name stood for", () => {
    expect(readAnswers("1 open 10.1.0.3\n0 refused 10.1.0.2\ndone 3\n", targets)).toEqual([
      { index: 1, result: "open", address: "10.1.0.3" },
      { index: 0, result: "refused", address: "10.1.0.2" },
    ]);
  });

  it.each(["", "1 open 10.1.0.3\n", "1 open 10.1.0.3\ndone 2\n"])(
    "is no measurement unless it is whole: %j",
    (output) => {
      expect(() => readAnswers(output, targets)).toThrow(/^a prober stopped early/);
    },
  );

  it("is no measurement when a target could not be tried", () => {
    expect(() => readAnswers("2 error No buffer space available\ndone 3\n", targets)).toThrow(
      "a prober could not try 10.1.0.9 port 22: No buffer space available",
    );
  });
});
