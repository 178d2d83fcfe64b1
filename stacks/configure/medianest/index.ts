import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext, GeneratedFile } from "../context.ts";
import { logLevel, profiles } from "../logLevel.ts";
import { backendLimit, type Limit, nginxRate, signInLimit, windowScript } from "./limits.ts";
import { type Directive, nginxText } from "./nginxText.ts";

/** Folder of the generated files. */
const folder = "/etc/medianest";

/** Methods and headers that the seed document lets another page of the site's own origin use. */
const corsMethods = "GET, POST, PUT, DELETE, PATCH, OPTIONS";
const corsHeaders = "Content-Type, Authorization, X-Correlation-Id";

/** Headers that nginx alone answers with, whatever the applications say. */
const securityHeaders = {
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
};

/** A limit as nginx keeps it: the zone of a rate, or a script where it has no unit for it. */
interface Kept {
  name: string;
  limit: Limit;
  rate: string | undefined;
}

/**
 * MediaNest's entrance: pages from one of the two services it is linked to, and API and live connections from the other,
 * which is the one that the first calls. Its limits are the backend's own.
 */
export function configureMediaNest(service: Service, context: ConfigureContext): Configuration {
  const providers = context.links.filter(({ consumer }) => consumer === service.name);
  const calls = (from: string, to: string) =>
    context.links.some(({ consumer, provider }) => consumer === from && provider === to);
  const api = providers.find(({ provider }) => providers.some((other) => calls(other.provider, provider)));
  const pages = providers.find((link) => api && calls(link.provider, api.provider));
  const backend = api && context.service(api.provider);
  if (!api || !pages || !backend || !service.route) {
    context.report({
      place: context.recordPlace(service.name, ["links"]),
      message: `${service.name} needs a route, and links to two services of which one calls the other: pages and API`,
    });
    return { files: [] };
  }
  const limits = [
    kept("api", backendLimit(backend, "API", context)),
    kept("auth", signInLimit),
    // Looking at the queue hands no download over.
    kept("youtube", { ...backendLimit(backend, "YOUTUBE", context), method: "POST" }),
  ];
  const scripts = limits.flatMap(({ name, limit, rate }): GeneratedFile[] =>
    rate === undefined ? [{ path: `${folder}/${name}.js`, text: windowScript(limit, name) }] : [],
  );
  const addressOf = ({ provider, uses }: typeof api) =>
    `${context.hostOf(service.name, provider)}:${uses[0]?.port ?? 80}`;
  const gateways = context.links
    .filter(({ provider }) => provider === service.name)
    .map(({ consumerAddress }) => consumerAddress)
    .sort();
  const text = nginxText([
    // The path of the image and of Debian's packages.
    ...(scripts.length > 0 ? [["load_module", "/usr/lib/nginx/modules/ngx_http_js_module.so"] as const] : []),
    ["worker_processes", Math.max(1, Math.round(service.limits.cpus))],
    ["pid", "/tmp/nginx.pid"],
    [
      "error_log",
      "stderr",
      logLevel(context, { debug: "info", info: "notice", warning: "warn", error: "error" }),
    ],
    ["events", [["worker_connections", 1024]]],
    [
      "http",
      [
        ...general(profiles(context)),
        // Whom a limit counts is what the gateway says; no one else is believed.
        ...gateways.map((address): Directive => ["set_real_ip_from", address]),
        ["real_ip_header", "X-Forwarded-For"],
        ["limit_req_status", 429],
        ...limits.flatMap(declared),
        ...maps(service.route.url),
        ["upstream", "pages", [["server", addressOf(pages)]]],
        ["upstream", "api", [["server", addressOf(api)]]],
        ...proxying,
        ["server", server(service.route.port, limits)],
      ],
    ],
  ]);
  return { files: [{ path: `${folder}/nginx.conf`, text }, ...scripts] };
}

function kept(name: string, limit: Limit): Kept {
  return { name, limit, rate: nginxRate(limit) };
}

/** What everything in `http` begins with. Everything is written to /tmp: the root is read-only. */
function general(timed: boolean): Directive[] {
  const line = '$remote_addr "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
  return [
    ["log_format", "line", `${line}${timed ? " $request_time $upstream_response_time" : ""}`],
    ["access_log", "/dev/stdout", "line"],
    ["server_tokens", "off"],
    ["client_max_body_size", "10m"],
    ["client_body_temp_path", "/tmp/body"],
    ["proxy_temp_path", "/tmp/proxy"],
    ["fastcgi_temp_path", "/tmp/fastcgi"],
    ["uwsgi_temp_path", "/tmp/uwsgi"],
    ["scgi_temp_path", "/tmp/scgi"],
    ["gzip", "on"],
    ["gzip_proxied", "any"],
    ["gzip_vary", "on"],
    ["gzip_min_length", 1024],
    [
      "gzip_types",
      "application/javascript",
      "application/json",
      "application/manifest+json",
      "image/svg+xml",
      "text/css",
      "text/javascript",
      "text/plain",
    ],
  ];
}

