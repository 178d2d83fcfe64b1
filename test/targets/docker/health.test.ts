import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dependants,
  failure,
  isUp,
  type ServicesFailed,
  waitUntilHealthy,
} from "../../../targets/docker/health.ts";
import { stackContainers } from "../../../targets/docker/host.ts";
import { type FakeContainer, FakeDocker } from "./fakeDocker.ts";

const after = new Map<string, readonly string[]>([
  ["app", ["store", "cache"]],
  ["cache", []],
  ["proxy", ["app"]],
  ["store", []],
]);

const running = (service: string, health?: string): FakeContainer => ({
  name: `dev-${service}`,
  service,
  status: `Up 3 minutes${health === undefined ? "" : ` (${health})`}`,
  log: `${service} log\n`,
});

async function found(containers: FakeContainer[]): Promise<ServicesFailed> {
  const { docker } = new FakeDocker("dev", containers);
  return failure(docker, await stackContainers(docker, "dev"), after);
}

describe("services that wait for one", () => {
  it("are those that name it, and those that wait for these, sorted", () => {
    expect(dependants("store", after)).toEqual(["app", "proxy"]);
    expect(dependants("app", after)).toEqual(["proxy"]);
    expect(dependants("proxy", after)).toEqual([]);
    expect(dependants("nobody", after)).toEqual([]);
  });

  it("are found also where services wait in a circle", () => {
    const circle = new Map([
      ["a", ["b"]],
      ["b", ["a"]],
    ]);
    expect(dependants("a", circle)).toEqual(["a", "b"]);
  });

  it("are all that a path of waits leads from", () => {
    const names = ["a", "b", "c", "d", "e"];
    const graph = fc
      .array(fc.subarray(names), { minLength: 5, maxLength: 5 })
      .map((needs) => new Map(names.map((name, index) => [name, needs[index] ?? []])));
    fc.assert(
      fc.property(graph, fc.constantFrom(...names), (waits, start) => {
        let reached = new Set<string>();
        for (let size = -1; size !== reached.size; ) {
          size = reached.size;
          reached = new Set(
            names.filter((name) => waits.get(name)?.some((need) => need === start || reached.has(need))),
          );
        }
        expect(dependants(start, waits)).toEqual([...reached].sort());
      }),
    );
  });
});

describe("a container", () => {
  it.each([
    [{ state: "running" }, true],
    [{ state: "running", health: "healthy" as const }, true],
    [{ state: "running", health: "starting" as const }, false],
    [{ state: "running", health: "unhealthy" as const }, false],
    [{ state: "exited" }, false],
    [{ state: "created" }, false],
  ])("%j is up: %s", (state, up) => expect(isUp({ id: "id", name: "name", ...state })).toBe(up));
});

describe("what did not come up", () => {
  it("is the service that failed, with its last words, and what was not started because of it", async () => {
    const { failed, message } = await found([running("store", "unhealthy"), running("cache", "healthy")]);
    expect(failed).toEqual([
      { service: "store", state: "unhealthy", log: ["store log"], notStarted: ["app", "proxy"] },
    ]);
    expect(message).toBe("store is unhealthy\n  | store log\n  not started because of it: app, proxy");
  });

  it("is every one that failed by itself, and not those that wait for them", async () => {
    const { failed } = await found([
      { ...running("store"), state: "exited", status: "Exited (1) 3 seconds ago" },
      { ...running("cache"), state: "restarting", status: "Restarting (1) 3 seconds ago" },
      { ...running("app"), state: "created", status: "Created" },
    ]);
    expect(failed.map(({ service, state }) => [service, state])).toEqual([
      ["cache", "restarting"],
      ["store", "exited"],
    ]);
  });

  it("is not what is still starting while another one has failed", async () => {
    const { failed } = await found([running("store", "health: starting"), running("cache", "unhealthy")]);
    expect(failed.map(({ service }) => service)).toEqual(["cache"]);
  });

  it("is what is still starting when nothing else has failed", async () => {
    const { failed } = await found([running("store", "health: starting"), running("cache", "healthy")]);
    expect(failed.map(({ service, state }) => [service, state])).toEqual([["store", "starting"]]);
  });

  it("is what is between two starts, though a one-shot container has ended, as it should", async () => {
    const seed = {
      name: "dev-store_seed",
      seeds: "store",
      state: "exited",
      status: "Exited (0) a minute ago",
    };
    const { failed } = await found([seed, running("store", "health: starting"), running("cache", "healthy")]);
    expect(failed.map(({ service, state }) => [service, state])).toEqual([["store", "starting"]]);
  });

  it("is a service that has no container, though nothing kept it from starting", async () => {
    const { failed } = await found([running("cache", "healthy")]);
    expect(failed).toEqual([
      { service: "store", state: "not created", log: [], notStarted: ["app", "proxy"] },
    ]);
  });

  it("is told without its last words when they cannot be read", async () => {
    const fake = new FakeDocker("dev", [running("store", "unhealthy"), running("cache")]);
    const containers = await stackContainers(fake.docker, "dev");
    fake.containers.length = 0;
    const { failed } = await failure(fake.docker, containers, after);
    expect(failed).toEqual([{ service: "store", state: "unhealthy", log: [], notStarted: ["app", "proxy"] }]);
  });
});

describe("waiting for a stack", () => {
  const options = (lines: string[] = []) => ({ seconds: 60, progress: (line: string) => lines.push(line) });
  const all = ["app", "cache", "proxy", "store"];

  it("ends when every service is up, whatever one-shot containers are", async () => {
    const fake = new FakeDocker("dev", [
      ...all.map((service) => running(service, "healthy")),
      { name: "dev-app_seed", seeds: "app", state: "exited", status: "Exited (0)" },
    ]);
    await expect(waitUntilHealthy(fake.docker, "dev", after, options())).resolves.toBeUndefined();
  });

  it("goes on while one is starting, and says how far it is", async () => {
    const fake = new FakeDocker("dev", [
      ...["cache", "proxy", "store"].map((service) => running(service, "healthy")),
      running("app", "health: starting"),
    ]);
    const lines: string[] = [];
    const waiting = waitUntilHealthy(fake.docker, "dev", after, options(lines));
    await expect.poll(() => lines).toContain("3 of 4 services are healthy");
    const app = fake.containers.find(({ service }) => service === "app");
    if (app) app.status = "Up 3 minutes (healthy)";
    await expect(waiting).resolves.toBeUndefined();
  });

  it("ends with what failed as soon as nothing else can change", async () => {
    const fake = new FakeDocker("dev", [
      ...["cache", "proxy", "app"].map((service) => running(service, "healthy")),
      running("store", "unhealthy"),
    ]);
    await expect(waitUntilHealthy(fake.docker, "dev", after, options())).rejects.toThrow(
      /store is unhealthy/,
    );
  });

  it("ends with what is missing when the time is over", async () => {
    const fake = new FakeDocker("dev", [running("cache", "healthy")]);
    const over = { ...options(), seconds: -1 };
    await expect(waitUntilHealthy(fake.docker, "dev", after, over)).rejects.toThrow(/store is not created/);
  });
});
