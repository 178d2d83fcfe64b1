import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { whyNotBuildable } from "../../rehearsal/real/host.ts";
import { realProgram, realPrograms } from "../../rehearsal/real/programs.ts";
import { loadStack } from "../../stacks/load.ts";
import type { Platform } from "../../stacks/platform.ts";
import type { Verification } from "../../targets/verify/verify.ts";
import { execIn } from "./configuration/real.ts";
import { replacedBetween, root, TestStack } from "./harness.ts";

interface StatusJson {
  services: { name: string; state: string }[];
}

interface Target {
  scrapePool: string;
  labels: Record<string, string>;
  health: "up" | "down" | "unknown";
  lastError: string;
}

const missing = inject("noCompose") || (realPrograms.map(whyNotBuildable).find((why) => why) ?? "");
const name = "umsreal";

/** The whole catalogue with every program that can be had for real in its place, configured as in production. */
describe.skipIf(missing !== "")("the whole platform with real programs", () => {
  let stack: TestStack;
  let platform: Platform;
  const prometheus = async (path: string) => {
    const url = `http://127.0.0.1:9090${path}`;
    const { output } = await execIn(stack.container("prometheus"), ["wget", "-qO-", url]);
    return (JSON.parse(output) as { data: unknown }).data;
  };
  const targets = async () =>
    ((await prometheus("/api/v1/targets?state=active")) as { activeTargets: Target[] }).activeTargets;
  const isReal = (service: string) =>
    platform.rehearsal?.real.some(({ services }) => services.includes(service)) ?? false;

  beforeAll(() => {
    stack = new TestStack(name, { include: "all", octet: 154, offset: 11000, real: "all" }, "compose");
    platform = loadStack(root, name, { file: stack.file }).platform;
  });
  afterAll(() => stack.dispose());

  // The first time on a machine it builds what it runs: Traefik, Loki and CrowdSec take minutes each.
  it("comes up with every service healthy", { timeout: 40 * 60_000 }, async () => {
    const run = await stack.up();
    expect(run.exitCode, run.stderr + run.stdout).toBe(0);
    const { services } = await stack.json<StatusJson>("status");
    expect(services.filter(({ state }) => state !== "healthy")).toEqual([]);
    expect(services.filter(({ name: service }) => isReal(service)).length).toBeGreaterThan(20);
  });

  it("is isolated: what is open is what is declared", async () => {
    const result = await stack.json<Verification>("verify");
    expect(result.undeclaredOpen).toEqual([]);
    expect(result.declaredClosed).toEqual([]);
    expect(result.escaped).toEqual([]);
    expect(result.ownNetwork).toEqual([]);
    expect(result.notRunning).toEqual([]);
  });

  it("is measured by Prometheus: every real program is up, and a stand-in says why it is not", async () => {
    const measured = platform.services.filter(({ metrics }) => metrics !== undefined);
    const downOf = (all: readonly Target[]) => all.filter(({ health }) => health !== "up");
    // Of one scrape each: on a busy machine the next one may find up what this one did not.
    const wrong = async () => {
      const all = await targets();
      const missed = measured.filter((one) => all.every(({ scrapePool }) => scrapePool !== one.name));
      const down = downOf(all).filter(
        ({ labels: { service = "" }, lastError }) => isReal(service) || service === "" || lastError === "",
      );
      return [...missed.map(({ name }) => name), ...down];
    };
    await expect.poll(wrong, { timeout: 5 * 60_000, interval: 5_000 }).toEqual([]);
    const all = await targets();
    expect(all.length).toBeGreaterThan(2 * downOf(all).length);
  });

  it("changes nothing the second time", async () => {
    const before = await stack.identities();
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await stack.identities()).toEqual(before);
  });
});

const chosen = ["postgres", "redis"];
const missingOnPulumi =
  inject("noPulumi") || (chosen.map((one) => whyNotBuildable(realProgram(one))).find((why) => why) ?? "");

describe.skipIf(missingOnPulumi !== "")("real programs on the Pulumi engine", () => {
  const settings = { include: ["authelia", "loki"], octet: 230, offset: 12000 };
  let stack: TestStack;
  const up = (...words: string[]) => stack.ums("up", ["--engine", "pulumi", ...words]);
  const changes = async () => (await stack.json<{ changes: unknown }>("plan")).changes;
  const nothing = { create: 0, update: 0, replace: 0, delete: 0 };

  beforeAll(() => {
    stack = new TestStack("umsrealp", settings, "pulumi");
  });
  afterAll(() => stack.dispose());

  it("come up healthy beside stand-ins, from images of their own", async () => {
    const run = await up("--real", chosen.join(","));
    expect(run.exitCode, run.stderr + run.stdout).toBe(0);
    const { services } = await stack.json<StatusJson>("status");
    expect(services.filter(({ state }) => state !== "healthy")).toEqual([]);
    for (const { name: service } of services) {
      const { Config } = await stack.container(service).inspect();
      const image = chosen.includes(service) ? `ums-real-${service}:` : "ums-standin:";
      expect(Config.Image.startsWith(image), `${service} from ${Config.Image}`).toBe(true);
    }
    const { output } = await execIn(stack.container("redis"), ["redis-cli", "PING"]);
    expect(output).toContain("NOAUTH");
  });

  it("are kept by later commands: the plan shows no change, and an up makes none", async () => {
    expect(await changes()).toEqual(nothing);
    const before = await stack.identities();
    const run = await up();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await stack.identities()).toEqual(before);
  });

  it("stay when a file of another service changes, which alone is replaced", async () => {
    const before = await stack.identities();
    stack.configure({ ...settings, logs: { retentionDays: 7 } });
    expect(await changes()).not.toEqual(nothing);
    const run = await up();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(replacedBetween(before, await stack.identities())).toEqual(["loki"]);
    expect(await stack.textIn("loki", "/etc/loki/local-config.yaml")).toContain("retention_period: 168h");
    expect(await changes()).toEqual(nothing);
  });

  it("give way to stand-ins again", async () => {
    const before = await stack.identities();
    const run = await up("--real", "none");
    expect(run.exitCode, run.stderr).toBe(0);
    expect(replacedBetween(before, await stack.identities())).toEqual(expect.arrayContaining(chosen));
    const { Config } = await stack.container("redis").inspect();
    expect(Config.Image).toMatch(/^ums-standin:/);
  });
});
