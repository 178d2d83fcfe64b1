import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execaSync } from "execa";
import { parse } from "smol-toml";
import { describe, expect, it, vi } from "vitest";
import type { PlatformConfig } from "../../../../stacks/config/schema.ts";
import {
  providerNames,
  providerOf,
  vpnSecrets,
} from "../../../../stacks/configure/downloads/gluetun/providers.ts";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { folder, projectRoot } from "../../../fixtures/folders.ts";
import { service } from "../../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../../fixtures/problems.ts";
import type { RecordFields } from "../../../fixtures/records.ts";
import { stackText } from "../../../fixtures/stackConfigs.ts";
import { filesOf, secretValue } from "../fixtures.ts";
import { gluetunVariables } from "./gluetunVariables.ts";
import { fileOf, iniOf, nzbget, stackOf, torrents, transmission, vpn } from "./stack.ts";

type Vpn = Partial<PlatformConfig["vpn"]>;

const records = { vpn, torrents };
const of = (fields: Vpn = {}, more: Record<string, RecordFields> = {}) =>
  stackOf({ ...records, ...more }, { config: { vpn: fields } });
const environment = (platform: Platform) => service(platform, "vpn").environment;

/** Complaints of a stack with this config, each without its place, which is compared with where the words are. */
function refused(
  config: Parameters<typeof stackText>[0],
  words: string,
  more: Record<string, RecordFields> = {},
) {
  const { line, column } = positionOf(stackText(config), words);
  const place = `Pulumi.test.yaml:${line}:${column}: `;
  return complaints(() => stackOf({ ...records, ...more }, { config })).map((text) =>
    text.startsWith(place) ? text.slice(place.length) : `not at ${place}${text}`,
  );
}

describe.each(["dev", "prod"])("Gluetun of stack %s", (stack) => {
  const { platform } = loadStack(projectRoot, stack);
  const { environment: variables } = service(platform, "gluetun");

  it("has its kill switch on, lets no one in or out beside it, and asks for names through the tunnel", () => {
    expect(variables).toMatchObject({
      FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT: "on",
      FIREWALL_INPUT_PORTS: "",
      FIREWALL_OUTBOUND_SUBNETS: "",
      FIREWALL_VPN_INPUT_PORTS: "",
      DNS_KEEP_NAMESERVER: "off",
      DNS_UPSTREAM_RESOLVER_TYPE: "DoT",
      DNS_UPSTREAM_IPV6: "off",
      WIREGUARD_ALLOWED_IPS: "0.0.0.0/0",
    });
  });

  it("shows its state to who has the key, and its settings to no one", () => {
    const { roles } = parse(fileOf(platform, "gluetun", "/etc/gluetun/auth.toml")) as {
      roles: { auth: string; apikey: string; routes: string[] }[];
    };
    expect(roles).toHaveLength(1);
    expect(roles[0]).toMatchObject({ auth: "apikey", apikey: secretValue(platform, "gluetun/control-key") });
    expect(
      roles[0]?.routes.filter((route) => !route.startsWith("GET ") || route.endsWith("/settings")),
    ).toEqual([]);
    const asked = service(platform, "gluetun").publicAddress;
    if (asked) expect(roles[0]?.routes).toContain(`GET ${asked.path}`);
    expect(variables.HTTP_CONTROL_SERVER_AUTH_DEFAULT_ROLE).toBe("{}");
  });
});

/** Names among a platform's VPN variables that Gluetun does not publish. */
const unpublished = (variables: object) =>
  Object.keys(variables).filter((name) => !gluetunVariables.has(name));

