import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { logLevel } from "../logLevel.ts";
import { linesText } from "../text.ts";

/** Docker's name server inside a container. */
const nameServer = "127.0.0.11:53";

/** A service whose requests are shared, and the copies of it, itself first. */
interface Backend {
  service: Service & { route: NonNullable<Service["route"]> };
  copies: Service[];
}

/**
 * HAProxy: behind the gateway, in front of every service that may have copies. It asks each copy every 10 seconds whether
 * it is well and sends it nothing while it is not; browsers stay with one copy where the record says sticky, and requests
 * go round-robin elsewhere. Names are resolved while it runs, so it starts before what is behind it.
 */
export function configureHaproxy(service: Service, context: ConfigureContext): Configuration {
  const backends = backendsOf(service, context);
  const own = service.health.http;
  const lines = [
    "global",
    `  log stdout format raw local0 ${logLevel(context, { debug: "debug", info: "info", warning: "warning", error: "err" })}`,
    "  maxconn 4096",
    "resolvers docker",
    `  nameserver docker ${nameServer}`,
    "  hold valid 10s",
    "defaults",
    "  mode http",
    "  log global",
    "  option httplog",
    // The gateway logs every request; here only what went wrong is news.
    "  option dontlog-normal",
    "  option redispatch",
    "  retries 3",
    "  timeout connect 5s",
    // The seed documents' idle time. Live connections, such as WebSockets, have an hour of their own.
    "  timeout client 300s",
    "  timeout server 300s",
    "  timeout http-request 30s",
    "  timeout tunnel 1h",
    "  default-server check inter 10s fall 3 rise 2 resolvers docker init-addr last,libc,none",
    "frontend statistics",
    `  bind :${own?.port}`,
    `  monitor-uri ${own?.path}`,
    `  http-request use-service prometheus-exporter if { path ${service.metrics?.path ?? "/metrics"} }`,
    "  stats enable",
    "  stats hide-version",
    "  stats refresh 10s",
    "  stats uri /",
    ...frontend(service, context, backends),
    ...backends.flatMap((one) => backend(one, service, context)),
  ];
  return { files: [{ path: "/usr/local/etc/haproxy/haproxy.cfg", text: linesText(lines) }] };
}

/** Services behind this one, sorted by name. */
function backendsOf({ name }: Service, context: ConfigureContext): Backend[] {
  const behind = new Set(
    context.links
      .filter(({ consumer, uses }) => consumer === name && uses.some(({ origin }) => origin === "balance"))
      .map(({ provider }) => provider),
  );
  return context.services.flatMap((service): Backend[] => {
    const { route } = service;
    if (!behind.has(service.name) || !route) return [];
    const copies = context.services.filter((one) => behind.has(one.name) && one.replicaOf === service.name);
    return [{ service: { ...service, route }, copies: [service, ...copies] }];
  });
}

/** Where the gateway hands requests over: the port of its link, and a backend for each host. */
function frontend({ name }: Service, context: ConfigureContext, backends: readonly Backend[]): string[] {
  const use = context.links
    .filter(
      ({ consumer, provider }) => provider === name && context.service(consumer)?.roles.includes("gateway"),
    )
    .flatMap(({ uses }) => uses)
    .find(({ origin }) => origin === "declared");
  if (!use) return [];
  return [
    "frontend gateway",
    `  bind :${use.port}`,
    ...backends.map(
      ({ service }) =>
        `  use_backend ${service.name} if { req.hdr(host),host_only,lower -m str ${new URL(service.route.url).hostname} }`,
    ),
    "  default_backend unknown",
    "backend unknown",
    "  http-request return status 404",
  ];
}

function backend({ service, copies }: Backend, { name }: Service, context: ConfigureContext): string[] {
  const { route, balance, health } = service;
  return [
    `backend ${service.name}`,
    "  balance roundrobin",
    ...(health.http
      ? [
          "  option httpchk",
          `  http-check send meth GET uri ${health.http.path} ver HTTP/1.1 hdr Host ${new URL(route.url).hostname}`,
          "  http-check expect status 200-399",
        ]
      : []),
    ...(balance?.sticky
      ? [`  cookie ums_${service.name} insert indirect nocache httponly secure attr SameSite=Lax`]
      : []),
    ...copies.map((copy) => {
      const port = copy.health.http?.port ?? copy.health.tcp?.port ?? route.port;
      const check = port === route.port ? "" : ` port ${port}`;
      const cookie = balance?.sticky ? ` cookie ${copy.name}` : "";
      return `  server ${copy.name} ${context.hostOf(name, copy.name)}:${route.port}${check}${cookie}`;
    }),
  ];
}
