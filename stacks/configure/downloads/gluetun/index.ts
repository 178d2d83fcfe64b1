import type { VpnConfig } from "../../../config/sections/vpn.ts";
import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext, GeneratedFile } from "../../context.ts";
import { tomlText } from "../../text.ts";
import { ownSecret, peerPort, tunnelInterface } from "../client.ts";
import { forwardedClient, forwardingHooks } from "./forwarding.ts";
import { providerOf, providersThat, type TunnelSecrets, vpnSecrets } from "./providers.ts";

const folder = "/etc/gluetun";
const secretFolder = "/run/secrets";

/** What keeps traffic in the tunnel and strangers out, whatever a record or an override says. */
const held = {
  FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT: "on",
  DNS_KEEP_NAMESERVER: "off",
  HTTP_CONTROL_SERVER_AUTH_DEFAULT_ROLE: "{}",
};

/** What the control server's key may do: read how the tunnel is. Its settings are not among it, for they hold its keys. */
const readableRoutes = [
  "GET /v1/dns/status",
  "GET /v1/portforward",
  "GET /v1/publicip/ip",
  "GET /v1/version",
  "GET /v1/vpn/status",
];

/**
 * Gluetun: the tunnel of `vpn` in the stack's config, with a kill switch. Its firewall lets packets out to the tunnel's
 * server, through the tunnel, and into the networks that the container is a member of; in from those networks alone. The
 * links are such networks (internal/routing/local.go and internal/firewall/enable.go of qdm12/gluetun): so who has a link
 * reaches a client, and FIREWALL_INPUT_PORTS, which opens the default interface for others, and
 * FIREWALL_OUTBOUND_SUBNETS stay empty.
 */
export function configureGluetun(service: Service, context: ConfigureContext): Configuration {
  const { vpn } = context.settings;
  const key = ownSecret(service, context, {
    name: "control-key",
    write: "{name: control-key, generate: hex, length: 32}",
  });
  checkHeld(service, context);
  checkEndpoint(vpn, context);
  const secrets = tunnelSecrets(service, context);
  const client = forwardedClient(service.name, context, context.report);
  const hooks = client ? forwardingHooks(client, context, folder) : { files: [], environment: {} };
  const control = service.ports.find(({ protocol }) => protocol === "tcp");
  return {
    files: [
      ...secrets.files,
      ...hooks.files,
      ...(key
        ? [
            {
              path: `${folder}/auth.toml`,
              text: tomlText({
                roles: [{ name: "reader", auth: "apikey", apikey: key, routes: readableRoutes }],
              }),
            },
          ]
        : []),
    ],
    environment: {
      ...tunnelVariables(vpn),
      ...secrets.environment,
      ...held,
      FIREWALL_INPUT_PORTS: "",
      FIREWALL_OUTBOUND_SUBNETS: "",
      FIREWALL_VPN_INPUT_PORTS: vpn.portForwarding === "static" ? peerPorts(service, context).join(",") : "",
      DNS_SERVER: "on",
      DNS_UPSTREAM_RESOLVER_TYPE: "DoT",
      DNS_UPSTREAM_RESOLVERS: vpn.resolvers.join(","),
      DNS_UPSTREAM_IPV6: "off",
      HEALTH_RESTART_VPN: "on",
      VPN_PORT_FORWARDING: client ? "on" : "off",
      ...hooks.environment,
      HTTP_CONTROL_SERVER_ADDRESS: `:${control?.port ?? 8000}`,
      HTTP_CONTROL_SERVER_AUTH_CONFIG_FILEPATH: `${folder}/auth.toml`,
      VERSION_INFORMATION: "off",
    },
  };
}