describe("the variables", () => {
  const endpoint = { address: "198.51.100.9", port: 51820, publicKey: `${"A".repeat(43)}=` };

  it.each(["dev", "prod", "staging"])("of stack %s are those that Gluetun publishes", (stack) => {
    const { environment: variables } = service(loadStack(projectRoot, stack).platform, "gluetun");
    expect(Object.keys(variables).length).toBeGreaterThan(15);
    expect(unpublished(variables)).toEqual([]);
  });

  it("of every kind of tunnel are those that Gluetun publishes, whatever the config says", () => {
    const places = {
      countries: ["Sweden"],
      regions: ["Europe"],
      cities: ["Oslo"],
      hostnames: ["se-got-wg-001"],
    };
    for (const provider of providerNames)
      for (const type of ["wireguard", "openvpn"] as const) {
        if (providerOf(provider)[type] === undefined) continue;
        const own = provider === "custom" && type === "wireguard";
        const portForwarding = providerOf(provider).forwardsPort ? "provider" : "static";
        const of = stackOf(records, {
          config: { vpn: { provider, type, portForwarding, ...places, ...(own ? { endpoint } : {}) } },
        });
        expect(unpublished(environment(of)), `${provider} ${type}`).toEqual([]);
      }
  });

  it("would be told by an invented name", () => {
    const variables = { DNS_UPSTREAM_RESOLVER: "DoT", DNS_UPSTREAM_RESOLVERS: "quad9" };
    expect(unpublished(variables)).toEqual(["DNS_UPSTREAM_RESOLVER"]);
  });
});

describe("the tunnel", () => {
  const kinds = providerNames.flatMap((provider) =>
    (["wireguard", "openvpn"] as const).flatMap((type) =>
      providerOf(provider)[type] === undefined ? [] : [{ provider, type }],
    ),
  );

  it.each(kinds)("of $provider with $type gets each secret as a file, and no other", ({ provider, type }) => {
    const endpoint = { address: "198.51.100.9", port: 51820, publicKey: `${"A".repeat(43)}=` };
    const platform = of({
      provider,
      type,
      ...(provider === "custom" && type === "wireguard" ? { endpoint } : {}),
    });
    const { needs = [], takes = [] } = providerOf(provider)[type] ?? {};
    const secrets = [...needs, ...takes].map((name) => vpnSecrets[name]);
    const files = [...filesOf(platform, "vpn").keys()].filter((path) => path.startsWith("/run/secrets/"));
    expect(files).toEqual(secrets.map(({ file }) => `/run/secrets/${file}`).sort());
    for (const { variable, file, key } of secrets) {
      expect(environment(platform)[variable]).toBe(`/run/secrets/${file}`);
      expect(fileOf(platform, "vpn", `/run/secrets/${file}`)).toBe(secretValue(platform, `vpn/${key}`));
    }
    expect(environment(platform)).toMatchObject({
      VPN_SERVICE_PROVIDER: provider,
      VPN_TYPE: type,
      VPN_INTERFACE: "tun0",
    });
  });

  it("leads where the config says", () => {
    expect(environment(of({ countries: ["Sweden", "Norway"], cities: ["Oslo"] }))).toMatchObject({
      SERVER_COUNTRIES: "Sweden,Norway",
      SERVER_CITIES: "Oslo",
    });
    expect(environment(of())).not.toHaveProperty("SERVER_COUNTRIES");
  });

  it("asks for a secret that is not set where its kind is written, and for those of this kind alone", () => {
    const config = { images: "real", vpn: { provider: "airvpn", type: "wireguard" } } as const;
    const secrets = ["vpnWireguardAddresses", "vpnOpenvpnUser"];
    const { warnings } = stackOf(records, { config, stack: { secrets } });
    const place = {
      file: "Pulumi.test.yaml",
      ...positionOf(stackText(config, { secrets }), "type: wireguard"),
    };
    expect(warnings.filter(({ message }) => message.includes("the secret"))).toEqual(
      ["vpnWireguardPrivateKey", "vpnWireguardPresharedKey"].sort().map((key) => ({
        place,
        message: `vpn (vpn.type wireguard with airvpn) needs the secret "${key}"; set it: pulumi config set --stack test --secret --path 'ums:secrets.${key}'`,
      })),
    );
    expect(() =>
      stackOf(records, { config, stack: { secrets }, options: { unsetSecrets: "refuse" } }),
    ).toThrow(/vpnWireguardPrivateKey/);
  });
});

