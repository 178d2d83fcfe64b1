import { overlaps, parseCidr } from "../../cidr.ts";
import type { RemoteAccess } from "../../config/sections/remoteAccess.ts";
import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";

/**
 * wg-easy's unattended setup (docs/content/advanced/config/unattended-setup.md), which counts at the first start. It
 * has no variable for devices: they are added in the web interface.
 */
export function configureWireguard(service: Service, context: ConfigureContext): Configuration {
  const { remoteAccess } = context.settings;
  const door = service.publish.find(({ protocol }) => protocol === "udp");
  if (remoteAccess) checkNetwork(remoteAccess, context);
  return {
    files: [],
    environment: {
      INIT_ENABLED: "true",
      ...(service.route ? { INIT_HOST: new URL(service.route.url).hostname } : {}),
      ...(door ? { INIT_PORT: String(door.port) } : {}),
      ...(remoteAccess ? networkVariables(remoteAccess) : {}),
    },
  };
}

function networkVariables({ network, networkV6, dns, routes }: RemoteAccess): Record<string, string> {
  return {
    INIT_IPV4_CIDR: network,
    INIT_IPV6_CIDR: networkV6,
    ...(dns ? { INIT_DNS: dns.join(",") } : {}),
    ...(routes ? { INIT_ALLOWED_IPS: routes.join(",") } : {}),
  };
}

/** Devices need addresses of their own: those of the platform's networks are taken. */
export function checkNetwork(
  { network }: RemoteAccess,
  { settings, report, configPlace }: ConfigureContext,
): void {
  const own = parseCidr(network);
  for (const key of ["segments", "links"] as const) {
    const pool = parseCidr(settings.network[key]);
    if (!own || !pool || !overlaps(own, pool)) continue;
    const message = `remoteAccess.network ${network} overlaps network.${key} ${settings.network[key]}; take another, such as 10.8.0.0/24`;
    report({ place: configPlace(["remoteAccess", "network"]), message });
  }
}
