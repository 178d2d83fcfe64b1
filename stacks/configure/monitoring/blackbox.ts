import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { SecretString, yamlText } from "../text.ts";
import { addressModule, leakModule, modules, type Vpn, vpnsOf } from "./modules.ts";

/** Answers of a page that anyone may open: content, a redirect to it, or the application's own sign-in. */
const openAnswers = [200, 204, 301, 302, 303, 307, 308, 401];

/**
 * How the blackbox exporter probes. Redirects are not followed: they lead to public names, which it cannot resolve.
 * Routes are judged without their certificate, which has a module of its own, so that one alert says one thing.
 */
export function configureBlackbox(service: Service, context: ConfigureContext): Configuration {
  const probed = vpnsOf(service, context);
  warnOfLeaks(probed, context);
  const vpns = probed.flatMap((vpn) => vpnModules(vpn, service, context));
  const document = {
    modules: {
      [modules.health]: route({}),
      [modules.open]: route({ valid_status_codes: openAnswers }),
      [modules.protected]: route({
        valid_status_codes: [401],
        // Authelia answers 401 to whom HTML is no use, and sends others to the sign-in page as an application might itself.
        headers: { Accept: "application/json" },
      }),
      [modules.certificate]: { prober: "tcp", timeout: "5s", tcp: { ...ipv4, tls: true } },
      ...Object.fromEntries(vpns),
    },
  };
  return { files: [{ path: "/etc/blackbox_exporter/config.yml", text: yamlText(document) }] };
}

/** Without the household's addresses no alert can say that a VPN is seen under one. A rehearsal's has no tunnel at all. */
function warnOfLeaks(vpns: readonly Vpn[], { settings, warn, configPlace }: ConfigureContext): void {
  if (settings.alerts.homeAddresses.length > 0 || settings.images === "rehearsal") return;
  const place = configPlace(["alerts", "homeAddresses"]);
  for (const { name } of vpns) {
    const message = `no alert would say that ${name} is seen under the household's own address; list its public addresses in alerts.homeAddresses`;
    warn({ service: name, place, message });
  }
}

/** Links have IPv4 addresses alone. */
const ipv4 = { preferred_ip_protocol: "ip4", ip_protocol_fallback: false };

function route(expected: object) {
  return {
    prober: "http",
    timeout: "5s",
    http: {
      ...ipv4,
      follow_redirects: false,
      fail_if_not_ssl: true,
      tls_config: { insecure_skip_verify: true },
      ...expected,
    },
  };
}

function vpnModules(vpn: Vpn, prober: Service, context: ConfigureContext): [string, object][] {
  const { header, secret } = vpn.publicAddress;
  const key = secret === undefined ? undefined : context.secret(prober.name, vpn.name, secret);
  const asks = (expected: object) => ({
    prober: "http",
    timeout: "5s",
    http: {
      ...ipv4,
      ...(header && key ? { headers: { [header]: new SecretString(key) } } : {}),
      ...expected,
    },
  });
  const leaks = context.settings.alerts.homeAddresses.map(
    (address) => `"public_ip":"${normal(address).replaceAll(".", "\\.")}"`,
  );
  return [
    [addressModule(vpn), asks({ fail_if_body_not_matches_regexp: ['"public_ip":"[0-9a-f.:]+"'] })],
    ...(leaks.length > 0
      ? [[leakModule(vpn), asks({ fail_if_body_matches_regexp: leaks })] satisfies [string, object]]
      : []),
  ];
}

/** An address as programs write it: IPv6 in lower case and compressed (RFC 5952). */
function normal(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
