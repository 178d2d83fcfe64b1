import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { whyNotBuildable } from "../../rehearsal/real/host.ts";
import { realPrograms } from "../../rehearsal/real/programs.ts";
import { loadStack } from "../../stacks/load.ts";
import type { Platform } from "../../stacks/platform.ts";
import type { Verification } from "../../targets/verify/verify.ts";
import { execIn } from "./configuration/real.ts";
import { root, TestStack, until } from "./harness.ts";

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

  it("comes up with every service healthy", async () => {
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
    await until("every target was asked", async () =>
      (await targets()).every(({ health }) => health !== "unknown"),
    );
    const all = await targets();
    const measured = platform.services.filter(({ metrics }) => metrics !== undefined);
    expect(measured.filter((one) => all.every(({ scrapePool }) => scrapePool !== one.name))).toEqual([]);
    const down = all.filter(({ health }) => health !== "up");
    expect(down.filter(({ labels: { service = "" } }) => isReal(service) || service === "")).toEqual([]);
    expect(down.filter(({ lastError }) => lastError === "")).toEqual([]);
    expect(all.length - down.length).toBeGreaterThan(down.length);
  });

  it("changes nothing the second time", async () => {
    const before = await stack.identities();
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await stack.identities()).toEqual(before);
  });
});
