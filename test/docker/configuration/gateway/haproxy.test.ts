import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { realStack } from "../../../components/fixtures.ts";
import { platformOf } from "../../../fixtures/platforms.ts";
import { listensOn, record } from "../../../fixtures/records.ts";
import { stackConfig } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { root } from "../../harness.ts";
import {
  makeNetwork,
  noReal,
  type RunningProgram,
  realProgram,
  removeTest,
  runOnce,
  startReal,
} from "../real.ts";
import { type Answer, ask, startApplications } from "./stage.ts";

const network = "umshaproxy";
const haproxy = realProgram("haproxy");
const missing = (await noReal(haproxy)) || (await noReal(realProgram("nginx")));
const path = "/usr/local/etc/haproxy/haproxy.cfg";

describe.skipIf(missing !== "")(`HAProxy${missing && ` (${missing})`}`, () => {
  const check = (files: ReadonlyMap<string, string>) =>
    runOnce(haproxy, { files, command: ["haproxy", "-c", "-f", path], user: "99:99" });

  it.each([
    ["development", () => loadStack(root, "dev").platform],
    ["production", () => realStack().platform],
  ])("takes the configuration of the whole catalogue in %s, without a warning", async (_, platform) => {
    const { exitCode, output } = await check(filesOf(platform(), "haproxy"));
    // It cannot resolve names here, which it says, and starts all the same.
    expect(output).not.toMatch(/WARNING|ALERT/);
    expect(exitCode).toBe(0);
  });

  it("refuses one with a mistake", async () => {
    const text = filesOf(loadStack(root, "dev").platform, "haproxy").get(path) ?? "";
    const { exitCode, output } = await check(new Map([[path, text.replace("roundrobin", "roundrobbin")]]));
    expect(exitCode).toBe(1);
    expect(output).toContain("balance only supports 'roundrobin'");
  });

  describe("with copies", () => {
    let first: RunningProgram;
    let second: RunningProgram;
    let balancer: RunningProgram;
    const answer = (host: string, headers = {}): Promise<Answer> =>
      ask(first, balancer.address, { host: `${host}.media.localhost:8080`, scheme: "http", headers });
    const by = ({ body }: Answer) => /^by=(\S+)/.exec(body)?.[1];
    const statistics = async () =>
      (await ask(first, balancer.address, { host: "x:8404", path: "/;csv", scheme: "http" })).body;
    const stateOf = async (service: string, server: string) => {
      const line = (await statistics()).split("\n").find((one) => one.startsWith(`${service},${server},`));
      return line?.split(",")[17];
    };
    const until = (work: () => Promise<void>) => vi.waitFor(work, { timeout: 180_000, interval: 1000 });

    beforeAll(async () => {
      const route = { port: 7000, access: "public", reason: "a test asks it" } as const;
      const balance = { reason: "a test counts who answers" };
      const health = { http: { port: 7000, path: "/healthz" }, command: ["true"] };
      const own = [
        {
          name: "plain",
          number: 100,
          route: { ...route, subdomain: "plain" },
          balance: { ...balance, sticky: false },
        },
        { name: "plain-more", number: 101, replicaOf: "plain" },
        {
          name: "board",
          number: 102,
          route: { ...route, subdomain: "board" },
          balance: { ...balance, sticky: true },
        },
        { name: "board-more", number: 103, replicaOf: "board" },
      ].map((fields) =>
        record({ title: `A service ${fields.name}`, ports: listensOn(7000), health, ...fields }),
      );
      const catalog = new Map([
        ...loadCatalog(root, ["catalog"]),
        ...own.map((entry) => [entry.value.name, entry] as const),
      ]);
      const config = stackConfig({
        services: {
          include: ["traefik", "haproxy", "authelia", ...own.map(({ value }) => value.name)],
        },
      });
      const files = filesOf(platformOf(catalog, config, loadEnvironments(root)), "haproxy");
      await makeNetwork(network);
      // Before the services: their names are not known yet.
      balancer = await startReal(haproxy, { name: `${network}-balancer`, network, files, user: "99:99" });
      const at = (names: string[]) => names.map((name) => ({ name, port: 7000 }));
      first = await startApplications(network, at(["plain", "board"]), "first");
      second = await startApplications(network, at(["plain-more", "board-more"]), "second");
      await until(async () => {
        for (const name of ["plain", "plain-more", "board", "board-more"]) {
          const state = await stateOf(name.replace("-more", ""), name);
          if (state !== "UP") throw new Error(`${name} is ${state}:\n${await balancer.logs()}`);
        }
      });
    });
    afterAll(() => removeTest(network));

    it("sends requests round-robin to a stateless service", async () => {
      const seen = [];
      for (let index = 0; index < 6; index++) seen.push(by(await answer("plain")));
      const [one, other] = seen;
      expect(one).not.toBe(other);
      expect(seen).toEqual([one, other, one, other, one, other]);
    });

    it("keeps a browser with the copy that answered first", async () => {
      const start = await answer("board");
      const cookie = /set-cookie: (ums_board=[^;]+); path=\/; httponly; secure; samesite=lax/.exec(
        start.headers,
      )?.[1];
      expect(cookie).toBeDefined();
      for (let index = 0; index < 5; index++) {
        expect(by(await answer("board", { Cookie: cookie }))).toBe(by(start));
      }
      const others = new Set([by(await answer("board")), by(await answer("board"))]);
      expect(others.size).toBe(2);
    });

    it("answers 404 for a host that it does not know, and serves health and metrics", async () => {
      expect((await answer("nobody")).status).toBe(404);
      const inside = (where: string) =>
        ask(first, balancer.address, { host: "x:8404", path: where, scheme: "http" });
      expect((await inside("/healthz")).status).toBe(200);
      expect((await inside("/metrics")).body).toContain("haproxy_server_check_status");
    });

    it("sends nothing to a copy that is not well", async () => {
      await second.stop();
      await until(async () => {
        const state = await stateOf("plain", "plain-more");
        // "UP 2/3" after its first failed check.
        if (state?.startsWith("UP")) throw new Error("it still counts as well");
      });
      const all = [];
      for (let index = 0; index < 4; index++) all.push((await answer("plain")).status);
      expect(all).toEqual([200, 200, 200, 200]);
    });
  });
});
