import { describe, expect, it } from "vitest";
import { nginxRate } from "../../../../stacks/configure/medianest/limits.ts";
import { type Directive, nginxText } from "../../../../stacks/configure/medianest/nginxText.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, link, type PlatformInput, platform } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { environments } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../fixtures.ts";

const limits = {
  RATE_LIMIT_API_REQUESTS: 100,
  RATE_LIMIT_API_WINDOW: 60,
  RATE_LIMIT_YOUTUBE_REQUESTS: 5,
  RATE_LIMIT_YOUTUBE_WINDOW: 3600,
};
const records = (backend: RecordFields = {}): Record<string, RecordFields> => ({
  gate: { roles: ["gateway"] },
  entrance: {
    configure: "medianest",
    ports: listensOn(8080),
    route: { subdomain: "nest", port: 8080, access: "public", reason: "a test opens it" },
    links: [linkTo("web", 3000), linkTo("engine", 4000)],
    limits: { memory: 64, cpus: 2 },
  },
  web: { ports: listensOn(3000), links: [linkTo("engine", 4000)] },
  engine: { ports: listensOn(4000), environment: limits, ...backend },
});
const filesIn = (backend: RecordFields = {}, input: PlatformInput = {}) =>
  filesOf(platform(records(backend), input), "entrance");
const confOf = (backend: RecordFields = {}, input: PlatformInput = {}) =>
  found(filesIn(backend, input).get("/etc/medianest/nginx.conf"), "nginx.conf")
    .split("\n")
    .map((line) => line.trim());

