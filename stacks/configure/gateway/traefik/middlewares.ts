import type { Service } from "../../../platform.ts";
import { compare } from "../../../resolve/edges.ts";
import type { ConfigureContext } from "../../context.ts";
import { trustedNetworks } from "../trustedNetworks.ts";
import type { Bouncer } from "./bouncer.ts";
import type { Certificates } from "./certificates.ts";

/** Headers in which Authelia tells who is signed in. What a client claims in them is taken away first. */
const identityHeaders = ["Remote-Email", "Remote-Groups", "Remote-Name", "Remote-User"] as const;

/** Where Authelia answers whether a request is signed in (docs/content/reference/guides/proxy-authorization.md). */
const authorisation = "/api/authz/forward-auth";

/** A year: what browsers ask for before they trust a site's word on TLS. */
const insistence = 31_536_000;

/** Bytes of an answer of the sign-in that are passed on. */
const signInAnswer = 1024 * 1024;

/** Texts, which shrink. Films, pictures and streams of events pass untouched. */
const compressible = [
  "application/javascript",
  "application/json",
  "application/manifest+json",
  "application/xml",
  "image/svg+xml",
  "text/css",
  "text/html",
  "text/javascript",
  "text/plain",
  "text/xml",
];

/** Name of a middleware of a route: its own where its record asks for it, else everyone's. */
export function limitName(kind: "rate-limit" | "body", { name, route }: Service): string {
  const own = kind === "body" ? typeof route?.maxBody === "number" : route?.rateLimit !== undefined;
  return own ? `${kind}-${name}` : kind;
}

/** The middlewares that routes name: shared ones, and the limits that records ask for. */
export function middlewares(
  service: Service,
  context: ConfigureContext,
  { certificates, bouncer }: { certificates: Certificates; bouncer: Bouncer | undefined },
): Record<string, unknown> {
  const { rateLimit, maxBody } = context.settings.gateway;
  const source = clientAddress(service, context);
  const signIn = signInOf(service, context);
  const all: Record<string, unknown> = {
    ...(bouncer ? { bouncer: bouncer.middleware } : {}),
    ...(signIn ? { "sign-in": signIn } : {}),
    headers: { headers: headers(service, context, certificates.trusted) },
    "rate-limit": limited(rateLimit, source),
    body: bodyOf(maxBody),
    // Not by answers of the 500s: one request that a service gets wrong is, of one, all of them.
    breaker: { circuitBreaker: { expression: "NetworkErrorRatio() > 0.50" } },
    compress: { compress: { includedContentTypes: compressible } },
    // Only what never reached the service: Traefik repeats no request that was answered.
    retry: { retry: { attempts: 3, initialInterval: "100ms" } },
  };
  for (const one of context.services) {
    const { rateLimit: ownLimit, maxBody: ownBody } = one.route ?? {};
    if (ownLimit) all[limitName("rate-limit", one)] = limited(ownLimit, source);
    if (typeof ownBody === "number") all[limitName("body", one)] = bodyOf(ownBody);
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => compare(a, b)));
}

function limited({ average, burst }: { average: number; burst: number }, sourceCriterion: unknown) {
  return { rateLimit: { average, burst, sourceCriterion } };
}

/**
 * Whom a rate limit counts: the address a request comes from, or what a proxy in front says it is. Behind one, whoever
 * comes directly counts as one client. A household has a whole /64 of IPv6.
 */
function clientAddress(service: Service, context: ConfigureContext) {
  const isProxied = trustedNetworks(service, context).length > 0;
  return { ipStrategy: { ...(isProxied ? { depth: 1 } : {}), ipv6Subnet: 64 } };
}

/** Traefik keeps body and answer until both are complete, so this is only for requests that carry a body. */
function bodyOf(mebibytes: number) {
  return { buffering: { maxRequestBodyBytes: mebibytes * 1024 * 1024 } };
}

function headers(service: Service, context: ConfigureContext, isTrusted: boolean) {
  const removed = [...identityHeaders, ...(vouches(service, context) ? [] : ["X-Real-Ip"])];
  return {
    customRequestHeaders: Object.fromEntries(removed.map((name) => [name, ""])),
    customResponseHeaders: { Server: "", "X-Powered-By": "", "X-Robots-Tag": "noindex, nofollow" },
    contentTypeNosniff: true,
    customFrameOptionsValue: "SAMEORIGIN",
    referrerPolicy: "strict-origin-when-cross-origin",
    permissionsPolicy: "camera=(), microphone=(), payment=(), usb=()",
    // Not for subdomains: the domain may have others, which this platform knows nothing of.
    ...(isTrusted ? { stsSeconds: insistence } : {}),
  };
}

/** False behind Cloudflare, which passes on a client's own X-Real-Ip. */
function vouches({ name }: Service, { settings, links, service }: ConfigureContext): boolean {
  const hasTunnel = links.some(
    ({ consumer, provider }) => provider === name && service(consumer)?.roles.includes("tunnel"),
  );
  return settings.trustedProxies !== "cloudflare" && !hasTunnel;
}

function signInOf({ name }: Service, context: ConfigureContext) {
  const sso = context.services.find(({ roles }) => roles.includes("sso"));
  if (!sso?.route) return undefined;
  return {
    forwardAuth: {
      address: `http://${context.hostOf(name, sso.name)}:${sso.route.port}${authorisation}`,
      // The entry point has taken away what no trusted proxy sent.
      trustForwardHeader: true,
      authResponseHeaders: identityHeaders,
      maxResponseBodySize: signInAnswer,
    },
  };
}