/** Where a limit counts. 10 MiB hold some 80,000 addresses (ngx_http_limit_req_module: 8,000 a MiB on 64 bits). */
function declared({ name, limit, rate }: Kept): Directive[] {
  if (rate !== undefined) {
    const zone = (key: string): Directive => ["limit_req_zone", key, `zone=${name}:10m`, `rate=${rate}`];
    if (limit.method === undefined) return [zone("$binary_remote_addr")];
    // A request without a key is not counted.
    const key = `$counted_${name}`;
    return [["map", "$request_method", key, [[limit.method, "$binary_remote_addr"]]], zone(key)];
  }
  return [
    ["js_path", folder],
    ["js_import", name, "from", `${name}.js`],
    ["js_shared_dict_zone", `zone=${name}:1m`, `timeout=${limit.seconds}s`, "evict"],
    ["js_set", `$over_${name}`, `${name}.over`],
  ];
}

function maps(origin: string): Directive[] {
  return [
    [
      "map",
      "$http_upgrade",
      "$connection_upgrade",
      [
        ["default", "upgrade"],
        ["", "close"],
      ],
    ],
    // The caller's origin where it is this site's own, else nothing, which sends no header.
    [
      "map",
      "$http_origin",
      "$cors_origin",
      [
        ["default", ""],
        [origin, "$http_origin"],
      ],
    ],
    [
      "map",
      "$cors_origin",
      "$cors_credentials",
      [
        ["default", "true"],
        ["", ""],
      ],
    ],
  ];
}

const proxying: Directive[] = [
  ["proxy_http_version", "1.1"],
  ["proxy_set_header", "Host", "$http_host"],
  ["proxy_set_header", "Upgrade", "$http_upgrade"],
  ["proxy_set_header", "Connection", "$connection_upgrade"],
  ["proxy_set_header", "X-Real-IP", "$remote_addr"],
  ["proxy_set_header", "X-Forwarded-For", "$remote_addr"],
  ["proxy_set_header", "X-Forwarded-Proto", "$http_x_forwarded_proto"],
  ...[
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    ...Object.keys(securityHeaders),
  ].map((header): Directive => ["proxy_hide_header", header]),
];

function server(port: number, limits: readonly Kept[]): Directive[] {
  const limited = (...names: string[]): Directive[] =>
    limits.filter(({ name }) => names.includes(name)).map(applied);
  const header = (name: string, value: string): Directive => ["add_header", name, value, "always"];
  const toApi: Directive = ["proxy_pass", "http://api"];
  const toPages: Directive = ["proxy_pass", "http://pages"];
  return [
    ["listen", port],
    header("Access-Control-Allow-Origin", "$cors_origin"),
    header("Access-Control-Allow-Credentials", "$cors_credentials"),
    header("Access-Control-Allow-Methods", corsMethods),
    header("Access-Control-Allow-Headers", corsHeaders),
    header("Vary", "Origin"),
    ...Object.entries(securityHeaders).map(([name, value]) => header(name, value)),
    [
      "location",
      "=",
      "/healthz",
      [
        ["access_log", "off"],
        ["return", 200],
      ],
    ],
    [
      "location",
      "=",
      "/nginx_status",
      [["access_log", "off"], ["stub_status"], ["allow", "127.0.0.1"], ["deny", "all"]],
    ],
    ["location", "/api/v1/auth/", [...limited("auth"), toApi]],
    ["location", "/api/v1/youtube/", [...limited("api", "youtube"), toApi]],
    // NextAuth's own paths are the pages'.
    ["location", "/api/auth/", [...limited("api"), toPages]],
    ["location", "/api/", [...limited("api"), toApi]],
    ["location", "/socket.io/", [["proxy_read_timeout", "1h"], toApi]],
    ["location", "/", [toPages]],
  ];
}

/** A whole minute's worth may come at once, and then one by one as the rate allows. */
function applied({ name, limit, rate }: Kept): Directive {
  return rate === undefined
    ? ["if", `($over_${name})`, [["return", 429]]]
    : ["limit_req", `zone=${name}`, `burst=${limit.requests - 1}`, "nodelay"];
}
