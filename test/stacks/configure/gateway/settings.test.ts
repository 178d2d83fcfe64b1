import { describe, expect, it } from "vitest";
import { cloudflareNetworks } from "../../../../stacks/configure/gateway/cloudflareNetworks.ts";
import { dnsProviders, tokenVariables } from "../../../../stacks/configure/gateway/dnsProviders.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { realStack } from "../../../components/fixtures.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { type PlatformInput, platform, service } from "../../../fixtures/platforms.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { environments } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../fixtures.ts";
import { bouncerKeys, bouncerVersion } from "./bouncerKeys.ts";
import { gateway, gatewayRecords, routingOf, settingsOf, wrong } from "./fixtures.ts";

const production = { environment: "production", images: "real", domain: "media.example.com" } as const;
const settings = (config: PlatformInput["config"] = {}, records: Record<string, RecordFields> = {}) =>
  settingsOf(platform({ ...gatewayRecords, ...records }, { config }));

describe.each(["dev", "staging", "prod"])("Traefik's settings in the stack %s", (stack) => {
  const of = loadStack(projectRoot, stack).platform;

  it("are in the file that it looks for by itself, and in no variable", () => {
    const { environment, command } = service(of, "traefik");
    expect(Object.keys(environment).filter((name) => name.startsWith("TRAEFIK"))).toEqual([]);
    if (of.images === "real") expect(command).toBeUndefined();
    const { providers, entryPoints } = settingsOf(of, "traefik");
    expect(providers).toEqual({ file: { filename: "/etc/traefik/routes.yml", watch: false } });
    expect([...filesOf(of, "traefik").keys()]).toContain("/etc/traefik/routes.yml");
    expect(Object.values(entryPoints).map((one) => (one as { address: string }).address)).toEqual([
      ":80",
      ":443",
      ":8080",
    ]);
  });

  it("ask for TLS 1.3, and open neither dashboard nor API without a route", () => {
    expect(routingOf(of, "traefik").tls).toEqual({ options: { default: { minVersion: "VersionTLS13" } } });
    expect(settingsOf(of, "traefik").api).toEqual({ dashboard: true });
  });

  it("send HTTP to the published port of HTTPS, which HTTP/3 has, too", () => {
    const { entryPoints } = settingsOf(of, "traefik");
    const host = service(of, "traefik").publish.find(({ port }) => port === 443)?.host;
    expect(entryPoints.web.http.redirections.entryPoint).toEqual({
      to: host === 443 ? "websecure" : `:${host}`,
      scheme: "https",
      permanent: true,
    });
    expect(entryPoints.websecure.http3).toEqual({ advertisedPort: host });
  });
});

