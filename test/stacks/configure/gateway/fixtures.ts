import { parse } from "yaml";
import type { Platform } from "../../../../stacks/platform.ts";
import { found, type PlatformInput, platform } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";

/** A gateway, configured as the catalogue's is. */
export const gateway: RecordFields = {
  roles: ["gateway"],
  segment: "dmz",
  configure: "traefik",
  ports: [...listensOn(80, 443, 8080), { port: 443, protocol: "udp", purpose: "HTTP/3" }],
  publish: [
    { port: 80, host: 80, reason: "a test calls it" },
    { port: 443, host: 443, reason: "a test calls it" },
    { port: 443, host: 443, protocol: "udp", reason: "a test calls it" },
  ],
  route: { subdomain: "gate", port: 8080, access: "admin" },
  health: { http: { port: 8080, path: "/ping" }, command: ["true"] },
  volumes: [{ name: "certs", class: "config", path: "/certs", access: "write" }],
  tmpfs: [{ path: "/tmp", size: 64 }],
};

export const sso: RecordFields = {
  roles: ["sso"],
  ports: listensOn(9091),
  route: { subdomain: "auth", port: 9091, access: "public", reason: "a test signs in there" },
};

/** A gateway with a sign-in. */
export const gatewayRecords: Record<string, RecordFields> = { gate: gateway, sso };

export const app: RecordFields = {
  ports: listensOn(3000),
  route: { subdomain: "app", port: 3000, access: "user" },
};

/** A load balancer to which a gateway of `links` is linked. */
export const balancer: RecordFields = {
  roles: ["balancer"],
  configure: "haproxy",
  ports: listensOn(8404, 8888),
  health: { http: { port: 8404, path: "/healthz" }, command: ["true"] },
};
export const toBalancer = linkTo("balancer", 8888, { required: false, ordered: false });

/** What is wrong with a stack of a gateway, a sign-in and these. */
export function wrong(records: Record<string, RecordFields>, input: PlatformInput = {}): string[] {
  return complaints(() => platform({ ...gatewayRecords, ...records }, input));
}

interface Router {
  rule: string;
  priority: number;
  entryPoints: string[];
  middlewares: string[];
  service: string;
}

export interface Routing {
  http: {
    routers: Record<string, Router>;
    services: Record<
      string,
      { loadBalancer: { servers: { url: string }[]; sticky?: unknown; healthCheck?: unknown } }
    >;
    middlewares: Record<string, Record<string, Record<string, unknown>>>;
  };
  tls: unknown;
}

export function routingOf(of: Platform, service = "gate"): Routing {
  return parse(found(filesOf(of, service).get("/etc/traefik/routes.yml"), "routes")) as Routing;
}

// biome-ignore lint/suspicious/noExplicitAny: a document that a test looks into
export function settingsOf(of: Platform, service = "gate"): any {
  return parse(found(filesOf(of, service).get("/etc/traefik/traefik.yml"), "settings"));
}

/** The router that Traefik chooses: the one of the highest priority whose rule is true. */
export function chosen(
  { http }: Routing,
  host: string,
  path: string,
  method = "GET",
): [string, Router] | undefined {
  return Object.entries(http.routers)
    .filter(([, { rule }]) => isTrue(rule, host, path, method))
    .sort(([, a], [, b]) => b.priority - a.priority)[0];
}

/** For rules as they are written here: a host, then paths any of which will do, then methods that are not meant. */
function isTrue(rule: string, host: string, path: string, method: string): boolean {
  const values = (matcher: string) =>
    [...rule.matchAll(new RegExp(`${matcher}\\(\`([^\`]*)\`\\)`, "g"))].map(([, value = ""]) => value);
  const paths = values("PathRegexp");
  return (
    values("Host").includes(host) &&
    (paths.length === 0 || paths.some((one) => new RegExp(one.replace("(?i)", ""), "i").test(path))) &&
    !values("!Method").includes(method)
  );
}
