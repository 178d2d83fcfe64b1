import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessIn, type SeedStep, shellSeeder, standinSeeder } from "../../../components/storage/seeding.ts";
import type { InspectedFile } from "../../../targets/drift/inspected.ts";
import { found } from "../../fixtures/platforms.ts";
import { Recording } from "./recordings.ts";

const token = "/seed/run/secrets/token";

describe.each(["compose", "pulumi"] as const)("who may read a seeded file on the %s engine", (engine) => {
  function driftAfter(change: (file: InspectedFile) => void) {
    const recording = new Recording(engine);
    const files = found(recording.files.get(`umsrec${engine}-keyholder_seed`), "files");
    change(found(files.get(token), token));
    return recording.compare().drift;
  }

  it("is found when its mode was changed", () => {
    const drift = driftAfter((file) => {
      file.mode = "0644";
    });
    expect(drift).toMatchObject([
      { service: "keyholder", property: `mode ${token}`, declared: "0400", running: "0644" },
    ]);
  });

  it("is found when its owner was changed", () => {
    const drift = driftAfter((file) => {
      file.owner = "0:1000";
    });
    expect(drift).toMatchObject([
      { service: "keyholder", property: `owner ${token}`, declared: "1000:1000", running: "0:1000" },
    ]);
  });
});

describe("owner and mode of a seeded file", () => {
  const path = fc.stringMatching(/^\/[a-z' :.]{1,8}[a-z]$/);
  const id = fc.nat({ max: 65535 });
  const step = fc.oneof(
    fc.record({ do: fc.constant("own" as const), uid: id, gid: id, path }),
    fc.record({ do: fc.constant("mode" as const), mode: fc.constantFrom("0400", "0644", "0755"), path }),
    fc.record({ do: fc.constant("mkdir" as const), path }),
    fc.record({ do: fc.constant("only" as const), path, names: fc.constant(["a"]) }),
  );

  it.each([
    ["the stand-in", standinSeeder("image")],
    ["a shell", shellSeeder("image")],
  ])("are read back from the command of %s", (_, seeder) => {
    fc.assert(
      fc.property(fc.array(step), (steps: SeedStep[]) => {
        const expected = new Map<string, { owner?: string; mode?: string }>();
        for (const one of steps) {
          const before = expected.get(one.path);
          if (one.do === "own") expected.set(one.path, { ...before, owner: `${one.uid}:${one.gid}` });
          if (one.do === "mode") expected.set(one.path, { ...before, mode: one.mode });
        }
        expect(accessIn(seeder.command(steps).command)).toEqual(expected);
      }),
    );
  });
});
