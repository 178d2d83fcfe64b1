import { describe, expect, it } from "vitest";
import { EnvironmentFault, formatProblem, InputError } from "../../stacks/errors.ts";

describe("a problem as a person reads it", () => {
  it("starts with file, line and column", () => {
    expect(formatProblem({ place: { file: "a.yaml", line: 3, column: 7 }, message: "wrong" })).toBe(
      "a.yaml:3:7: wrong",
    );
  });

  it("leaves out what is not known of the place", () => {
    expect(formatProblem({ place: { file: "a.yaml" }, message: "wrong" })).toBe("a.yaml: wrong");
    expect(formatProblem({ message: "wrong" })).toBe("wrong");
  });
});

it("an InputError tells every problem, one a line", () => {
  const error = new InputError([
    { message: "first" },
    { place: { file: "a.yaml", line: 1 }, message: "second" },
  ]);
  expect(error.message).toBe("first\na.yaml:1: second");
  expect(error.problems).toHaveLength(2);
});

it("an EnvironmentFault tells the fix below the fault", () => {
  expect(new EnvironmentFault("no engine", "start Docker").message).toBe("no engine\n  fix: start Docker");
  expect(new EnvironmentFault("no engine").message).toBe("no engine");
});
