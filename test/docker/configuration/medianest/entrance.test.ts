import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments, loadStackConfig } from "../../../../stacks/config/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { platformOf, service } from "../../../fixtures/platforms.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { until } from "../../harness.ts";
import { stackWith } from "../data/databases.ts";
import { nginxWith } from "../nginx.ts";
import {
  makeNetwork,
  noReal,
  type RunningProgram,
  realProgram,
  removeTest,
  runOnce,
  startReal,
} from "../real.ts";

const nginx = realProgram("nginx");
const noNginx = await noReal(nginx);
const network = "umstestnest";
const path = "/etc/medianest/nginx.conf";

const dev = stackWith();
const entrance = service(dev, "medianest-nginx");
const origin = entrance.route?.url ?? "";

/** The stack where YouTube's limit is one that nginx has a unit for. */
function withRate(): Platform {
  const config = loadStackConfig(projectRoot, "dev");
  const environment = { RATE_LIMIT_YOUTUBE_REQUESTS: 20, RATE_LIMIT_YOUTUBE_WINDOW: 1200 };
  const overrides = { ...config.platform.overrides, "medianest-backend": { environment } };
  return platformOf(
    loadCatalog(projectRoot, ["catalog"]),
    { ...config, platform: { ...config.platform, overrides } },
    loadEnvironments(projectRoot),
  );
}

/** The entrance's files, with its neighbours under the names and addresses they have here. */
function files(changes: Readonly<Record<string, string>>, of = dev): Map<string, string> {
  const all = filesOf(of, entrance.name);
  let conf = all.get(path) ?? "";
  for (const [from, to] of Object.entries(changes)) {
    expect(conf).toContain(from);
    conf = conf.replaceAll(from, to);
  }
  return all.set(path, conf);
}

const offline = { "medianest-frontend:3000": "127.0.0.1:3000", "medianest-backend:4000": "127.0.0.1:4000" };

/** Stands for frontend or backend: says who it is and what it was asked with. */
const neighbour = (port: number, name: string) =>
  nginxWith(`
  client_max_body_size 100m;
  server {
    listen ${port};
    add_header Access-Control-Allow-Origin "*" always;
    location /socket.io/ {
      if ($http_upgrade = "") { return 400; }
      add_header Upgrade $http_upgrade always;
      return 101;
    }
    location /api/v1/large { default_type application/json; return 200 "${"x".repeat(3000)}"; }
    location / { return 200 "${name} $request_uri for $http_x_forwarded_for at $http_host"; }
  }`);

