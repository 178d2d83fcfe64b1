import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request, type Server } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { stackContainers, stackNetworks, stackVolumes } from "../../targets/docker/host.ts";
import { docker, TestStack } from "./harness.ts";

const settings = { include: ["medianest-nginx", "traefik"], octet: 134, offset: 15000 };

/** No error of these is a person's fault in the program: none may show a stack trace. */
function expectPlainError(text: string): void {
  expect(text).not.toMatch(/\n\s+at .+:\d+:\d+/);
}

describe.skipIf(inject("noCompose") !== "")(
  "faults leave a clear error, intact data, and a stack the next up mends",
  () => {
    let stack: TestStack;

    beforeAll(() => {
      stack = new TestStack("umstf", settings, "compose");
    });
    afterEach(() => stack.configure(settings));
    afterAll(() => stack.dispose());

    it("refuses a taken host port before it creates anything", async () => {
      const port = 443 + stack.offset;
      const server = createServer().listen(port, "127.0.0.1");
      await once(server, "listening");
      const run = await stack.up();
      server.close();
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain(`host port ${port}/tcp, which traefik publishes`);
      expectPlainError(run.stderr);
      expect(await stackContainers(docker, stack.name)).toEqual([]);
    });

    it("refuses a subnet another network has, and names both", async () => {
      const network = await docker.createNetwork({
        Name: "umstf-other",
        IPAM: { Config: [{ Subnet: "10.134.7.0/28" }] },
      });
      const run = await stack.up();
      await network.remove();
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain(
        "10.134.7.0/24, the network of segment medianest-backend, is taken by the Docker network umstf-other",
      );
      expect(await stackNetworks(docker, stack.name)).toEqual([]);
    });

    it("says so when no engine answers", async () => {
      for (const command of ["up", "verify", "status", "down"]) {
        const run = await stack.ums(command, [], { env: { DOCKER_HOST: "tcp://127.0.0.1:1" } });
        expect(run.exitCode, command).toBe(3);
        expect(run.stderr, command).toContain("no Docker engine answers");
        expectPlainError(run.stderr);
      }
    });

    it("survives an engine that stops answering in the middle", async () => {
      const proxy = new EngineProxy();
      await proxy.listen();
      proxy.breakAfterContainers = 3;
      const run = await stack.ums("up", ["--engine", "compose"], {
        env: { DOCKER_HOST: `unix://${proxy.socket}` },
      });
      await proxy.close();
      expect(run.exitCode, run.stderr).toBe(3);
      expectPlainError(run.stderr);
    });

    it("names a full disk", async () => {
      const proxy = new EngineProxy();
      await proxy.listen();
      proxy.full = true;
      const run = await stack.ums("up", ["--engine", "compose"], {
        env: { DOCKER_HOST: `unix://${proxy.socket}` },
      });
      await proxy.close();
      expect(run.exitCode, run.stderr).toBe(3);
      expect(run.stderr).toContain("the disk is full");
      expectPlainError(run.stderr);
    });

    it("goes on after all of these", async () => {
      const run = await stack.up();
      expect(run.exitCode, run.stderr).toBe(0);
    });

    it("refuses a wrong passphrase and touches nothing", async () => {
      const before = await stack.identities();
      const run = await stack.ums("up", ["--engine", "compose"], {
        env: { PULUMI_CONFIG_PASSPHRASE: "another" },
      });
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toContain("the passphrase is wrong");
      expectPlainError(run.stderr);
      expect(await stack.identities()).toEqual(before);
    });

    it("refuses a second up while one is at work", async () => {
      const lock = join(stack.home, "stacks", stack.name, "lock");
      writeFileSync(lock, `${process.pid}\n`);
      const before = await stack.identities();
      const run = await stack.up();
      rmSync(lock);
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain(`process ${process.pid} is at work on the stack umstf`);
      expect(await stack.identities()).toEqual(before);
      expect((await stack.up()).exitCode).toBe(0);
    });

    it("shows a failing service with its log and what was not started because of it, and recovers", async () => {
      const folder = mkdtempSync(join(tmpdir(), "ums-catalog-"));
      writeFileSync(join(folder, "broken.yaml"), brokenRecord);
      writeFileSync(join(folder, "waiter.yaml"), waiterRecord);
      stack.configure({ ...settings, include: [...settings.include, "waiter"], catalogs: [folder] });
      const run = await stack.up();
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toMatch(/^broken is /m);
      expect(run.stderr).toContain("Permission denied");
      expect(run.stderr).toContain("not started because of it: waiter");
      const healthy = (await stackContainers(docker, stack.name)).filter(
        ({ health }) => health === "healthy",
      );
      expect(healthy.map(({ service }) => service)).toContain("medianest-backend");

      stack.configure(settings);
      const mended = await stack.up();
      rmSync(folder, { recursive: true });
      expect(mended.exitCode, mended.stderr).toBe(0);
      const names = (await stackContainers(docker, stack.name)).map(({ name }) => name);
      expect(names.filter((name) => /broken|waiter/.test(name))).toEqual([]);
    });

    it("asks for the stack's name before it removes data, and takes no other", async () => {
      const volumes = await stackVolumes(docker, stack.name);
      const refused = await stack.ums("down", ["--volumes"], { input: "yes\n" });
      expect(refused.exitCode).toBe(2);
      expect(await stackVolumes(docker, stack.name)).toEqual(volumes);
      expect((await stackContainers(docker, stack.name)).length).toBeGreaterThan(0);

      const done = await stack.ums("down", ["--volumes"], { input: "umstf\n" });
      expect(done.exitCode, done.stderr).toBe(0);
      expect(await stackVolumes(docker, stack.name)).toEqual([]);
      expect(await stackContainers(docker, stack.name)).toEqual([]);
    });
  },
);

