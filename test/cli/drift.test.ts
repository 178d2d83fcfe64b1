import { describe, expect, it } from "vitest";
import { driftJson, driftText, whereTheyPart } from "../../cli/commands/drift.ts";
import type { DriftReport } from "../../targets/drift/stack.ts";

const app = { kind: "container", name: "dev-app", service: "app" } as const;
const seed = { kind: "container", name: "dev-app_seed", service: "app" } as const;
const dmz = { kind: "network", name: "dev-dmz", service: null } as const;
const compared = { container: 2, network: 1, volume: 3, property: 140 };

function report(changes: Partial<DriftReport> = {}): DriftReport {
  return { drift: [], notCompared: [], compared, ...changes };
}

describe("what the drift command shows", () => {
  it("says so when all is as declared, and how much was compared", () => {
    expect(driftText({ stack: "dev", report: report(), changed: 0 })).toBe(
      "140 properties of 2 containers, 1 network and 3 volumes compared: what runs is what is declared\n",
    );
  });

  it("groups differences by what they are of, with both sides", () => {
    const drift = [
      { ...app, property: "memory", declared: "512 MiB", running: "64 MiB" },
      { ...app, property: "label note", declared: null, running: "" },
      { ...seed, property: "state", declared: "exited 0", running: null },
      { ...dmz, property: "internal", declared: "true", running: "false" },
    ];
    expect(driftText({ stack: "dev", report: report({ drift }), changed: 0 })).toBe(`container dev-app
  property    declared  running
  memory      512 MiB   64 MiB
  label note  absent    empty

container dev-app_seed (app)
  property  declared  running
  state     exited 0  absent

network dev-dmz
  property  declared  running
  internal  true      false

140 properties of 2 containers, 1 network and 3 volumes compared: 4 differ
`);
  });

  it("counts what was not compared, and says why", () => {
    const why = "the passphrase is wrong";
    const notCompared = [
      { ...app, property: "env KEY", secret: true, why },
      { ...seed, property: "file /k", secret: true, why },
      { ...app, property: "shmSize", secret: false, why: "drift does not know this input" },
    ];
    expect(
      driftText({ stack: "dev", report: report({ notCompared }), changed: 1 }),
    ).toBe(`2 secret values were not compared: the passphrase is wrong
  dev-app env KEY
  dev-app_seed file /k

1 property was not compared: drift does not know this input
  dev-app shmSize

1 resource is declared differently since the last up; run \`ums plan\`

140 properties of 2 containers, 1 network and 3 volumes compared: as far as that goes, what runs is what is declared
`);
  });

  it("names a few of many", () => {
    const notCompared = Array.from({ length: 12 }, (_, index) => ({
      ...app,
      property: `env KEY_${index}`,
      secret: true,
      why: "no",
    }));
    const text = driftText({ stack: "dev", report: report({ notCompared }), changed: 3 });
    expect(text).toContain("12 secret values were not compared: no\n");
    expect(text).toContain("  dev-app env KEY_9\n  and 2 more\n");
    expect(text).toContain("3 resources are declared differently since the last up; run `ums plan`");
  });

  it("says plainly that nothing is there", () => {
    const nothing = { stack: "dev", report: undefined, changed: 0 };
    expect(driftText(nothing)).toBe(
      "the stack dev was never brought up here, or was taken down: none of its containers is there\n",
    );
    expect(driftJson(nothing)).toEqual({
      stack: "dev",
      up: false,
      drift: [],
      notCompared: [],
      changedSinceUp: 0,
    });
  });

  it("is facts as JSON", () => {
    const drift = [{ ...app, property: "memory", declared: "512 MiB", running: "64 MiB" }];
    expect(driftJson({ stack: "dev", report: report({ drift }), changed: 2 })).toEqual({
      stack: "dev",
      up: true,
      drift,
      notCompared: [],
      changedSinceUp: 2,
      compared,
    });
  });
});

describe("two long values", () => {
  it("are cut to where they part, at a word where there is one", () => {
    const start = "serve --name traefik --tcp 80 --tcp 443 --udp 443 --http 8080:/ping --writable /certs";
    const [one, other] = whereTheyPart(`${start} --readonly-root`, `${start} --tcp 23`);
    expect(one).toBe("…--writable /certs --readonly-root");
    expect(other).toBe("…--writable /certs --tcp 23");
  });

  it("are cut behind, too", () => {
    const [one, other] = whereTheyPart("x".repeat(200), `${"x".repeat(100)}y`);
    expect(one).toBe(`…${"x".repeat(64)}…`);
    expect(other).toBe(`…${"x".repeat(24)}y`);
  });

  it("are left as they are when they are short", () => {
    expect(whereTheyPart("512 MiB", "64 MiB")).toEqual(["512 MiB", "64 MiB"]);
    expect(whereTheyPart("", "a")).toEqual(["", "a"]);
  });
});