describe.skipIf(noNginx !== "")("MediaNest's entrance", () => {
  let backend: RunningProgram;
  let frontend: RunningProgram;
  let front: RunningProgram;

  const startNeighbour = (port: number, name: string) =>
    startReal(nginx, {
      name: `${network}-${name}`,
      network,
      user: "101:101",
      files: new Map([["/etc/neighbour/nginx.conf", neighbour(port, name)]]),
      command: ["nginx", "-c", "/etc/neighbour/nginx.conf", "-g", "daemon off;"],
    });

  async function startEntrance(
    changes: Readonly<Record<string, string>> = {},
    of = dev,
  ): Promise<RunningProgram> {
    const started = await startReal(nginx, {
      name: `${network}-entrance`,
      network,
      user: `${entrance.user.uid}:${entrance.user.gid}`,
      files: files(
        {
          "medianest-frontend:3000": `${frontend.name}:3000`,
          "medianest-backend:4000": `${backend.name}:4000`,
          ...changes,
        },
        of,
      ),
      command: [...(entrance.command ?? [])],
    });
    const probe = entrance.health.command ?? [];
    await until("the entrance answers", async () => (await started.exec([...probe])).exitCode === 0, 30);
    return started;
  }

  /** What curl prints from another container. */
  async function curl(...words: string[]): Promise<string> {
    const { output } = await backend.exec(["curl", "-s", ...words]);
    return output;
  }
  const url = (tail: string) => `http://${front.name}:8080${tail}`;
  /** Status codes of a number of requests, one after the other. */
  async function codes(count: number, tail: string, ...words: string[]): Promise<string[]> {
    const text = await curl(
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}\\n",
      ...words,
      `${url(tail)}?n=[1-${count}]`,
    );
    return text.trim().split("\n");
  }
  /** Headers of an answer by lower-case name; a header that comes twice has both values. */
  async function headers(tail: string, ...words: string[]): Promise<Map<string, string>> {
    const text = await curl("-o", "/dev/null", "-D", "-", ...words, url(tail));
    const found = new Map<string, string>();
    for (const line of text.split("\r\n").slice(1)) {
      const [name = "", ...value] = line.split(": ");
      const earlier = found.get(name.toLowerCase());
      if (name !== "")
        found.set(name.toLowerCase(), [...(earlier ? [earlier] : []), value.join(": ")].join(", "));
    }
    return found;
  }

  beforeAll(async () => {
    await makeNetwork(network);
    backend = await startNeighbour(4000, "backend");
    frontend = await startNeighbour(3000, "frontend");
    front = await startEntrance();
  });
  afterAll(async () => {
    for (const running of [front, frontend, backend]) await running?.stop();
    await removeTest(network);
  });

  it("has a file that nginx finds right, and would not if it were wrong", async () => {
    const check = (changes: Readonly<Record<string, string>>) =>
      runOnce(nginx, {
        files: files({ ...offline, ...changes }),
        user: "101:101",
        command: ["nginx", "-t", "-c", path],
      });
    expect(await check({})).toMatchObject({ exitCode: 0 });
    const hourly = await check({ "rate=5r/m": "rate=5r/h" });
    expect(hourly.exitCode).not.toBe(0);
    expect(hourly.output).toContain('invalid rate "rate=5r/h"');
    expect((await check({ stub_status: "stub_stats" })).output).toContain('unknown directive "stub_stats"');
  });

  it("has a file that nginx finds right in production, without a warning", async () => {
    const written = files(offline, stackWith({ environment: "production" }));
    const conf = written.get(path) ?? "";
    expect(conf).toContain("error_log stderr warn;");
    expect(conf).not.toContain("$request_time");
    const { exitCode, output } = await runOnce(nginx, {
      files: written,
      user: "101:101",
      command: ["nginx", "-t", "-c", path],
    });
    expect(output).not.toMatch(/\[(warn|error|emerg)\]/);
    expect(exitCode).toBe(0);
  });

  it("sends pages and sign-in pages to the frontend, the API to the backend", async () => {
    expect(await curl(url("/movies"))).toMatch(/^frontend \/movies /);
    expect(await curl(url("/api/auth/session"))).toMatch(/^frontend \/api\/auth\/session /);
    expect(await curl(url("/api/v1/media"))).toMatch(/^backend \/api\/v1\/media /);
    expect(await curl(url("/api/health"))).toMatch(/^backend \/api\/health /);
  });

  it("answers 429 after 5 sign-ins at once, with its CORS headers", async () => {
    const answers = await codes(10, "/api/v1/auth/pin");
    expect(answers.slice(0, 5)).toEqual(Array(5).fill("200"));
    expect(answers).toContain("429");
    const refused = await headers("/api/v1/auth/pin", "-H", `Origin: ${origin}`);
    expect(refused.get("access-control-allow-origin")).toBe(origin);
  });

  it("takes 5 YouTube downloads and not a sixth; its queue can still be looked at", async () => {
    const submitted = await codes(12, "/api/v1/youtube/submit", "-X", "POST");
    expect(submitted).toEqual([...Array<string>(5).fill("200"), ...Array<string>(7).fill("429")]);
    expect(await codes(2, "/api/v1/youtube/queue")).toEqual(["200", "200"]);
  });

  it("does not believe who says to be another", async () => {
    const [code] = await codes(1, "/api/v1/youtube/submit", "-X", "POST", "-H", "X-Forwarded-For: 192.0.2.1");
    expect(code).toBe("429");
  });

  it("passes live connections on", async () => {
    const upgrade = ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-m", "5"];
    const code = await curl(
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      ...upgrade,
      url("/socket.io/?transport=websocket"),
    );
    expect(code).toBe("101");
    expect(await codes(1, "/socket.io/")).toEqual(["400"]);
  });

  it("lets its own origin in and no other, whatever the backend says", async () => {
    const own = await headers("/api/v1/media", "-H", `Origin: ${origin}`);
    expect(own.get("access-control-allow-origin")).toBe(origin);
    expect(own.get("access-control-allow-credentials")).toBe("true");
    expect(own.get("access-control-allow-methods")).toContain("DELETE");
    const foreign = await headers("/api/v1/media", "-H", "Origin: https://evil.example");
    expect(foreign.has("access-control-allow-origin")).toBe(false);
    expect(foreign.has("access-control-allow-credentials")).toBe(false);
  });

  it("answers with security headers, once each, and without its version", async () => {
    const found = await headers("/");
    expect(found.get("x-content-type-options")).toBe("nosniff");
    expect(found.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(found.get("referrer-policy")).toBe("strict-origin-when-cross-origin");
    expect(found.get("server")).toBe("nginx");
  });

  it("compresses what is large, and takes nothing that is too large", async () => {
    const found = await headers("/api/v1/large", "-H", "Accept-Encoding: gzip");
    expect(found.get("content-encoding")).toBe("gzip");
    const send = async (mebibytes: number) => {
      const body = `head -c ${mebibytes}000000 /dev/zero`;
      const to = `curl -s -o /dev/null -w '%{http_code}' --data-binary @- ${url("/api/v1/upload")}`;
      return (await backend.exec(["sh", "-c", `${body} | ${to}`])).output;
    };
    expect(await send(9)).toBe("200");
    expect(await send(11)).toBe("413");
  });

  it("shows its status from inside alone", async () => {
    expect(await codes(1, "/nginx_status")).toEqual(["403"]);
    const inside = await front.exec(["curl", "-s", "http://127.0.0.1:8080/nginx_status"]);
    expect(inside.output).toContain("Active connections");
  });

  it("answers 429 when 100 requests to the API came at once", async () => {
    const answers = await codes(150, "/api/v1/dashboard");
    // Some of the hundred went before.
    expect(answers.filter((code) => code === "200").length).toBeGreaterThan(50);
    expect(answers).toContain("429");
  });

  it("counts by who the gateway says is calling", async () => {
    await front.stop();
    const trusted = /set_real_ip_from ([^;]+);/.exec(filesOf(dev, entrance.name).get(path) ?? "")?.[1] ?? "";
    front = await startEntrance({ [`set_real_ip_from ${trusted}`]: `set_real_ip_from ${backend.address}` });
    const submit = (count: number, address: string) =>
      codes(count, "/api/v1/youtube/submit", "-X", "POST", "-H", `X-Forwarded-For: ${address}`);
    expect((await submit(6, "192.0.2.1")).at(-1)).toBe("429");
    expect(await submit(1, "192.0.2.2")).toEqual(["200"]);
    expect(await curl("-H", "X-Forwarded-For: 192.0.2.3", url("/"))).toContain("for 192.0.2.3 ");
  });

  it("counts downloads and not looks at their queue by a rate, too", async () => {
    await front.stop();
    front = await startEntrance({}, withRate());
    expect(await codes(30, "/api/v1/youtube/queue")).toEqual(Array(30).fill("200"));
    const submitted = await codes(25, "/api/v1/youtube/submit", "-X", "POST");
    expect(submitted.slice(0, 20)).toEqual(Array(20).fill("200"));
    expect(submitted).toContain("429");
  });
});
