import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { standinImage } from "../../rehearsal/image.ts";
import { neighbourLimit } from "../../targets/verify/neighbours.ts";
import { neighboursOf } from "../../targets/verify/probe.ts";
import type { Verification } from "../../targets/verify/verify.ts";
import { docker, root, TestStack } from "./harness.ts";

/** Two applications of six services: a web one with its databases, and the gateway. */
const services = ["medianest-nginx", "traefik"];

describe.skipIf(inject("noCompose") !== "")("verify sees isolation that is broken on purpose", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = new TestStack("umsti", { include: services, octet: 130, offset: 14000 }, "compose");
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
  });
  afterAll(() => stack.dispose());

  /** What is measured while services are on a network that nobody declared. */
  async function withStray<T>(
    name: string,
    { internal, members }: { internal: boolean; members: readonly string[] },
    measure: () => Promise<T>,
  ): Promise<T> {
    const network = await docker.createNetwork({
      Name: name,
      Internal: internal,
      IPAM: { Config: [{ Subnet: "10.133.255.0/29" }] },
    });
    const attached: string[] = [];
    try {
      for (const member of members) {
        await network.connect({ Container: `umsti-${member}` });
        attached.push(member);
      }
      return await measure();
    } finally {
      for (const member of attached) await network.disconnect({ Container: `umsti-${member}`, Force: true });
      await network.remove();
    }
  }

  it("knows how full the kernel's table of neighbours is, without which packets are not sent", async () => {
    const table = await neighboursOf(docker, { image: standinImage(root), stack: stack.name });
    expect(table?.limit).toBe(Number(readFileSync(neighbourLimit, "utf8")));
    expect(table?.entries).toBeGreaterThan(0);
    expect(table?.full).toBeGreaterThanOrEqual(0);
  });

  it("holds as declared", async () => {
    const { exitCode, stdout } = await stack.ums("verify");
    expect(stdout).toContain("isolation holds");
    expect(exitCode).toBe(0);
  });

  it("fails on a stray network between two services", async () => {
    const members = ["medianest-nginx", "medianest-postgres"];
    const { run, result } = await withStray("umsti-stray", { internal: true, members }, async () => ({
      run: await stack.ums("verify"),
      result: await stack.json<Verification>("verify"),
    }));
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain("isolation does NOT hold");
    const pairs = new Set(result.undeclaredOpen.map(({ from, to }) => `${from} ${to}`));
    expect([...pairs].sort()).toEqual([
      "medianest-nginx medianest-postgres",
      "medianest-postgres medianest-nginx",
    ]);
  });

  it("fails when a service without egress gets a way out", async () => {
    const result = await withStray(
      "umsti-way-out",
      { internal: false, members: ["medianest-postgres"] },
      () => stack.json<Verification>("verify", ["--outside", "10.133.255.1:9"]),
    );
    expect(result.ok).toBe(false);
    expect([...new Set(result.escaped.map(({ from }) => from))]).toEqual(["medianest-postgres"]);
  });

  it("fails when a declared link is cut", async () => {
    const network = docker.getNetwork("umsti-medianest-backend_to_medianest-redis");
    const backend = await stack.container("medianest-backend").inspect();
    const address = backend.NetworkSettings.Networks["umsti-medianest-backend_to_medianest-redis"]?.IPAddress;
    await network.disconnect({ Container: backend.Id, Force: true });
    const { exitCode } = await stack.ums("verify");
    const result = await stack.json<Verification>("verify");
    await network.connect({
      Container: backend.Id,
      EndpointConfig: { IPAMConfig: { IPv4Address: address ?? "" } },
    });
    expect(exitCode).toBe(1);
    expect(result.declaredClosed.map(({ from, to, port }) => `${from} ${to} ${port}`)).toContain(
      "medianest-backend medianest-redis 6379",
    );
    expect(result.undeclaredOpen).toEqual([]);
  });

  it("fails when a service does not run", async () => {
    await stack.container("medianest-redis").stop();
    const result = await stack.json<Verification>("verify");
    await stack.container("medianest-redis").start();
    expect(result.ok).toBe(false);
    expect(result.notRunning).toEqual(["medianest-redis"]);
  });

  it("holds again once everything is mended", async () => {
    const result = await stack.json<Verification>("verify");
    expect([result.undeclaredOpen, result.declaredClosed, result.escaped, result.notRunning]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });
});
