import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readEarlierPlan } from "../../../targets/review/earlier.ts";
import { folder } from "../../fixtures/folders.ts";
import { complaints } from "../../fixtures/problems.ts";

const snapshot = {
  version: 1,
  engine: "compose",
  resources: [{ type: "a:b:C", name: "d", inputs: { e: 1 } }],
};

function written(plan: unknown): string {
  return join(folder({ "base.json": typeof plan === "string" ? plan : JSON.stringify(plan) }), "base.json");
}

describe("an earlier plan", () => {
  it("gives its resources, whatever else is in it", () => {
    const file = written({ stack: "prod", services: [], snapshot });
    expect(readEarlierPlan(file, "prod")).toEqual(snapshot);
  });

  it.each([
    ["of another stack", { stack: "dev", snapshot }, "is a plan of the stack dev, not of prod"],
    ["of an older program", { stack: "prod" }, "is no plan to compare with; write it with: ums plan --json"],
    [
      "of a later format",
      { stack: "prod", snapshot: { ...snapshot, version: 2 } },
      "is no plan to compare with",
    ],
    ["that was cut off", '{"stack": "pr', "is not JSON; write it with: ums plan --json"],
  ])("%s is refused with its file and a fix", (_, plan, message) => {
    const file = written(plan);
    expect(complaints(() => readEarlierPlan(file, "prod")).join()).toContain(`${file}: ${message}`);
  });

  it("that is not there is refused", () => {
    const file = join(folder(), "nowhere.json");
    expect(complaints(() => readEarlierPlan(file, "prod"))).toEqual([`${file}: cannot be read (ENOENT)`]);
  });
});