function tunnelVariables(vpn: VpnConfig): Record<string, string> {
  const { endpoint } = vpn;
  return {
    VPN_SERVICE_PROVIDER: vpn.provider,
    VPN_TYPE: vpn.type,
    VPN_INTERFACE: tunnelInterface,
    // IPv4 alone goes into the tunnel, and the firewall drops what is left.
    ...(vpn.type === "wireguard" ? { WIREGUARD_ALLOWED_IPS: "0.0.0.0/0" } : {}),
    ...(endpoint
      ? {
          WIREGUARD_ENDPOINT_IP: endpoint.address,
          WIREGUARD_ENDPOINT_PORT: String(endpoint.port),
          WIREGUARD_PUBLIC_KEY: endpoint.publicKey,
        }
      : {}),
    ...list("SERVER_COUNTRIES", vpn.countries),
    ...list("SERVER_REGIONS", vpn.regions),
    ...list("SERVER_CITIES", vpn.cities),
    ...list("SERVER_HOSTNAMES", vpn.hostnames),
  };
}

function list(name: string, entries: readonly string[]): Record<string, string> {
  return entries.length > 0 ? { [name]: entries.join(",") } : {};
}

function checkHeld({ name, environment }: Service, context: ConfigureContext): void {
  for (const [variable, value] of Object.entries(held)) {
    const other = environment[variable];
    if (other === undefined || other === value) continue;
    const overridden = context.settings.overrides[name]?.environment[variable] !== undefined;
    context.report({
      place: overridden
        ? context.configPlace(["overrides", name, "environment", variable])
        : context.recordPlace(name, ["environment", variable]),
      message: `${variable} is "${other}", and only "${value}" keeps traffic in the tunnel and its control server closed; leave it out`,
    });
  }
}

/** A server of one's own has an address that someone must say; those of providers Gluetun knows. */
function checkEndpoint({ provider, type, endpoint }: VpnConfig, context: ConfigureContext): void {
  const own = provider === "custom" && type === "wireguard";
  if (own && !endpoint) {
    const message = "the provider custom needs vpn.endpoint: {address, port, publicKey} of the server";
    context.report({ place: context.configPlace(["vpn", "provider"]), message });
  }
  if (!own && endpoint) {
    const message = `vpn.endpoint is for provider: custom with type: wireguard, and this is ${provider} with ${type}; leave it out`;
    context.report({ place: context.configPlace(["vpn", "endpoint"]), message });
  }
}

/** The secrets that the tunnel of this kind needs, and those it takes and the user has set. */
function tunnelSecrets(
  { name }: Service,
  context: ConfigureContext,
): { files: GeneratedFile[]; environment: Record<string, string> } {
  const { provider, type } = context.settings.vpn;
  const kind: TunnelSecrets | undefined = providerOf(provider)[type];
  const place = context.configPlace(["vpn", "type"]);
  if (!kind) {
    const known = providersThat(({ wireguard }) => wireguard !== undefined).join(", ");
    const message = `Gluetun has no WireGuard with ${provider}, only with: ${known}; write type: openvpn`;
    context.report({ place, message });
    return { files: [], environment: {} };
  }
  const taken = (kind.takes ?? []).filter((one) => context.hasConfigSecret(vpnSecrets[one].key));
  const used = [...kind.needs, ...taken].map((one) => vpnSecrets[one]);
  const whose = `${name} (vpn.type ${type} with ${provider})`;
  return {
    files: used.flatMap(({ key, file }) => {
      context.addSecret(name, key, { config: key, whose, place });
      const value = context.secret(name, name, key);
      return value ? [{ path: `${secretFolder}/${file}`, text: [{ secret: value.id }] }] : [];
    }),
    environment: Object.fromEntries(used.map(({ variable, file }) => [variable, `${secretFolder}/${file}`])),
  };
}

/** Ports on which the clients behind it are reached by peers, sorted. */
function peerPorts({ name }: Service, context: ConfigureContext): number[] {
  const ports = context.services.filter(({ through }) => through === name).map(peerPort);
  return ports.filter((port) => port !== undefined).sort((a, b) => a - b);
}