describe("a tunnel that cannot be is refused:", () => {
  it("an unknown provider", () => {
    expect(refused({ vpn: { provider: "mulvad" as never } }, "provider: mulvad")).toEqual([
      'config.ums:platform.vpn.provider is "mulvad", did you mean "mullvad"?',
    ]);
    expect(refused({ vpn: { provider: "nobody" as never } }, "provider: nobody")).toEqual([
      `config.ums:platform.vpn.provider is "nobody"; possible: ${providerNames.join(", ")}`,
    ]);
  });

  it("WireGuard with a provider that has none", () => {
    expect(refused({ vpn: { provider: "purevpn", type: "wireguard" } }, "type: wireguard")).toEqual([
      "Gluetun has no WireGuard with purevpn, only with: airvpn, custom, fastestvpn, ivpn, mullvad, nordvpn, protonvpn, surfshark, windscribe; write type: openvpn",
    ]);
  });

  it("a server of one's own without its address, and an address for another's", () => {
    expect(refused({ vpn: { provider: "custom" } }, "provider: custom")).toEqual([
      "the provider custom needs vpn.endpoint: {address, port, publicKey} of the server",
    ]);
    const endpoint = { address: "198.51.100.9", port: 51820, publicKey: `${"A".repeat(43)}=` };
    expect(refused({ vpn: { provider: "mullvad", endpoint } }, "endpoint:")).toEqual([
      "vpn.endpoint is for provider: custom with type: wireguard, and this is mullvad with wireguard; leave it out",
    ]);
  });

  it("one without its kill switch, in an override and in a record", () => {
    const variable = "FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT";
    const overrides = { vpn: { environment: { [variable]: "off" } } };
    const message = `${variable} is "off", and only "on" keeps traffic in the tunnel and its control server closed; leave it out`;
    const { line } = positionOf(stackText({ overrides }), variable);
    expect(complaints(() => stackOf(records, { config: { overrides } }))).toEqual([
      expect.stringMatching(new RegExp(`^Pulumi\\.test\\.yaml:${line}:\\d+: `)),
    ]);
    expect(
      complaints(() => stackOf({ torrents, vpn: { ...vpn, environment: { [variable]: "off" } } })),
    ).toEqual([expect.stringContaining(`: ${message}`)]);
  });
});