describe("certificates", () => {
  const acme = (config: PlatformInput["config"]) =>
    settings({ ...production, ...config }).certificatesResolvers?.letsEncrypt.acme;
  const insists = (config: PlatformInput["config"]) =>
    "stsSeconds" in (routingOf(platform(gatewayRecords, { config })).http.middlewares.headers?.headers ?? {});

  it("are Let's Encrypt's in production, by HTTP", () => {
    expect(acme({})).toEqual({
      email: "hostmaster@media.example.com",
      storage: "/certs/acme.json",
      keyType: "EC256",
      httpChallenge: { entryPoint: "web" },
    });
    expect(settings(production).entryPoints.websecure.http.tls).toEqual({ certResolver: "letsEncrypt" });
    expect(insists(production)).toBe(true);
  });

  it("are its staging authority's elsewhere, with an account of its own", () => {
    const staging = { ...production, environment: "staging" as const };
    expect(acme(staging)).toMatchObject({
      storage: "/certs/acme-staging.json",
      caServer: "https://acme-staging-v02.api.letsencrypt.org/directory",
    });
    expect(insists(staging)).toBe(false);
    expect(acme({ ...staging, tls: { authority: "letsEncrypt" } })).not.toHaveProperty("caServer");
  });

  it.each([
    ["in development", { environment: "development" }],
    ["where port 80 is not the host's", { publish: { offset: 20000 } }],
    ["where only the host itself reaches it", { publish: { address: "127.0.0.1" } }],
    ["where the config says so", { tls: { challenge: "selfSigned" } }],
  ] as const)("are self-signed %s", (_, config) => {
    expect(acme(config)).toBeUndefined();
    expect(settings({ ...production, ...config }).entryPoints.websecure.http.tls).toEqual({});
    expect(insists({ ...production, ...config })).toBe(false);
  });

  it.each(dnsProviders)("are one for all subdomains by DNS at %s, whose token is a file", (dnsProvider) => {
    const config = { ...production, publish: { offset: 1 }, tls: { challenge: "dns", dnsProvider } } as const;
    const of = platform(gatewayRecords, { config, stack: { secrets: ["dnsApiToken"] } });
    const { certificatesResolvers, entryPoints } = settingsOf(of);
    expect(certificatesResolvers.letsEncrypt.acme.dnsChallenge).toEqual({ provider: dnsProvider });
    expect(entryPoints.websecure.http.tls.domains).toEqual([
      { main: "media.example.com", sans: ["*.media.example.com"] },
    ]);
    const { environment, files } = service(of, "gate");
    const path = environment[`${tokenVariables[dnsProvider]}_FILE`];
    expect(files.find((file) => file.path === path)).toMatchObject({
      mode: "0400",
      content: { secret: expect.any(String) },
    });
    expect(of.secrets).toContainEqual({
      id: "gate/dns-api-token",
      source: expect.objectContaining({ kind: "config", key: "dnsApiToken", isSet: true }),
    });
  });

  it("by DNS need a token, which is asked for like any other secret", () => {
    const config = { ...production, tls: { challenge: "dns" } } as const;
    expect(platform(gatewayRecords, { config }).warnings.map(({ message }) => message)).toContain(
      "tls.challenge: dns needs the secret \"dnsApiToken\"; set it: pulumi config set --stack test --secret --path 'ums:secrets.dnsApiToken'",
    );
    expect(wrong({}, { config, options: { unsetSecrets: "refuse" } })).toEqual([
      expect.stringMatching(/^Pulumi\.test\.yaml:\d+:\d+: tls\.challenge: dns needs the secret/),
    ]);
  });

  it("by HTTP are refused where port 80 is not to be had", () => {
    const config = { ...production, publish: { offset: 20000 }, tls: { challenge: "http" } } as const;
    expect(wrong({}, { config })).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: Let's Encrypt asks on port 80 of the host, which this stack does not publish to the world \(publish\.address 0\.0\.0\.0, publish\.offset 20000\); use challenge: dns or selfSigned$/,
      ),
    ]);
  });

  it("have the config's contact", () => {
    expect(acme({ tls: { email: "me@example.org" } }).email).toBe("me@example.org");
  });
});

describe("proxies in front", () => {
  const tunnel: RecordFields = {
    roles: ["tunnel"],
    segment: "dmz",
    links: [linkTo("gate", 443)],
    egress: { reason: "a test" },
  };
  const source = (of: ReturnType<typeof platform>) =>
    routingOf(of).http.middlewares["rate-limit"]?.rateLimit?.sourceCriterion;

  it("are none by default, and clients are told apart by the address they come from", () => {
    const of = platform(gatewayRecords);
    expect(settingsOf(of).entryPoints.websecure).not.toHaveProperty("forwardedHeaders");
    expect(source(of)).toEqual({ ipStrategy: { ipv6Subnet: 64 } });
  });

  it("are Cloudflare's where the config says so: clients are told apart by what they say", () => {
    const of = platform(gatewayRecords, { config: { trustedProxies: "cloudflare" } });
    expect(settingsOf(of).entryPoints.websecure.forwardedHeaders.trustedIPs).toEqual([...cloudflareNetworks]);
    expect(source(of)).toEqual({ ipStrategy: { depth: 1, ipv6Subnet: 64 } });
    // It passes on what a client puts into this header.
    expect(routingOf(of).http.middlewares.headers?.headers?.customRequestHeaders).toMatchObject({
      "X-Real-Ip": "",
    });
  });

  it("are the config's networks, and a tunnel at its end of the link", () => {
    const config = { trustedProxies: ["2001:db8::/32", "192.0.2.0/24"] };
    const of = platform({ ...gatewayRecords, tunnel }, { config });
    const address = of.links.find(({ consumer }) => consumer === "tunnel")?.consumerAddress;
    expect(settingsOf(of).entryPoints.websecure.forwardedHeaders.trustedIPs).toEqual(
      ["192.0.2.0/24", "2001:db8::/32", `${address}/32`].sort(),
    );
  });

  it("of Cloudflare are 22 networks, each written once", () => {
    expect(new Set(cloudflareNetworks).size).toBe(22);
    expect(cloudflareNetworks.filter((one) => !/^[0-9a-f:.]+\/\d+$/.test(one))).toEqual([]);
  });
});

