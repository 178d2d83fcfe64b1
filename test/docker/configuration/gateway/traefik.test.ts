import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import type { Platform, Service } from "../../../../stacks/platform.ts";
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
import {
  expectAllTaken,
  type Gateway,
  routesPath,
  settingsPath,
  startGateway,
  traefik,
  withoutPages,
} from "./gateway.ts";
import { type Answer, type Asked, ask, statuses } from "./stage.ts";

const network = "umstraefik";
const missing = (await noReal(traefik)) || (await noReal(realProgram("nginx")));

const hostOf = (route: Service["route"]) => new URL(route?.url ?? "").hostname;

/** The whole catalogue without a load balancer, and services that are there to be limited, copied or away. */
function stack(): Platform {
  const route = { port: 7000, access: "public", reason: "a test asks it" } as const;
  const own = [
    {
      name: "limited",
      number: 100,
      route: { ...route, subdomain: "limited", rateLimit: { average: 1, burst: 5 } },
    },
    { name: "small", number: 101, route: { ...route, subdomain: "small", maxBody: 1 } },
    { name: "away", number: 102, route: { ...route, subdomain: "away", port: 7001 } },
    {
      name: "twice",
      number: 103,
      route: { ...route, subdomain: "twice" },
      balance: { sticky: true, reason: "a test counts who answers" },
    },
    { name: "twice-more", number: 104, replicaOf: "twice" },
  ].map((fields) => record({ title: `A service ${fields.name}`, ports: listensOn(7000, 7001), ...fields }));
  const all = loadCatalog(root, ["catalog"]);
  const catalog = new Map([...all, ...own.map((entry) => [entry.value.name, entry] as const)]);
  const config = stackConfig({ services: { include: "all", exclude: ["haproxy", "cloudflared"] } });
  return platformOf(catalog, config, loadEnvironments(root));
}

