import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, describe, expect, inject, it } from "vitest";
import { stringify } from "yaml";
import { stackContainers, stackNetworks, stackVolumes } from "../../targets/docker/host.ts";
import { badCatalogue } from "../fixtures/badRecord.ts";
import { docker, type Run, root, TestStack } from "./harness.ts";

const settings = { include: ["leaky"], octet: 140, offset: 18000 };
let stack: TestStack;
afterEach(() => stack.dispose());

/** Containers, networks and volumes of the stack. */
async function created(): Promise<number> {
  const found = [
    await stackContainers(docker, stack.name),
    await stackNetworks(docker, stack.name),
    await stackVolumes(docker, stack.name),
  ];
  return found.flat().length;
}

function withBadRecord(engine: "compose" | "pulumi"): void {
  stack = new TestStack("umsrefused", { ...settings, include: ["kavita"] }, engine);
  stack.configure({ ...settings, catalogs: [badCatalogue(stack.home)] });
}

/** Runs plain `pulumi` on the project, with a state of its own, as a person without `ums` would. */
async function pulumi(...words: string[]): Promise<Run> {
  const project = join(stack.home, "project");
  mkdirSync(project, { recursive: true });
  const runtime = { name: "nodejs", options: { typescript: false, nodeargs: "--import tsx" } };
  writeFileSync(join(project, "Pulumi.yaml"), stringify({ name: "ums", main: `${root}/`, runtime }));
  const { exitCode, stdout, stderr } = await execa(
    "pulumi",
    [...words, "--stack", stack.name, "--non-interactive"],
    {
      cwd: project,
      reject: false,
      env: {
        PULUMI_BACKEND_URL: `file://${stack.home}`,
        PULUMI_CONFIG_PASSPHRASE: "a test passphrase",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        UMS_STACK_FILE: stack.file,
      },
    },
  );
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

describe.each(["compose", "pulumi"] as const)(
  "a record that a policy refuses, on the %s engine",
  (engine) => {
    it.skipIf(engine === "pulumi" && inject("noPulumi") !== "")(
      "stops `ums up` before anything is created",
      async () => {
        withBadRecord(engine);
        const run = await stack.up();
        expect(run.exitCode).toBe(1);
        expect(run.stderr).toMatch(/leaky +closed-segments +high +it is in data and has a way out/);
        expect(run.stderr).toContain("leaky.yaml:");
        expect(await created()).toBe(0);
      },
    );
  },
);

describe.skipIf(inject("noPulumi") !== "")("plain `pulumi up`", () => {
  it("is refused by the program itself, without a policy pack and without a preview", async () => {
    withBadRecord("pulumi");
    expect((await pulumi("stack", "init")).exitCode).toBe(0);
    const run = await pulumi("up", "--yes", "--skip-preview");
    expect(run.exitCode).not.toBe(0);
    expect(run.stdout + run.stderr).toMatch(/leaky: it is in data and has a way out.*\[closed-segments\]/);
    expect(await created()).toBe(0);
  });

  it("is refused by the pack in the engine before any container exists", async () => {
    stack = new TestStack("umsrefused", { ...settings, include: ["kavita"] }, "pulumi");
    // Only the engine's own run of the pack reads this config.
    const config = join(stack.home, "policies.json");
    writeFileSync(config, JSON.stringify({ "limit-budget": { memory: 16 } }));
    expect((await pulumi("stack", "init")).exitCode).toBe(0);
    const pack = ["--policy-pack", join(root, "policies"), "--policy-pack-config", config];
    const run = await pulumi("up", "--yes", ...pack);
    expect(run.exitCode).not.toBe(0);
    expect(run.stdout).toMatch(/\[mandatory\].*limit-budget/);
    expect(await created()).toBe(0);
  });

  it("passes the pack when nothing is wrong, although no preview knows the VPN's id in networkMode", async () => {
    stack = new TestStack("umsrefused", { ...settings, include: ["kavita", "qbittorrent"] }, "pulumi");
    expect((await pulumi("stack", "init")).exitCode).toBe(0);
    const run = await pulumi("preview", "--policy-pack", join(root, "policies"));
    expect(run.exitCode, run.stdout + run.stderr).toBe(0);
    expect(run.stdout).toContain("ultimate-media-server");
    expect(run.stdout).not.toContain("[mandatory]");
    expect(run.stdout).toMatch(/not known before the update: networkMode of qbittorrent/);
  });
});
