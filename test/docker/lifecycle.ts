import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standinImage } from "../../rehearsal/image.ts";
import { stackContainers, stackNetworks, stackVolumes } from "../../targets/docker/host.ts";
import { probeFrom, routesOf } from "../../targets/verify/probe.ts";
import type { Verification } from "../../targets/verify/verify.ts";
import { docker, readMarker, root, TestStack, until, writeMarker } from "./harness.ts";

interface StatusJson {
  up: number;
  services: { name: string; state: string }[];
}

interface PlanJson {
  changes: Record<"create" | "update" | "replace" | "delete", number>;
}

const nothing = { create: 0, update: 0, replace: 0, delete: 0 };

/** The life of the whole catalogue on one engine: every step goes on from where the last one left the stack. */
export function lifecycle(
  engine: "compose" | "pulumi",
  options: { name: string; octet: number; offset: number; unavailable: string },
): void {
  const { name, octet, offset, unavailable } = options;
  describe.skipIf(unavailable !== "")(`the whole platform on the ${engine} engine`, () => {
    let stack: TestStack;
    let image: string;
    beforeAll(() => {
      stack = new TestStack(name, { include: "all", octet, offset }, engine);
      image = standinImage(root);
    });
    afterAll(() => stack.dispose());

    it("comes up with every service healthy", async () => {
      const run = await stack.up();
      expect(run.stderr + run.stdout).toContain("healthy");
      expect(run.exitCode, run.stderr).toBe(0);
      const status = await stack.json<StatusJson>("status");
      expect(status.services.length).toBeGreaterThanOrEqual(55);
      expect(status.services.filter(({ state }) => state !== "healthy")).toEqual([]);
    });

    it("is isolated: what is open is what is declared", async () => {
      const result = await stack.json<Verification>("verify", outsideWords());
      expect(result.undeclaredOpen).toEqual([]);
      expect(result.declaredClosed).toEqual([]);
      expect(result.escaped).toEqual([]);
      expect(result.ownNetwork).toEqual([]);
      expect(result.notRunning).toEqual([]);
      expect(result.declared).toBeGreaterThan(100);
      expect(result.open).toBeGreaterThan(result.declared);
      expect(result.confined).toBeGreaterThan(20);
    });

    it("changes nothing the second time", async () => {
      const before = await stack.identities();
      expect((await stack.json<PlanJson>("plan")).changes).toEqual(nothing);
      const run = await stack.up();
      expect(run.exitCode, run.stderr).toBe(0);
      expect(await stack.identities()).toEqual(before);
    });

    it("brings a killed container back", async () => {
      const before = await stack.container("kavita").inspect();
      process.kill(before.State.Pid, "SIGKILL");
      await until("kavita is healthy again", async () => {
        const { State } = await stack.container("kavita").inspect();
        return State.Pid !== before.State.Pid && State.Health?.Status === "healthy";
      });
    });

    it("cuts download clients off when the VPN stops, and joins them to it again on the next up", async () => {
      const containerId = (await stack.container("qbittorrent").inspect()).Id;
      const where = { containerId, image, stack: name };
      expect(await routesOf(docker, where)).not.toEqual([]);
      await stack.container("gluetun").stop();
      // An engine may call a container stopped before its networks are taken down.
      await expect.poll(() => routesOf(docker, where)).toEqual([]);
      const sonarr = await stack.container("sonarr").inspect();
      const addresses = Object.values(sonarr.NetworkSettings.Networks).map((network) => network.IPAddress);
      const targets = [...addresses, "sonarr"].map((address) => ({
        address,
        port: 8989,
        protocol: "tcp" as const,
        tries: 1,
      }));
      expect(await probeFrom(docker, { ...where, targets })).toEqual([]);

      const run = await stack.up();
      expect(run.exitCode, run.stderr).toBe(0);
      const client = await stack.container("qbittorrent").inspect();
      const vpn = await stack.container("gluetun").inspect();
      expect(client.HostConfig.NetworkMode).toBe(`container:${vpn.Id}`);
      expect(await routesOf(docker, { ...where, containerId: client.Id })).not.toEqual([]);
    });

    it("goes down without its data, and up again with it", async () => {
      const volume = `${name}-sonarr_config`;
      await writeMarker(volume, "kept");
      const down = await stack.ums("down", ["--engine", engine]);
      expect(down.exitCode, down.stderr).toBe(0);
      expect(await stackContainers(docker, name)).toEqual([]);
      expect(await stackNetworks(docker, name)).toEqual([]);
      expect(await stackVolumes(docker, name)).toContain(volume);

      const child = stack.startUp();
      const ended = once(child, "exit");
      try {
        const some = async () => (await stackContainers(docker, name)).length >= 25;
        await until("the up has made some containers", some);
      } finally {
        killGroup(child.pid);
        await ended;
      }
      const left = await stackContainers(docker, name);
      expect(left.filter(({ health }) => health === "healthy").length).toBeLessThan(55);

      const run = await stack.up();
      expect(run.exitCode, run.stderr).toBe(0);
      const status = await stack.json<StatusJson>("status");
      expect(status.services.filter(({ state }) => state !== "healthy")).toEqual([]);
      expect(await readMarker(volume)).toBe("kept");
      const result = await stack.json<Verification>("verify");
      expect([result.undeclaredOpen, result.declaredClosed, result.ownNetwork]).toEqual([[], [], []]);
    });
  });
}

/** Kills a detached process and everything it started. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) throw new Error("the process did not start");
  process.kill(-pid, "SIGKILL");
}

/** A listener on every address of the host: it stands for the internet. */
let listener: Server | undefined;

beforeAll(async () => {
  listener = createServer((socket) => socket.end());
  listener.listen(0, "0.0.0.0");
  await once(listener, "listening");
});

afterAll(() => listener?.close());

function outsideWords(): string[] {
  const address = listener?.address();
  if (typeof address !== "object" || address === null) throw new Error("the listener has no port");
  const own = Object.entries(networkInterfaces())
    .filter(
      ([interfaceName]) =>
        interfaceName.startsWith("eth") || interfaceName.startsWith("en") || interfaceName === "docker0",
    )
    .flatMap(([, list]) => (list ?? []).filter(({ family }) => family === "IPv4").map((one) => one.address));
  return own.flatMap((one) => ["--outside", `${one}:${address.port}`]);
}