/** The engine's socket with faults: answers that break off, or a disk that is full. */
class EngineProxy {
  readonly folder = mkdtempSync(join(tmpdir(), "ums-proxy-"));
  readonly socket = join(this.folder, "docker.sock");
  breakAfterContainers = Number.POSITIVE_INFINITY;
  full = false;
  private created = 0;
  private readonly server: Server;

  constructor() {
    this.server = createHttpServer((incoming, outgoing) => {
      const creates = incoming.method === "POST" && /\/containers\/create/.test(incoming.url ?? "");
      if (creates && this.full) {
        outgoing.writeHead(500, { "content-type": "application/json" });
        outgoing.end(
          JSON.stringify({ message: "mkdir /var/lib/docker/overlay2/x: no space left on device" }),
        );
        return;
      }
      if (creates) this.created++;
      if (this.created > this.breakAfterContainers) {
        incoming.socket.destroy();
        return;
      }
      const forward = request(
        {
          socketPath: "/var/run/docker.sock",
          path: incoming.url,
          method: incoming.method,
          headers: incoming.headers,
        },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      forward.on("error", () => outgoing.destroy());
      incoming.pipe(forward);
    });
    // Attaching and events are raw streams.
    this.server.on("upgrade", (incoming, socket) => {
      const engine = connect("/var/run/docker.sock", () => {
        const headers = Object.entries(incoming.headers).map(([key, value]) => `${key}: ${String(value)}`);
        engine.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
        engine.pipe(socket);
        socket.pipe(engine);
      });
      engine.on("error", () => socket.destroy());
      socket.on("error", () => engine.destroy());
    });
  }

  async listen(): Promise<void> {
    this.server.listen(this.socket);
    await once(this.server, "listening");
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Wants port 80 as a user that may not have it: a declaration that cannot work. */
const brokenRecord = `
name: broken
number: 120
title: Broken
category: operations
description: a service whose declaration cannot work
icon: alert
image: {repository: docker.io/library/broken, tag: "1"}
segment: admin
ports: [{port: 80, purpose: what it may not bind}]
user: {uid: 1000, gid: 1000}
lifted:
  - {privilege: sysctl, value: net.ipv4.ip_unprivileged_port_start=1024, reason: makes the declared port impossible}
health: {http: {port: 80, path: /}, command: [wget, http://127.0.0.1/], startPeriod: 1, retries: 2}
limits: {memory: 32, cpus: 0.2}
backup: none
`;

const waiterRecord = `
name: waiter
number: 121
title: Waiter
category: operations
description: waits for the broken service
icon: clock
image: {repository: docker.io/library/waiter, tag: "1"}
segment: admin
links: [{provider: broken, port: 80, required: true, why: waits for it}]
ports: [{port: 8080, purpose: web}]
user: {uid: 1000, gid: 1000}
health: {http: {port: 8080, path: /}, command: [wget, http://127.0.0.1:8080/]}
limits: {memory: 32, cpus: 0.2}
backup: none
`;
