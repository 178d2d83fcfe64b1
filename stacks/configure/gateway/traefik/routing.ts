import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";
import { pathPattern } from "../paths.ts";
import type { Bouncer } from "./bouncer.ts";
import type { Certificates } from "./certificates.ts";
import { entryPoints } from "./entryPoints.ts";
import { limitName, middlewares } from "./middlewares.ts";
import { serverOf } from "./servers.ts";

type Routed = Service & { route: NonNullable<Service["route"]> };

interface Parts {
  certificates: Certificates;
  bouncer: Bouncer | undefined;
}

/** Requests that carry a body, as far as their method tells. */
const withBody = "!Method(`GET`) && !Method(`HEAD`)";

/** Traefik's routing configuration: a host a route, its paths without sign-in, and the services behind them. */
export function routing(service: Service, context: ConfigureContext, parts: Parts) {
  const routed = context.services.filter((one): one is Routed => one.route !== undefined);
  const others = routed.filter(({ name }) => name !== service.name);
  return {
    http: {
      routers: Object.fromEntries(routed.flatMap((one) => routersOf(one, service, parts))),
      services: Object.fromEntries(others.map((one) => [one.name, serverOf(one, service, context)])),
      middlewares: middlewares(service, context, parts),
    },
    tls: { options: { default: { minVersion: "VersionTLS13" } } },
  };
}

/**
 * Routers of one route. The more is said of a request, the higher the priority: Traefik's own, the length of the rule,
 * would let a long one about the body win over a short one about a path.
 */
function routersOf(one: Routed, gateway: Service, { bouncer }: Parts): [string, unknown][] {
  const { name, route } = one;
  const isGateway = name === gateway.name;
  const host = `Host(${quoted(new URL(route.url).hostname)})`;
  const limitsBody = !isGateway && route.maxBody !== "unlimited";
  const router = (rule: string, priority: number, needs: { signIn: boolean; body: boolean }) => ({
    entryPoints: [entryPoints.https],
    rule,
    priority,
    middlewares: [
      ...(bouncer ? ["bouncer"] : []),
      limitName("rate-limit", one),
      "headers",
      ...(needs.signIn ? ["sign-in"] : []),
      ...(needs.body ? [limitName("body", one)] : []),
      ...(isGateway ? ["compress"] : ["breaker", "compress", "retry"]),
    ],
    service: isGateway ? "api@internal" : name,
  });
  const both = (suffix: string, rule: string, priority: number, signIn: boolean): [string, unknown][] => [
    [`${name}${suffix}`, router(rule, priority, { signIn, body: false })],
    ...(limitsBody
      ? [
          [
            `${name}${suffix}-body`,
            router(`${rule} && ${withBody}`, priority + 1, { signIn, body: true }),
          ] as [string, unknown],
        ]
      : []),
  ];
  const isGuarded = route.access !== "public";
  const paths = isGuarded ? route.bypass.map(pathPattern).sort() : [];
  const bypass = paths.map((pattern) => `PathRegexp(${quoted(pattern)})`).join(" || ");
  return [
    ...both("", host, 10, isGuarded),
    ...(paths.length > 0 ? both("-bypass", `${host} && (${bypass})`, 20, false) : []),
  ];
}

/** A string in a rule, as Go writes one. */
function quoted(text: string): string {
  return text.includes("`") ? JSON.stringify(text) : `\`${text}\``;
}
