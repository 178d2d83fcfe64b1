import { describe, expect, it } from "vitest";
import { openSession, root } from "../../../cli/session.ts";
import { declareStack } from "../../../targets/declare.ts";
import { unknownInputs } from "../../../targets/drift/inputs.ts";
import { dockerTypes } from "../../../targets/resources.ts";

describe("declared inputs", () => {
  it.each(["dev", "staging", "prod"])("are all compared in the stack %s", async (stack) => {
    const program = await declareStack(root, openSession({ stack }).loaded);
    for (const kind of ["container", "network", "volume"] as const) {
      const resources = program.resources.filter(({ type }) => type === dockerTypes[kind]);
      expect(resources.length, kind).toBeGreaterThan(20);
      expect(
        resources.flatMap(({ inputs }) => unknownInputs(kind, inputs)),
        kind,
      ).toEqual([]);
    }
  });

  it("are named where one is compared with nothing, and so are their fields", () => {
    const mounts = [{ target: "/a" }, { target: "/b", tmpfsOptions: {} }, { tmpfsOptions: {} }];
    const healthcheck = { tests: [], mode: "x" };
    expect(
      unknownInputs("container", {
        name: "a",
        wait: true,
        shmSize: 64,
        tmpfs: { "/x": "" },
        mounts,
        healthcheck,
      }),
    ).toEqual(["healthcheck.mode", "mounts.tmpfsOptions", "shmSize"]);
  });
});
