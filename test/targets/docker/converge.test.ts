import { describe, expect, it } from "vitest";
import {
  mendNamespaces,
  removeSeededVolumes,
  removeStack,
  removeUndeclared,
  startStopped,
} from "../../../targets/docker/converge.ts";
import { platform } from "../../fixtures/platforms.ts";
import { linkTo, listensOn } from "../../fixtures/records.ts";
import { FakeDocker, type FakeNetwork } from "./fakeDocker.ts";

const quiet = { "com.docker.network.bridge.enable_icc": "false" };
const declared = { name: "dev-media", internal: true, options: quiet, subnet: "10.10.1.0/24" };

describe("what a stack has and does not declare", () => {
  async function removed(network: FakeNetwork, containers = ["dev-app"]) {
    const fake = new FakeDocker(
      "dev",
      ["dev-app", "dev-old"].map((name) => ({ name })),
      [network],
      ["dev-app_data"],
    );
    const names = await removeUndeclared(fake.docker, "dev", {
      containers: new Set(containers),
      networks: [declared],
    });
    return { names, done: fake.done };
  }
  const asDeclared = { ...declared, containers: ["dev-app"] };

  it("is removed, and nothing that is declared", async () => {
    expect(await removed(asDeclared)).toEqual({ names: ["dev-old"], done: ["remove dev-old"] });
    expect((await removed({ ...asDeclared, name: "dev-gone" })).done).toEqual([
      "remove dev-old",
      "remove dev-app",
      "remove network dev-gone",
    ]);
  });

  it.each([
    ["internal", { internal: false }],
    ["options", { options: {} }],
    ["options, which it has none of", { options: null }],
    ["subnet", { subnet: "10.10.2.0/24" }],
  ])("is a network too whose %s differ, with the containers on it", async (_, change) => {
    const { names, done } = await removed({ ...asDeclared, ...change });
    expect(names).toEqual(["dev-old", "dev-media"]);
    expect(done).toEqual(["remove dev-old", "remove dev-app", "remove network dev-media"]);
  });

  it("is never a volume", async () => {
    const { done } = await removed({ name: "dev-other" }, []);
    expect(done.filter((line) => line.includes("volume"))).toEqual([]);
  });
});

describe("services in the network of another", () => {
  const of = platform(
    {
      tunnel: { segment: "downloads", roles: ["vpn"], egress: { reason: "the way out" } },
      client: { segment: "downloads", through: "tunnel" },
      alone: {},
    },
    { stack: { stack: "dev" } },
  );
  const host = { name: "dev-tunnel", startedAt: "2026-01-01T12:00:00Z" };
  const client = {
    name: "dev-client",
    networkMode: "container:id-dev-tunnel",
    startedAt: "2026-01-01T12:00:05Z",
  };
  const alone = { name: "dev-alone", startedAt: "2025-01-01T12:00:00Z" };

  async function mended(...containers: ConstructorParameters<typeof FakeDocker>[1] & object) {
    const fake = new FakeDocker("dev", [...containers, alone]);
    return { ...(await mendNamespaces(fake.docker, of)), done: fake.done };
  }

  it("are left alone when they started after it", async () => {
    expect(await mended(host, client)).toEqual({ restarted: [], removed: [], done: [] });
  });

  it("are restarted when it was, since their network is gone", async () => {
    const before = { ...client, startedAt: "2026-01-01T11:59:59Z" };
    expect(await mended(host, before)).toEqual({
      restarted: ["client"],
      removed: [],
      done: ["restart dev-client"],
    });
  });

  it("are removed when it is another container, to be made again on that one", async () => {
    const stale = { ...client, networkMode: "container:an-older-one" };
    expect(await mended(host, stale)).toEqual({
      restarted: [],
      removed: ["client"],
      done: ["remove dev-client"],
    });
  });

  it("are removed when it is gone, and not missed when they are gone too", async () => {
    expect((await mended(client)).removed).toEqual(["client"]);
    expect(await mended(host)).toEqual({ restarted: [], removed: [], done: [] });
  });

  it("are not restarted while it is down", async () => {
    const before = { ...client, startedAt: "2026-01-01T11:00:00Z" };
    expect((await mended({ ...host, state: "exited" }, before)).restarted).toEqual([]);
  });
});

describe("services that were stopped behind the engine's back", () => {
  it("are started, providers first, and nothing else is", async () => {
    const fake = new FakeDocker("dev", [
      { name: "dev-app", service: "app", state: "exited", status: "Exited (137)" },
      { name: "dev-app_seed", seeds: "app", state: "exited", status: "Exited (0)" },
      { name: "dev-store", service: "store", state: "created", status: "Created" },
      { name: "dev-up", service: "up" },
    ]);
    const of = platform({
      app: { links: [linkTo("store", 80)] },
      store: { ports: listensOn(80) },
      up: {},
      gone: {},
    });
    expect(await startStopped(fake.docker, of)).toEqual(["store", "app"]);
    expect(fake.done).toEqual(["start dev-store", "start dev-app"]);
  });
});

describe("taking a stack down", () => {
  it("removes dependants before what they depend on, then networks, and no volume", async () => {
    const fake = new FakeDocker(
      "dev",
      [
        { name: "dev-store", service: "store" },
        { name: "dev-app", service: "app" },
        { name: "dev-app_seed", seeds: "app", state: "exited" },
        { name: "dev-proxy", service: "proxy" },
      ],
      [{ name: "dev-media" }],
      ["dev-app_data"],
    );
    const lines: string[] = [];
    const counts = await removeStack(fake.docker, "dev", [["store"], ["app"], ["proxy"]], (line) =>
      lines.push(line),
    );
    expect(counts).toEqual({ containers: 4, networks: 1 });
    expect(lines.at(-1)).toBe("4 of 4 containers removed");
    expect(fake.done.filter((line) => line.startsWith("remove dev-")).map((line) => line.slice(7))).toEqual([
      "dev-proxy",
      "dev-app",
      "dev-store",
      "dev-app_seed",
    ]);
    expect(fake.done.filter((line) => line.startsWith("stop"))).toEqual([
      "stop dev-proxy",
      "stop dev-app",
      "stop dev-store",
    ]);
    expect(fake.done.at(-1)).toBe("remove network dev-media");
    expect(fake.volumes).toEqual(["dev-app_data"]);
  });

  it("asks only for volumes of seeded files, when these are to go", async () => {
    const asked: unknown[] = [];
    const docker = {
      listVolumes: async ({ filters }: { filters: string }) => {
        asked.push(JSON.parse(filters));
        return { Volumes: null };
      },
    };
    await removeSeededVolumes(docker as never, "dev");
    expect(asked).toEqual([{ label: ["ums.stack=dev", "ums.seeds"] }]);
  });
});