describe.skipIf(missing !== "")(`Traefik with the whole catalogue${missing && ` (${missing})`}`, () => {
  const platform = stack();
  const files = withoutPages(filesOf(platform, "traefik"));
  let apps: RunningProgram;
  let gateway: RunningProgram;
  const https = (asked: Asked): Promise<Answer> => ask(apps, gateway.address, asked);
  const signedIn = { Cookie: "session=alice" };

  beforeAll(async () => {
    ({ apps, gateway } = await startGateway(platform, { network, files }));
  });
  afterAll(() => removeTest(network));

  it("takes every router, middleware and service, and logs no error", () =>
    expectAllTaken({ apps, gateway }, files));

  it("redirects HTTP to HTTPS, and answers a name it does not know with 404", async () => {
    const redirect = await https({ host: "sonarr.media.localhost", path: "/a?b=c", scheme: "http" });
    expect(redirect.status).toBe(301);
    expect(redirect.headers).toContain("location: https://sonarr.media.localhost/a?b=c");
    expect((await https({ host: "nobody.media.localhost" })).status).toBe(404);
  });

  it("speaks HTTP/2 and refuses TLS below 1.3", async () => {
    const host = "jellyfin.media.localhost";
    expect((await https({ host })).version).toBe("2");
    expect((await https({ host, more: ["--tls-max", "1.2"] })).exitCode).toBe(35);
  });

  it("sends whoever is not signed in to the sign-in", async () => {
    const answer = await https({ host: "sonarr.media.localhost", path: "/series" });
    expect(answer.status).toBe(302);
    expect(answer.headers).toContain("location: https://auth.example/?rd=/series");
  });

  it("hands on who is signed in, and not what a client claims", async () => {
    const host = "sonarr.media.localhost";
    const answer = await https({ host, path: "/series", headers: { ...signedIn, "Remote-User": "mallory" } });
    expect(answer.body).toContain("host=sonarr.media.localhost port=8989 path=/series user=alice");
    const past = await https({
      host: "photos.media.localhost",
      path: "/api/server/ping",
      headers: { "Remote-User": "mallory", "X-Forwarded-For": "192.0.2.1" },
    });
    expect(past.body).toMatch(/port=2283 path=\/api\/server\/ping user= .* proto=https/);
    expect(past.body).not.toMatch(/mallory|192\.0\.2\.1/);
    // What some programs would read as the same header.
    const disguised = await https({
      host: "photos.media.localhost",
      path: "/api/server/ping",
      headers: { Remote_User: "mallory" },
    });
    expect(disguised.body).not.toContain("mallory");
  });

  it("lets native applications past the sign-in on the record's paths alone", async () => {
    const guarded = platform.services.filter(({ route }) => route && route.access !== "public");
    const urls = (path: string) => guarded.map(({ route }) => `https://${hostOf(route)}${path}`);
    const open = guarded.flatMap(({ route }) =>
      (route?.bypass ?? []).flatMap(({ path, exact }) =>
        [path, ...(exact ? [] : [path.endsWith("/") ? `${path}below` : `${path}/below?and=query`])].map(
          (one) => `https://${hostOf(route)}${one}`,
        ),
      ),
    );
    expect(open.length).toBeGreaterThan(100);
    const told = await statuses(apps, gateway.address, open);
    expect(open.filter((_, index) => told[index] !== 200)).toEqual([]);
    const closed = urls("/nobody-calls-this");
    const refused = await statuses(apps, gateway.address, closed);
    expect(closed.filter((_, index) => refused[index] !== 302)).toEqual([]);
    const host = "photos.media.localhost";
    expect((await https({ host, path: "/API/server" })).status).toBe(200);
    for (const path of ["/apidocs", "/api/../admin", "/photos/api"]) {
      expect([path, (await https({ host, path })).status]).toEqual([path, 302]);
    }
    for (const path of ["/api/..%2fadmin", "/api/..%5cadmin"]) {
      expect([path, (await https({ host, path })).status]).toEqual([path, 400]);
    }
  });

  it("adds security headers, and takes away what tells of the server", async () => {
    const { headers } = await https({ host: "auth.media.localhost" });
    expect(headers).toContain("x-content-type-options: nosniff");
    expect(headers).toContain("x-frame-options: sameorigin");
    expect(headers).toContain("referrer-policy: strict-origin-when-cross-origin");
    expect(headers).not.toMatch(/^server:/m);
    // The certificate is self-signed.
    expect(headers).not.toContain("strict-transport-security");
  });

  it("compresses text, and no film", async () => {
    const host = "auth.media.localhost";
    const encoded = { "Accept-Encoding": "gzip" };
    expect((await https({ host, path: "/long", headers: encoded })).headers).toContain(
      "content-encoding: gzip",
    );
    expect((await https({ host, path: "/film", headers: encoded })).headers).not.toContain(
      "content-encoding",
    );
  });

  it("limits a client's rate where its burst is spent", async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++)
      statuses.push((await https({ host: "limited.media.localhost" })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    // One more a second comes back, which twenty at once are faster than.
    const { output } = await apps.exec([
      ...["curl", "--silent", "--insecure", "--parallel", "--connect-to", `::${gateway.address}:`],
      ...["--output", "/dev/null", "--write-out", "%{http_code} ", "https://limited.media.localhost/[1-20]"],
    ]);
    expect(output.trim().split(/\s+/)).toContain("429");
  });

  it("refuses bodies over the limit, the record's own one and none for uploads", async () => {
    const send = async (host: string, mebibytes: number, path = "/"): Promise<string> => {
      const { output } = await apps.exec([
        "sh",
        "-c",
        `head -c ${mebibytes * 1024 * 1024} /dev/zero | curl --silent --insecure --connect-to ::${gateway.address}: --output /dev/null --write-out '%{http_code}' --data-binary @- https://${host}${path}`,
      ]);
      return output;
    };
    expect(await send("auth.media.localhost", 9)).toBe("200");
    expect(await send("auth.media.localhost", 11)).toBe("413");
    expect(await send("small.media.localhost", 2)).toBe("413");
    expect(await send("photos.media.localhost", 40, "/api/assets")).toBe("200");
  });

  it("opens the circuit of a service that does not answer, and of no other", async () => {
    const host = "away.media.localhost";
    expect((await https({ host })).status).toBe(502);
    await expect.poll(async () => (await https({ host })).status, { timeout: 30_000 }).toBe(503);
    expect((await https({ host: "small.media.localhost" })).status).toBe(200);
  });

  it("shares requests between copies, and keeps a browser with one of them", async () => {
    const host = "twice.media.localhost";
    const cookie = async () =>
      /set-cookie: (ums_twice=[^;]+); path=\/; httponly; secure; samesite=lax/.exec(
        (await https({ host })).headers,
      )?.[1];
    const copies = new Set([await cookie(), await cookie(), await cookie(), await cookie()]);
    expect(copies.size).toBe(2);
    expect(copies).not.toContain(undefined);
    const again = await https({ host, headers: { Cookie: [...copies][0] ?? "" } });
    expect(again.status).toBe(200);
    expect(again.headers).not.toContain("set-cookie");
  });

  it("logs each request as JSON, without the query", async () => {
    await https({ host: "music.media.localhost", path: "/rest/ping?u=alice&p=secret-password" });
    await expect.poll(() => gateway.logs()).toMatch(/"RequestPath":"\/rest\/ping"/);
    const logs = await gateway.logs();
    expect(logs).not.toContain("secret-password");
    const line = logs.split("\n").find((one) => one.includes('"RequestPath":"/rest/ping"')) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({
      RequestHost: "music.media.localhost",
      DownstreamStatus: 200,
      "request_User-Agent": expect.stringMatching(/^curl/),
      ClientHost: expect.stringMatching(/^\d+\./),
    });
  });

  it("serves metrics and ping inside, and neither API nor dashboard", async () => {
    const inside = (path: string) =>
      ask(apps, gateway.address, { host: "traefik:8080", path, scheme: "http" });
    expect((await inside("/metrics")).body).toContain("traefik_entrypoint_requests_total");
    expect((await inside("/ping")).status).toBe(200);
    expect((await inside("/api/rawdata")).status).toBe(404);
    expect((await inside("/dashboard/")).status).toBe(404);
  });
});

