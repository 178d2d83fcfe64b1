import { describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { type PlatformInput, platform, service } from "../../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../../fixtures/problems.ts";
import { stackText } from "../../../fixtures/stackConfigs.ts";
import { signInRecords } from "./fixtures.ts";

const variables = (config: PlatformInput["config"] = {}) => {
  const of = platform(
    {
      ...signInRecords,
      vpn: {
        configure: "wireguard",
        segment: "dmz",
        ports: [
          { port: 51821, purpose: "a test calls it" },
          { port: 51820, protocol: "udp", purpose: "a test dials in" },
        ],
        publish: [{ port: 51820, host: 51820, protocol: "udp", reason: "a test dials in" }],
        route: { subdomain: "vpn", port: 51821, access: "admin" },
      },
    },
    { config },
  );
  return service(of, "vpn").environment;
};

/** What wg-easy reads (src/server/utils/config.ts, v15.4.0), but its sign-in by other providers. */
const published = [
  "DISABLE_IPV6",
  "DISABLE_VERSION_CHECK",
  "INIT_ALLOWED_IPS",
  "INIT_DNS",
  "INIT_ENABLED",
  "INIT_HOST",
  "INIT_IPV4_CIDR",
  "INIT_IPV6_CIDR",
  "INIT_PASSWORD",
  "INIT_PORT",
  "INIT_USERNAME",
  "INSECURE",
  "PORT",
];

describe("wg-easy", () => {
  it("gets no variable that it does not read", () => {
    const remoteAccess = { network: "10.9.0.0/24", dns: ["9.9.9.9"], routes: ["10.9.0.0/24"] };
    expect(published).toEqual(expect.arrayContaining(Object.keys(variables({ remoteAccess }))));
    const { environment, secretVariables } = service(loadStack(projectRoot, "dev").platform, "wireguard");
    const { TZ, ...own } = environment;
    const names = [...Object.keys(own), ...secretVariables.map(({ variable }) => variable)];
    expect(names.length).toBeGreaterThan(5);
    expect(published).toEqual(expect.arrayContaining(names));
  });

  it("is set up with the address that devices dial", () => {
    expect(variables()).toEqual({
      INIT_ENABLED: "true",
      INIT_HOST: "vpn.media.localhost",
      INIT_PORT: "51820",
    });
    const { platform: dev } = loadStack(projectRoot, "dev");
    expect(service(dev, "wireguard").environment).toMatchObject({
      INIT_ENABLED: "true",
      INIT_USERNAME: "admin",
      INIT_HOST: "wireguard.media.localhost",
      INIT_PORT: "51820",
    });
  });

  it("takes networks, name servers and routes from the config; both networks, as it wants them together", () => {
    const remoteAccess = { network: "10.9.0.0/24", dns: ["9.9.9.9", "1.1.1.1"], routes: ["10.9.0.0/24"] };
    expect(variables({ remoteAccess })).toMatchObject({
      INIT_IPV4_CIDR: "10.9.0.0/24",
      INIT_IPV6_CIDR: "fdcc:ad94:bacf:61a4::cafe:0/112",
      INIT_DNS: "9.9.9.9,1.1.1.1",
      INIT_ALLOWED_IPS: "10.9.0.0/24",
    });
    expect(variables({ remoteAccess: {} })).not.toHaveProperty("INIT_DNS");
  });

  it("is refused a network that the platform has", () => {
    const config = { remoteAccess: { network: "10.10.7.0/24" } };
    const { line, column } = positionOf(stackText(config), "network: 10.10.7.0/24");
    expect(complaints(() => variables(config))).toEqual([
      `Pulumi.test.yaml:${line}:${column}: remoteAccess.network 10.10.7.0/24 overlaps network.segments 10.10.0.0/16; take another, such as 10.8.0.0/24`,
    ]);
  });
});