describe("a port for peers", () => {
  const provider = { provider: "protonvpn", portForwarding: "provider" } as const;
  const settings = (platform: Platform, layer: string) =>
    iniOf(fileOf(platform, "torrents", `/etc/qbittorrent/qBittorrent.conf.${layer}`));

  it("is open in the tunnel for every client behind it, where the provider forwards their own", () => {
    const two = of({ portForwarding: "static" }, { transmission, nzbget });
    expect(environment(two).FIREWALL_VPN_INPUT_PORTS).toBe("6881,51413");
    // A further client with a port for peers appears by itself.
    const ports = [5000, 5000].map((port, index) => ({
      port,
      protocol: index ? ("udp" as const) : ("tcp" as const),
      purpose: "peers",
    }));
    const three = of({ portForwarding: "static" }, { transmission, other: { through: "vpn", ports } });
    expect(environment(three).FIREWALL_VPN_INPUT_PORTS).toBe("5000,6881,51413");
  });

  it("is the client's own while none is forwarded, and left to the VPN while one is", () => {
    expect(settings(of(), "enforced").get("BitTorrent/Session\\Port")).toBe("6881");
    const forwarded = of(provider);
    expect(settings(forwarded, "enforced").has("BitTorrent/Session\\Port")).toBe(false);
    expect(settings(forwarded, "defaults").get("BitTorrent/Session\\Port")).toBe("6881");
    expect(environment(forwarded)).toMatchObject({
      VPN_PORT_FORWARDING: "on",
      VPN_PORT_FORWARDING_UP_COMMAND: "/bin/sh /etc/gluetun/forward.sh up {{PORT}} {{VPN_INTERFACE}}",
      VPN_PORT_FORWARDING_DOWN_COMMAND: "/bin/sh /etc/gluetun/forward.sh down",
    });
    expect(environment(of())).not.toHaveProperty("VPN_PORT_FORWARDING_UP_COMMAND");
  });

  it("is told to the client that is named, with its secret in a file of its own", () => {
    const platform = of({ ...provider, forwardTo: "transmission" }, { transmission });
    expect(fileOf(platform, "vpn", "/etc/gluetun/wgetrc")).toContain(
      `http_password = ${secretValue(platform, "transmission/password")}`,
    );
    expect(fileOf(platform, "vpn", "/etc/gluetun/forward.sh")).toContain("http://127.0.0.1:9091/");
    expect(environment(platform)).not.toHaveProperty("VPN_PORT_FORWARDING_DOWN_COMMAND");
    expect(settings(platform, "enforced").get("BitTorrent/Session\\Port")).toBe("6881");
  });

  it("is told again where an answer came so late that another one was told meanwhile", async () => {
    const at = folder();
    const script = fileOf(of(provider), "vpn", "/etc/gluetun/forward.sh");
    expect(script).toContain("/tmp/gluetun/forwarded_port");
    writeFileSync(
      join(at, "forward.sh"),
      script.replaceAll("/tmp/gluetun/forwarded_port", join(at, "status")),
    );
    // The client does not answer the first call; the second waits for the file `go`; what was told is in `told`.
    const programs = {
      wget: `cd ${at}
echo >>calls
[ $(wc -l <calls) -eq 1 ] && exit 1
[ $(wc -l <calls) -eq 2 ] && while ! test -e go; do touch waiting; /bin/sleep 0.05; done
printf '%s\\n' "$*" | sed 's/.*"listen_port":\\([0-9]*\\).*/\\1/' >>told`,
      sleep: "exec /bin/sleep 0.05",
    };
    for (const [name, text] of Object.entries(programs))
      writeFileSync(join(at, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const hook = (port: number) => {
      writeFileSync(join(at, "status"), `${port}\n`);
      execaSync("/bin/sh", [join(at, "forward.sh"), "up", String(port), "tun0"], {
        env: { PATH: `${at}:${process.env.PATH}` },
      });
    };
    const told = () =>
      existsSync(join(at, "told")) ? readFileSync(join(at, "told"), "utf8").trim().split("\n") : [];

    hook(40_001);
    await vi.waitUntil(() => existsSync(join(at, "waiting")), { timeout: 20_000 });
    hook(40_002);
    expect(told()).toEqual(["40002"]);
    writeFileSync(join(at, "go"), "");
    await vi.waitUntil(() => told().length === 3, { timeout: 20_000 });
    expect(told()).toEqual(["40002", "40001", "40002"]);
  });

  it("is refused with a provider that forwards none", () => {
    expect(refused({ vpn: { provider: "mullvad", portForwarding: "provider" } }, "portForwarding:")).toEqual([
      "mullvad has no port that Gluetun could ask it for; these have: perfect privacy, private internet access, privatevpn, protonvpn. Write portForwarding: static where you have set up ports at the provider, else none",
    ]);
  });

  it("is refused while it is not clear which client gets it", () => {
    expect(refused({ vpn: provider }, "portForwarding:", { transmission })).toEqual([
      "the provider forwards one port: name the client that gets it, as in forwardTo: torrents (possible: torrents, transmission)",
    ]);
    expect(refused({ vpn: { ...provider, forwardTo: "torrent" } }, "forwardTo:")).toEqual([
      'vpn.forwardTo names "torrent", which is no client behind vpn that can be told its port, did you mean "torrents"?',
    ]);
    expect(refused({ vpn: { forwardTo: "torrents" } }, "forwardTo:")).toEqual([
      "vpn.forwardTo has no effect with portForwarding: none; write portForwarding: provider, or leave it out",
    ]);
    const { configure, ...unknown } = torrents;
    expect(complaints(() => stackOf({ vpn, torrents: unknown }, { config: { vpn: provider } }))).toEqual([
      expect.stringContaining(": no client behind vpn can be told its port; write portForwarding: none"),
    ]);
  });
});
