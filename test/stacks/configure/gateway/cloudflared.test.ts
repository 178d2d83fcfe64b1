import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadStack } from "../../../../stacks/load.ts";
import { realStack } from "../../../components/fixtures.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, type PlatformInput, platform, service } from "../../../fixtures/platforms.ts";
import { linkTo, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";
import { app, gatewayRecords, wrong } from "./fixtures.ts";

/** What cloudflared 2026.8.2 reads of its file (config/configuration.go). */
interface Tunnel {
  tunnel: string;
  "credentials-file": string;
  originRequest: Record<string, unknown>;
  ingress: { hostname?: string; service: string }[];
}

const tunnel: RecordFields = {
  roles: ["tunnel"],
  segment: "dmz",
  configure: "cloudflared",
  links: [linkTo("gate", 443)],
  secrets: [{ name: "credentials", config: "tunnelCredentials", file: "/run/secrets/tunnel.json" }],
};
/** Keys of its file, of rules and of originRequest (config/configuration.go, 2026.8.2); flags of `tunnel run` stand beside. */
const published = {
  file: ["tunnel", "ingress", "warp-routing", "originRequest", "credentials-file"],
  rule: ["hostname", "path", "service", "originRequest"],
  originRequest: [
    "access",
    "bastionMode",
    "caPool",
    "connectTimeout",
    "disableChunkedEncoding",
    "http2Origin",
    "httpHostHeader",
    "ipRules",
    "keepAliveConnections",
    "keepAliveTimeout",
    "matchSNItoHost",
    "noHappyEyeballs",
    "noTLSVerify",
    "originServerName",
    "proxyAddress",
    "proxyPort",
    "proxyType",
    "tcpKeepAlive",
    "tlsTimeout",
  ],
  // EnvVars of its flags about logs and metrics (cmd/cloudflared, 2026.8.2).
  variables: [
    "TUNNEL_LOGDIRECTORY",
    "TUNNEL_LOGFILE",
    "TUNNEL_LOGLEVEL",
    "TUNNEL_LOG_OUTPUT",
    "TUNNEL_METRICS",
    "TUNNEL_METRICS_UPDATE_FREQ",
    "TUNNEL_TRANSPORT_LOGLEVEL",
  ],
};

const id = "3f1b6c1e-4f0a-4c59-9d7e-5a2b8c6d1e0f";
const configOf = (of: ReturnType<typeof platform>, name = "tunnel") =>
  parse(found(filesOf(of, name).get("/etc/cloudflared/config.yml"), "config.yml")) as Tunnel;

describe.each([
  ["dev", loadStack(projectRoot, "dev").platform],
  ["all with real images", realStack().platform],
])("the tunnel of the stack %s", (_, stack) => {
  const { ingress, "credentials-file": credentials } = configOf(stack, "cloudflared");

  it("has a rule for each route, all to the gateway over its link, and 404 for the rest", () => {
    const hosts = stack.services.flatMap(({ route }) => (route ? [new URL(route.url).hostname] : []));
    expect(ingress).toEqual([
      ...hosts.sort().map((hostname) => ({ hostname, service: "https://traefik:443" })),
      { service: "http_status:404" },
    ]);
    expect(
      stack.links.some(({ consumer, provider }) => consumer === "cloudflared" && provider === "traefik"),
    ).toBe(true);
  });

  it("says nothing that cloudflared does not read", () => {
    const config = configOf(stack, "cloudflared");
    const { TZ, ...variables } = service(stack, "cloudflared").environment;
    expect(published.file).toEqual(expect.arrayContaining(Object.keys(config)));
    expect(published.rule).toEqual(expect.arrayContaining(ingress.flatMap((rule) => Object.keys(rule))));
    expect(published.originRequest).toEqual(expect.arrayContaining(Object.keys(config.originRequest)));
    expect(published.variables).toEqual(expect.arrayContaining(Object.keys(variables)));
    expect([...Object.keys(config.originRequest), ...Object.keys(variables)].length).toBeGreaterThan(3);
  });

  it("has its credentials in a file that is its alone, and nothing of them elsewhere", () => {
    const { files, environment, secretVariables } = service(stack, "cloudflared");
    expect(files.find(({ path }) => path === credentials)).toMatchObject({
      mode: "0400",
      content: { secret: "cloudflared/credentials" },
    });
    expect([
      ...Object.keys(environment).filter((name) => /TOKEN|CRED/.test(name)),
      ...secretVariables,
    ]).toEqual([]);
  });
});

describe("a tunnel", () => {
  const real: PlatformInput = {
    config: { environment: "production", images: "real", domain: "media.example.com", tunnel: { id } },
    stack: { secrets: ["tunnelCredentials"] },
  };

  it("is the config's, and a new route is in it at once", () => {
    const before = configOf(platform({ ...gatewayRecords, tunnel }, real));
    const after = configOf(platform({ ...gatewayRecords, tunnel, app }, real));
    expect(before.tunnel).toBe(id);
    expect(after).toEqual({
      ...before,
      ingress: [{ hostname: "app.media.example.com", service: "https://gate:443" }, ...before.ingress],
    });
  });

  it("checks the gateway's certificate for the public name, unless no authority vouches for it", () => {
    const requests = (config: PlatformInput["config"] = {}) =>
      configOf(platform({ ...gatewayRecords, tunnel }, { ...real, config: { ...real.config, ...config } }))
        .originRequest;
    expect(requests()).toEqual({ matchSNItoHost: true, noTLSVerify: false });
    expect(requests({ tls: { challenge: "selfSigned" } })).toMatchObject({ noTLSVerify: true });
    expect(requests({ tls: { authority: "letsEncryptStaging" } })).toMatchObject({ noTLSVerify: true });
  });

  it("is refused where the config names none, in a stack with real images", () => {
    const { tunnel: _, ...config } = real.config ?? {};
    expect(wrong({ tunnel }, { ...real, config })).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: tunnel is in the stack, but the config names no tunnel; make one by `cloudflared tunnel create` and set tunnel\.id, or exclude tunnel$/,
      ),
    ]);
  });

  it("is refused without a file for its credentials", () => {
    expect(wrong({ tunnel: { ...tunnel, secrets: [] } }, real)).toEqual([
      expect.stringContaining('tunnel needs a link to the gateway, and a secret "credentials" in a file'),
    ]);
  });
});