describe("the bouncer", () => {
  const watch: RecordFields = {
    ports: listensOn(8080),
    secrets: [{ name: "key-for-gate", generate: "hex" }],
  };
  const records: Record<string, RecordFields> = {
    watch,
    gate: {
      ...gateway,
      links: [linkTo("watch", 8080, { required: false, ordered: false })],
      secrets: [{ name: "bouncer-key", from: "watch/key-for-gate", file: "/run/secrets/key" }],
    },
  };
  const real = { ...production, images: "real" } as const;

  it("is on every route, asks over the link, and reads its key from the file", () => {
    const of = platform({ ...gatewayRecords, ...records }, { config: real });
    const { routers, middlewares } = routingOf(of).http;
    for (const { middlewares: names } of Object.values(routers)) expect(names[0]).toBe("bouncer");
    expect(middlewares.bouncer?.plugin?.bouncer).toMatchObject({
      crowdsecMode: "stream",
      crowdsecLapiHost: "watch:8080",
      crowdsecLapiKeyFile: "/run/secrets/key",
      updateMaxFailure: -1,
    });
    expect(settingsOf(of).experimental).toEqual({
      plugins: {
        bouncer: {
          moduleName: "github.com/maxlerebourg/crowdsec-bouncer-traefik-plugin",
          version: expect.stringMatching(/^v\d+\.\d+\.\d+$/),
        },
      },
      abortOnPluginFailure: true,
    });
  });

  it("says nothing that the plugin of its version does not read", () => {
    for (const of of [platform({ ...gatewayRecords, ...records }, { config: real }), realStack().platform]) {
      const gate = of.services.find(({ roles }) => roles.includes("gateway"))?.name ?? "";
      const settings = (routingOf(of, gate).http.middlewares.bouncer?.plugin?.bouncer ?? {}) as Record<
        string,
        unknown
      >;
      const kinds = Object.entries(settings).map(([key, value]) => [
        key,
        Array.isArray(value) ? "strings" : typeof value,
      ]);
      expect(kinds.length).toBeGreaterThan(5);
      expect(kinds).toEqual(kinds.map(([key = ""]) => [key, bouncerKeys[key]]));
      expect(settingsOf(of, gate).experimental?.plugins.bouncer).toMatchObject({ version: bouncerVersion });
      expect(["none", "live", "stream", "alone", "appsec"]).toContain(settings.crowdsecMode);
    }
  });

  it.each([
    ["where nobody bans", { ...real, services: { include: "all" as const, exclude: ["watch"] } }, records],
    ["in a rehearsal, which fetches no plugin", { ...real, images: "rehearsal" as const }, records],
    ["where the config leaves it out", { ...real, gateway: { bouncer: false } }, records],
  ])("is not there %s", (_, config, more) => {
    const of = platform({ ...gatewayRecords, ...more }, { config });
    expect(settingsOf(of)).not.toHaveProperty("experimental");
    expect(JSON.stringify(routingOf(of))).not.toContain("bouncer");
  });

  it("is there in the whole catalogue with real images", () => {
    expect(
      routingOf(realStack().platform, "traefik").http.middlewares.bouncer?.plugin?.bouncer,
    ).toMatchObject({
      crowdsecLapiHost: "crowdsec:8080",
      crowdsecLapiKeyFile: "/run/secrets/crowdsec_bouncer_key",
    });
  });
});

it("the log has the environment's level in Traefik's words, and no query of a request", () => {
  const words = { debug: "DEBUG", info: "INFO", warning: "WARN", error: "ERROR" };
  for (const [level, word] of Object.entries(words)) {
    const of = platform(gatewayRecords, { environments: environments({ base: { LOG_LEVEL: level } }) });
    expect(settingsOf(of).log).toEqual({ level: word, format: "json" });
  }
  expect(settings().accessLog).toEqual({
    format: "json",
    fields: {
      defaultMode: "keep",
      headers: { defaultMode: "drop", names: { "User-Agent": "keep" } },
      queryParameters: { defaultMode: "drop" },
    },
  });
});
