import type { Service } from "../../../platform.ts";
import type { ConfigureContext, GeneratedFile } from "../../context.ts";
import { linesText, SecretString } from "../../text.ts";
import { tokenVariables } from "../dnsProviders.ts";
import { entryPoints, ports } from "./entryPoints.ts";

/** Where the gateway's certificates come from. */
export interface Certificates {
  /** In Traefik's words; none where it signs its own. */
  resolvers?: Record<string, unknown>;
  /** TLS of the entry point. */
  tls: Record<string, unknown>;
  /** Browsers trust them, so that they may be told to insist on TLS. */
  trusted: boolean;
  files: GeneratedFile[];
  environment: Record<string, string>;
}

const resolver = "letsEncrypt";
const staging = "https://acme-staging-v02.api.letsencrypt.org/directory";
const tokenFile = "/run/secrets/dns_api_token";

/** How the gateway comes by its certificates. */
export interface CertificateSource {
  challenge: "http" | "dns" | "selfSigned";
  /** Browsers trust them. */
  trusted: boolean;
}

/** What the config says of certificates, with what it leaves out. */
export function certificateSource(service: Service, { settings }: ConfigureContext): CertificateSource {
  const { tls, environment } = settings;
  const hasDefault = environment !== "development" && hasPort80(service);
  const challenge = tls.challenge ?? (hasDefault ? "http" : "selfSigned");
  const authority = tls.authority ?? (environment === "production" ? "letsEncrypt" : "letsEncryptStaging");
  return { challenge, trusted: challenge !== "selfSigned" && authority === "letsEncrypt" };
}

/**
 * Let's Encrypt by an HTTP or DNS challenge, or Traefik's own self-signed certificate, made anew at each start. The two
 * authorities keep accounts of their own, so each has a file of its own.
 */
export function certificatesOf(service: Service, context: ConfigureContext): Certificates {
  const { tls, domain, publish } = context.settings;
  const { challenge, trusted } = certificateSource(service, context);
  if (challenge === "selfSigned") return { tls: {}, trusted, files: [], environment: {} };
  const folder = service.mounts.find(({ readOnly }) => !readOnly)?.path;
  const acme = {
    email: tls.email ?? `hostmaster@${domain}`,
    storage: `${folder}/${trusted ? "acme" : "acme-staging"}.json`,
    keyType: "EC256",
    ...(trusted ? {} : { caServer: staging }),
  };
  if (challenge === "http") {
    if (!hasPort80(service)) {
      context.report({
        place: context.configPlace(["tls", "challenge"]),
        message: `Let's Encrypt asks on port 80 of the host, which this stack does not publish to the world (publish.address ${publish.address}, publish.offset ${publish.offset}); use challenge: dns or selfSigned`,
      });
    }
    const httpChallenge = { entryPoint: entryPoints.http };
    return {
      resolvers: { [resolver]: { acme: { ...acme, httpChallenge } } },
      tls: { certResolver: resolver },
      trusted,
      files: [],
      environment: {},
    };
  }
  const provider = tls.dnsProvider ?? "cloudflare";
  return {
    resolvers: { [resolver]: { acme: { ...acme, dnsChallenge: { provider } } } },
    // One certificate for all, which also names no service in the public logs of certificates.
    tls: { certResolver: resolver, domains: [{ main: domain, sans: [`*.${domain}`] }] },
    trusted,
    files: [{ path: tokenFile, text: tokenText(service, context) }],
    environment: { [`${tokenVariables[provider]}_FILE`]: tokenFile },
  };
}

/** True where the world reaches the gateway's HTTP port at port 80 of the host. */
function hasPort80({ publish }: Service): boolean {
  return publish.some(
    ({ port, host, protocol, address }) =>
      port === ports.http && host === 80 && protocol === "tcp" && !address.startsWith("127."),
  );
}

function tokenText({ name }: Service, context: ConfigureContext): GeneratedFile["text"] {
  const secret = "dns-api-token";
  context.addSecret(name, secret, {
    config: "dnsApiToken",
    whose: "tls.challenge: dns",
    place: context.configPlace(["tls", "challenge"]),
  });
  const token = context.secret(name, name, secret);
  if (!token) throw new Error(`${name} has no secret ${secret}`);
  return linesText([new SecretString(token)]);
}