describe.skipIf(missing !== "")("Traefik in production", () => {
  /** Its probe reads the settings first, and needs neither network nor server for that. */
  const read = (files: ReadonlyMap<string, string>) =>
    runOnce(traefik, { files, command: ["/usr/local/bin/traefik", "healthcheck", "--ping"] });
  const files = filesOf(
    realStack({ tls: { challenge: "dns" }, trustedProxies: "cloudflare" }).platform,
    "traefik",
  );

  it("takes its settings, with certificates, trusted proxies and the bouncer's plugin", async () => {
    const { output } = await read(files);
    expect(output).toContain("Error calling healthcheck: Head");
    expect(output).not.toContain("field not found");
  });

  describe("with what needs no internet", () => {
    const name = "umstraefikprod";
    const settings = { trustedProxies: "cloudflare", gateway: { bouncer: false } } as const;
    const { platform } = realStack({ ...settings, tls: { challenge: "dns" } });
    const offline = realStack({ ...settings, tls: { challenge: "selfSigned" } }).platform;
    // Routes as for certificates that browsers trust, beside settings that fetch none.
    const routes = filesOf(platform, "traefik").get(routesPath) ?? "";
    const served = withoutPages(filesOf(offline, "traefik")).set(routesPath, routes);
    let running: Gateway;
    beforeAll(async () => {
      running = await startGateway(platform, { network: name, files: served });
    });
    afterAll(() => removeTest(name));

    it("takes every router, middleware and service, and logs no error", () =>
      expectAllTaken(running, served));

    it("tells browsers to insist on TLS, and sends whoever is not signed in to the sign-in", async () => {
      const asked = (host: string) => ask(running.apps, running.gateway.address, { host });
      const open = await asked("auth.media.localhost");
      expect(open.status).toBe(200);
      expect(open.headers).toMatch(/^strict-transport-security: max-age=\d{7,}/m);
      expect((await asked("sonarr.media.localhost")).status).toBe(302);
    });
  });

  it("refuses those with a mistake", async () => {
    const broken = (files.get(settingsPath) ?? "").replace("dnsChallenge", "dnsChalenge");
    const { exitCode, output } = await read(new Map([...files, [settingsPath, broken]]));
    expect(exitCode).toBe(1);
    expect(output).toContain("field not found, node: dnsChalenge");
  });
});

describe.skipIf(missing !== "")("Traefik with a mistake in its routes", () => {
  const name = "umstraefikbad";
  afterAll(() => removeTest(name));

  it("says so, which is what the test above would see", async () => {
    const files = new Map(filesOf(stack(), "traefik"));
    files.set(routesPath, (files.get(routesPath) ?? "").replace("forwardAuth:", "forwardAut:"));
    await makeNetwork(name);
    const program = await startReal(traefik, {
      name: `${name}-gateway`,
      network: name,
      files,
      user: "65532:65532",
      tmpfs: ["/certs", "/plugins-storage"],
    });
    await vi.waitFor(
      async () => expect(await program.logs()).toContain("field not found, node: forwardAut"),
      { timeout: 60_000, interval: 500 },
    );
    await program.stop();
  });
});