describe("nginx's configuration", () => {
  it("sends pages to the service that calls the other, and API and live connections to the other", () => {
    const conf = confOf().join("\n");
    expect(conf).toContain("upstream pages {\nserver web:3000;\n}");
    expect(conf).toContain("upstream api {\nserver engine:4000;\n}");
    expect(conf).toMatch(/location \/socket\.io\/ \{\nproxy_read_timeout 1h;\nproxy_pass http:\/\/api;\n\}/);
    expect(conf).toMatch(/location \/ \{\nproxy_pass http:\/\/pages;\n\}/);
  });

  it("keeps the backend's limits, each at the seed document's paths", () => {
    const conf = confOf().join("\n");
    expect(conf).toContain("limit_req_zone $binary_remote_addr zone=api:10m rate=100r/m;");
    expect(conf).toContain("limit_req_zone $binary_remote_addr zone=auth:10m rate=5r/m;");
    expect(conf).toMatch(/location \/api\/v1\/auth\/ \{\nlimit_req zone=auth burst=4 nodelay;/);
    expect(conf).toMatch(/location \/api\/ \{\nlimit_req zone=api burst=99 nodelay;/);
    expect(conf).toMatch(
      /location \/api\/v1\/youtube\/ \{\nlimit_req zone=api burst=99 nodelay;\nif \(\$over_youtube\) \{\nreturn 429;/,
    );
  });

  it("counts by a script where nginx has no unit, and by a rate where it has one", () => {
    expect(filesIn().get("/etc/medianest/youtube.js")).toContain(
      "const requests = 5;\nconst window = 3600 * 1000;",
    );
    const often = { environment: { ...limits, RATE_LIMIT_YOUTUBE_REQUESTS: 60 } };
    expect(confOf(often)).toContain("limit_req_zone $counted_youtube zone=youtube:10m rate=1r/m;");
    expect(confOf(often).some((line) => line.startsWith("load_module"))).toBe(false);
    expect(filesIn(often).has("/etc/medianest/youtube.js")).toBe(false);
  });

  it("counts the same requests either way: downloads that are handed over, and every call of the API", () => {
    const script = (name: string, environment: object = {}) =>
      found(filesIn({ environment: { ...limits, ...environment } }).get(`/etc/medianest/${name}.js`), name);
    const rate = confOf({ environment: { ...limits, RATE_LIMIT_YOUTUBE_REQUESTS: 60 } }).join("\n");
    expect(script("youtube")).toContain('if (r.method !== "POST") return "";');
    expect(rate).toContain("map $request_method $counted_youtube {\nPOST $binary_remote_addr;\n}");
    expect(script("api", { RATE_LIMIT_API_WINDOW: 3601 })).not.toContain("r.method");
    expect(rate).toContain("limit_req_zone $binary_remote_addr zone=api:10m rate=100r/m;");
  });

  it("follows a limit that the stack changes for the backend", () => {
    const config = { overrides: { engine: { environment: { RATE_LIMIT_API_REQUESTS: 30 } } } };
    expect(confOf({}, { config })).toContain("limit_req_zone $binary_remote_addr zone=api:10m rate=30r/m;");
  });

  it("believes the gateway alone who the caller is", () => {
    const of = platform(records());
    const trusted = confOf().filter((line) => line.startsWith("set_real_ip_from"));
    expect(trusted).toEqual([`set_real_ip_from ${link(of, "gate", "entrance").consumerAddress};`]);
  });

  it("lets the site's own origin in, with its port", () => {
    const config = { domain: "media.test", publish: { address: "127.0.0.1", offset: 10_000 } };
    expect(confOf({}, { config })).toContain("https://nest.media.test:10443 $http_origin;");
    expect(confOf({}, { config: { domain: "media.test" } })).toContain(
      "https://nest.media.test $http_origin;",
    );
  });

  it("logs at the stack's level, and times where it is profiled", () => {
    const production = environments({ base: { LOG_LEVEL: "warning", ENABLE_PROFILING: true } });
    const conf = confOf({}, { environments: production });
    expect(conf).toContain("error_log stderr warn;");
    expect(conf.find((line) => line.startsWith("log_format"))).toContain("$request_time");
    expect(confOf()).toContain("error_log stderr notice;");
    expect(confOf().find((line) => line.startsWith("log_format"))).not.toContain("$request_time");
  });

  it("is the catalogue's: every link of MediaNest's entrance is used", () => {
    for (const stack of ["dev"]) {
      const { platform: of } = loadStack(projectRoot, stack);
      const conf = found(filesOf(of, "medianest-nginx").get("/etc/medianest/nginx.conf"), "nginx.conf");
      const providers = of.links.filter(({ consumer }) => consumer === "medianest-nginx");
      expect(providers).toHaveLength(2);
      for (const { provider, uses } of providers)
        expect(conf).toContain(`server ${provider}:${uses[0]?.port};`);
      const backend = found(
        of.services.find(({ name }) => name === "medianest-backend"),
        "the backend",
      );
      expect(conf).toContain(`${String(backend.environment.CORS_ORIGIN)} $http_origin;`);
    }
  });
});

describe("refused with its place is", () => {
  const wrong = (of: Record<string, RecordFields>) =>
    complaints(() => platform(of)).map((line) => line.replace(/^(\S+?):\d+:\d+/, "$1"));

  it.each(["0", "many", "1.5", ""])("a limit of %j", (value) => {
    const environment = { ...limits, RATE_LIMIT_API_REQUESTS: value };
    expect(wrong(records({ environment }))).toEqual([
      "catalog/engine.yaml: RATE_LIMIT_API_REQUESTS of engine must be a whole number from 1, because nginx keeps the same limit",
    ]);
  });

  it("an entrance with no two services of which one calls the other", () => {
    const { web, ...rest } = records();
    expect(wrong({ ...rest, web: { ...web, links: [] } })).toEqual([
      "catalog/entrance.yaml: entrance needs a route, and links to two services of which one calls the other: pages and API",
    ]);
  });
});

describe("a rate", () => {
  it.each([
    [100, 60, "100r/m"],
    [5, 60, "5r/m"],
    [120, 60, "2r/s"],
    [10, 1, "10r/s"],
    [60, 3600, "1r/m"],
    [5, 3600, undefined],
    [7, 120, undefined],
  ])("of %s in %s s is %s", (requests, seconds, rate) => {
    expect(nginxRate({ requests, seconds })).toBe(rate);
  });
});

describe("nginx's format", () => {
  it("has words, blocks in braces, and quotes where a word would end too soon", () => {
    const directives: Directive[] = [
      ["worker_processes", 1],
      [
        "http",
        [
          ["add_header", "A", "a; b", "always"],
          ["return", ""],
          ["x", 'say "\\"'],
        ],
      ],
    ];
    expect(nginxText(directives)).toBe(
      'worker_processes 1;\nhttp {\n  add_header A "a; b" always;\n  return "";\n  x "say \\"\\\\\\"";\n}\n',
    );
  });
});
