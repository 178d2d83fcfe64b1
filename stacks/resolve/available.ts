import type { CatalogEntry } from "../catalog/entry.ts";
import type { StackConfig } from "../config/load.ts";
import { isWantedReal } from "../config/sections/real.ts";
import type { Warning } from "../platform.ts";

/** Host port at which the gateway is found by an address that names no port. */
const httpsPort = 443;

/** The single sign-on as its clients find it: at the gateway, under its public host name. */
export interface SignIn {
  sso: string;
  gateway: string;
  /** The gateway's port for it. */
  port: number;
  host: string;
}

/** The stack's sign-in, where it has one behind a gateway. */
export function signInOf(
  enabled: ReadonlyMap<string, CatalogEntry>,
  config: StackConfig,
): SignIn | undefined {
  const records = [...enabled.values()].map(({ value }) => value);
  const sso = records.find(({ roles, route }) => roles.includes("sso") && route);
  const gateway = records.find(({ roles }) => roles.includes("gateway"));
  const door = gateway?.publish.find(({ host, protocol }) => host === httpsPort && protocol === "tcp");
  if (!sso?.route || !gateway || !door) return undefined;
  const { subdomain } = sso.route;
  const { domain } = config.platform;
  return {
    sso: sso.name,
    gateway: gateway.name,
    port: door.port,
    host: subdomain === "@" ? domain : `${subdomain}.${domain}`,
  };
}

/**
 * The records without what this stack cannot give them: a way out that is for something its config does not have, a
 * widget without its key, and OpenID Connect without a sign-in. Its clients call the sign-in by the public address, over
 * their link to the gateway, and a link has the container's ports; so there is none where the gateway is published on
 * another port than it listens on.
 */
export function withoutUnavailable(
  enabled: ReadonlyMap<string, CatalogEntry>,
  config: StackConfig,
  warn: (warning: Warning) => void,
): Map<string, CatalogEntry> {
  const signIn = signInOf(enabled, config);
  const { images, publish } = config.platform;
  const reachable = images === "rehearsal" || httpsPort + publish.offset === signIn?.port;
  return new Map(
    [...enabled].map(([name, entry]) => {
      const { oidc, egress, widget, ...rest } = entry.value;
      const hasClient = oidc !== undefined && signIn !== undefined;
      if (hasClient && !reachable) {
        warn({
          service: name,
          place: entry.locate(["oidc"]),
          message: `${name} has no OpenID Connect: it calls ${signIn.host} over its link to ${signIn.gateway}, where the port ${httpsPort + publish.offset} of the public address is not open; publish without an offset`,
        });
      }
      const keepsEgress = egress && (egress.for === undefined || config.platform[egress.for] !== undefined);
      const value: CatalogEntry["value"] = {
        ...rest,
        ...(hasClient && reachable ? { oidc } : {}),
        ...(keepsEgress ? { egress } : {}),
        ...(widget && hasSecrets(entry.value, Object.values(widget.secrets), config) ? { widget } : {}),
      };
      return [name, { ...entry, value }] as const;
    }),
  );
}

/** False where one of a record's secrets is left out because the stack's config does not set it. */
function hasSecrets(record: CatalogEntry["value"], names: readonly string[], config: StackConfig): boolean {
  return record.secrets.every(
    ({ name, config: key, optional }) =>
      !names.includes(name) ||
      !optional ||
      key === undefined ||
      !isWantedReal(config.platform, record.name) ||
      config.secretKeys.includes(key),
  );
}
