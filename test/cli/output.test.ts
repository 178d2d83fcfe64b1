import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exitCodes, report, Violation } from "../../cli/output/exit.ts";
import { stopIfRefused } from "../../cli/output/findings.ts";
import { withProgress } from "../../cli/output/progress.ts";
import { table } from "../../cli/output/table.ts";
import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import type { CheckReport } from "../../targets/check/check.ts";
import { ComposeFailure } from "../../targets/compose/client.ts";
import { ServicesFailed } from "../../targets/docker/health.ts";

let written: string;
beforeEach(() => {
  written = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

describe("what the policies say before a deployment", () => {
  const leak = {
    policy: "closed-segments",
    level: "mandatory",
    severity: "high",
    service: "leaky",
    resource: "leaky-container",
    problem: "it has a way out",
    message: "leaky: it has a way out; remove egress",
    fix: "remove egress",
  } as const;
  const passed: CheckReport = {
    ...{ stack: "dev", environment: "development", policies: 1, resources: 1 },
    ...{ refused: [], advisory: [], undecided: [], exceptions: [] },
  };

  it("ends the command with what is refused", () => {
    expect(() => stopIfRefused({ ...passed, refused: [leak] })).toThrow(Violation);
    expect(written).toMatch(
      /^Refused by the policies \(1\)\n.*\nleaky +closed-segments +high +it has a way out/,
    );
  });

  it("names the exceptions that let the stack pass, and is silent without any", () => {
    stopIfRefused(passed);
    expect(written).toBe("");
    const because = { policy: "closed-segments", reason: "mail is outside" };
    stopIfRefused({
      ...passed,
      exceptions: [
        { service: "alertmanager", ...because },
        { service: "backup", ...because },
      ],
    });
    expect(written).toBe(
      "exceptions used: alertmanager from closed-segments, backup from closed-segments (npx ums check says why)\n",
    );
  });
});

describe("a table", () => {
  it("has columns as wide as they must be, left-aligned, with nothing at the end of a line", () => {
    expect(
      table(
        ["service", "state"],
        [
          ["a", "healthy"],
          ["a-long-name", ""],
          ["", "absent"],
        ],
      ),
    ).toBe(["service      state", "a            healthy", "a-long-name", "             absent"].join("\n"));
  });

  it("is its head alone without rows", () => expect(table(["one", "two"], [])).toBe("one  two"));

  it("keeps wide and combining letters in line", () => {
    const [, one, other] = table(
      ["name", "x"],
      [
        ["映画", "1"],
        ["e\u0301", "2"],
      ],
    ).split("\n");
    expect(one).toBe("映画  1");
    expect(other).toBe("e\u0301     2");
  });
});

describe("the exit code", () => {
  it("is 1 for a violation, which was shown already", () => {
    expect(report(new Violation())).toBe(1);
    expect(written).toBe("");
  });

  it("is 1 for services that did not come up, with what happened to them", () => {
    const failed = { service: "store", state: "unhealthy", log: ["no"], notStarted: ["app"] };
    expect(report(new ServicesFailed([failed]))).toBe(1);
    expect(written).toBe("store is unhealthy\n  | no\n  not started because of it: app\n");
  });

  it("is 2 for wrong input, with all that is wrong", () => {
    const problems = [
      { message: "first" },
      { place: { file: "a.yaml", line: 3, column: 5 }, message: "second" },
    ];
    expect(report(new InputError(problems))).toBe(2);
    expect(written).toBe("first\na.yaml:3:5: second\n");
  });

  it("is 3 for what the machine lacks, with the fix", () => {
    expect(report(new EnvironmentFault("no engine", "start it"))).toBe(3);
    expect(written).toBe("no engine\n  fix: start it\n");
  });

  it("is 1 for our own mistakes, with where they were made", () => {
    expect(report(new TypeError("x is not a function"))).toBe(1);
    expect(written).toContain("TypeError: x is not a function\n    at ");
    expect(report("text")).toBe(1);
    expect(written).toContain("text\n");
  });

  it("is 1 for Compose that could not start a service, with what it said and no stack trace", () => {
    expect(report(new ComposeFailure("ERROR: for dev-app  no such option", 1))).toBe(1);
    expect(written).toContain("ERROR: for dev-app  no such option");
    expect(written).not.toContain("    at ");
  });

  it("is 0 when all is fine, and each other its own", () => {
    expect(exitCodes).toEqual({ fine: 0, violation: 1, input: 2, environment: 3, interrupted: 130 });
  });
});

describe("progress", () => {
  const step = {
    title: "up dev",
    run: async (progress: (message: string) => void) => {
      progress("first");
      progress("first");
      return 42;
    },
  };

  it("gives the result, and says nothing when it is to be quiet", async () => {
    expect(await withProgress(step, true)).toBe(42);
    expect(written).toBe("");
  });

  it("goes to standard error in a log: the title, then how far it is", async () => {
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    expect(await withProgress(step, false)).toBe(42);
    expect(written).toBe("up dev\n  first\n");
    expect(stdout).not.toHaveBeenCalled();
  });

  it("passes on what the step throws", async () => {
    const failing = { title: "up", run: () => Promise.reject(new InputError([{ message: "no" }])) };
    await expect(withProgress(failing, true)).rejects.toThrow(InputError);
    await expect(withProgress(failing, false)).rejects.toThrow(InputError);
  });
});
