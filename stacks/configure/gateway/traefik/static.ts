import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";
import { logLevel } from "../../logLevel.ts";
import { trustedNetworks } from "../trustedNetworks.ts";
import type { Bouncer } from "./bouncer.ts";
import type { Certificates } from "./certificates.ts";
import { entryPoints, ports } from "./entryPoints.ts";

/** Seconds in which a whole request must have arrived. Traefik's own 60 would cut off a phone that backs up its films. */
const upload = 3600;

/** What the settings are made from besides the service. */
interface Parts {
  certificates: Certificates;
  bouncer: Bouncer | undefined;
  /** Path of the file with the routes. */
  routes: string;
}

/** Traefik's static configuration. */
export function staticConfiguration(service: Service, context: ConfigureContext, parts: Parts) {
  const { certificates, bouncer, routes } = parts;
  const { resolvers } = certificates;
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: {
      level: logLevel(context, { debug: "DEBUG", info: "INFO", warning: "WARN", error: "ERROR" }),
      format: "json",
    },
    accessLog,
    entryPoints: {
      [entryPoints.http]: {
        address: `:${ports.http}`,
        http: {
          redirections: { entryPoint: { to: redirectTarget(service), scheme: "https", permanent: true } },
        },
      },
      [entryPoints.https]: secureEntryPoint(service, context, certificates),
      [entryPoints.internal]: { address: `:${service.health.http?.port}` },
    },
    // Only by its route, behind the sign-in: `insecure` would open it on the internal entry point.
    api: { dashboard: true },
    ping: {},
    metrics: { prometheus: { addRoutersLabels: true } },
    providers: { file: { filename: routes, watch: false } },
    ...(resolvers ? { certificatesResolvers: resolvers } : {}),
    // Routes would stay dead if the plugin is not to be had; so the start fails, and is tried again.
    ...(bouncer ? { experimental: { plugins: bouncer.plugins, abortOnPluginFailure: true } } : {}),
  };
}

/**
 * One JSON object a request on the standard output, where CrowdSec and Loki read it through the Docker API. Without query
 * parameters: applications put tokens and passwords into them.
 */
const accessLog = {
  format: "json",
  fields: {
    defaultMode: "keep",
    headers: { defaultMode: "drop", names: { "User-Agent": "keep" } },
    queryParameters: { defaultMode: "drop" },
  },
};

function secureEntryPoint(service: Service, context: ConfigureContext, { tls }: Certificates) {
  const udp = service.publish.find(({ port, protocol }) => port === ports.https && protocol === "udp");
  const networks = trustedNetworks(service, context);
  return {
    address: `:${ports.https}`,
    asDefault: true,
    ...(udp ? { http3: { advertisedPort: udp.host } } : {}),
    ...(networks.length > 0 ? { forwardedHeaders: { trustedIPs: networks } } : {}),
    transport: {
      respondingTimeouts: { readTimeout: `${upload}s` },
      lifeCycle: { graceTimeOut: `${Math.max(1, service.stop.grace - 5)}s` },
    },
    http: {
      // A program that takes these for / and \ would see another path than the one that was let past the sign-in.
      encodedCharacters: {
        allowEncodedSlash: false,
        allowEncodedBackSlash: false,
        allowEncodedNullCharacter: false,
      },
      // Some programs take Remote_User for Remote-User, which is cleared below.
      underscoreHeadersStrategy: "delete",
      tls,
    },
  };
}

/** The HTTPS entry point; its port of the host where that is another than the container's. */
function redirectTarget({ publish }: Service): string {
  const door = publish.find(({ port, protocol }) => port === ports.https && protocol === "tcp");
  return door === undefined || door.host === ports.https ? entryPoints.https : `:${door.host}`;
}
