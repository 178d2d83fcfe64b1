import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passes } from "../../../../stacks/configure/gateway/paths.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { realStack } from "../../../components/fixtures.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { platform } from "../../../fixtures/platforms.ts";
import { positionOf } from "../../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields, recordText } from "../../../fixtures/records.ts";
import { stackText } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../fixtures.ts";
import { app, balancer, chosen, gateway, gatewayRecords, routingOf, toBalancer, wrong } from "./fixtures.ts";

const dev = loadStack(projectRoot, "dev").platform;
const real = realStack().platform;

describe.each([
  ["dev", dev],
  ["all with real images", real],
])("the routes of the stack %s", (_, stack) => {
  const routing = routingOf(stack, "traefik");
  const routed = stack.services.filter(({ route }) => route);
  const hosts = routed.map(({ route }) => new URL(route?.url ?? "").hostname);

  it("lead every host to its service, and no other anywhere", () => {
    for (const [index, { name }] of routed.entries()) {
      const service = name === "traefik" ? "api@internal" : name;
      expect(chosen(routing, hosts[index] ?? "", "/")?.[1].service).toBe(service);
      expect(chosen(routing, hosts[index] ?? "", "/", "POST")?.[1].service).toBe(service);
    }
    expect(chosen(routing, `nobody.${stack.domain}`, "/")).toBeUndefined();
    expect(Object.keys(routing.http.services)).toEqual(
      routed.map(({ name }) => name).filter((name) => name !== "traefik"),
    );
  });

  it("ask for a sign-in exactly where the record does not let a path pass", () => {
    const known = routed.flatMap(({ route }) => route?.bypass.map(({ path }) => path) ?? []);
    const path = fc.oneof(
      fc.constantFrom(...known),
      fc
        .tuple(fc.constantFrom(...known), fc.constantFrom("/", "/x", "x", "-x", "X/y"))
        .map((parts) => parts.join("")),
      fc.webPath().map((one) => one || "/"),
    );
    fc.assert(
      fc.property(
        fc.nat(routed.length - 1),
        path,
        fc.constantFrom("GET", "POST", "PUT"),
        (index, where, method) => {
          const { route } = routed[index] ?? {};
          const isOpen = route?.access === "public" || route?.bypass.some((bypass) => passes(bypass, where));
          const [, router] = chosen(routing, hosts[index] ?? "", where, method) ?? [];
          expect(router?.middlewares.includes("sign-in")).toBe(!isOpen);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("name only middlewares and services that are there, and only hosts that the gateway is linked to", () => {
    const { routers, services, middlewares } = routing.http;
    for (const router of Object.values(routers)) {
      for (const name of router.middlewares) expect(middlewares).toHaveProperty([name]);
      if (router.service !== "api@internal") expect(services).toHaveProperty([router.service]);
      expect(router.entryPoints).toEqual(["websecure"]);
    }
    const reached = new Set(
      stack.links
        .filter(({ consumer }) => consumer === "traefik")
        .flatMap(({ provider, uses }) => uses.map(({ port }) => `http://${provider}:${port}`)),
    );
    const called = [
      ...Object.values(services).flatMap(({ loadBalancer }) => loadBalancer.servers.map(({ url }) => url)),
      new URL(String(middlewares["sign-in"]?.forwardAuth?.address)).origin,
    ];
    expect(called.filter((url) => !reached.has(url))).toEqual([]);
  });

  it("hold back every client, take away what it says it is, and never keep a film until it is complete", () => {
    for (const [name, { middlewares, rule }] of Object.entries(routing.http.routers)) {
      expect([name, middlewares.filter((one) => one.startsWith("rate-limit"))]).toEqual([
        name,
        [expect.any(String)],
      ]);
      expect(middlewares).toContain("headers");
      const keepsBody = middlewares.some((one) => one === "body" || one.startsWith("body-"));
      expect([name, keepsBody]).toEqual([name, rule.includes("!Method(`GET`)")]);
    }
    const { customRequestHeaders } = routing.http.middlewares.headers?.headers ?? {};
    expect(customRequestHeaders).toMatchObject({ "Remote-User": "", "Remote-Groups": "" });
  });

  it("have no secret in them", () => {
    const values = [...filesOf(stack, "traefik")].filter(([path]) => path.startsWith("/run/secrets/"));
    const texts = [...filesOf(stack, "traefik")].filter(([path]) => path.startsWith("/etc/"));
    for (const [, value] of values) {
      for (const [, text] of texts) expect(text).not.toContain(value.trim());
    }
  });
});

describe("a route", () => {
  const shown = (fields: RecordFields, more: Record<string, RecordFields> = {}) =>
    routingOf(platform({ ...gatewayRecords, app: { ...app, ...fields }, ...more }));
  const route = { subdomain: "app", port: 3000, access: "user" } as const;

  it("appears with its record, and nothing else changes", () => {
    const before = routingOf(platform(gatewayRecords));
    const after = shown({});
    expect(after.http.routers).toEqual({
      ...before.http.routers,
      app: {
        entryPoints: ["websecure"],
        rule: "Host(`app.media.localhost`)",
        priority: 10,
        middlewares: ["rate-limit", "headers", "sign-in", "breaker", "compress", "retry"],
        service: "app",
      },
      "app-body": {
        entryPoints: ["websecure"],
        rule: "Host(`app.media.localhost`) && !Method(`GET`) && !Method(`HEAD`)",
        priority: 11,
        middlewares: ["rate-limit", "headers", "sign-in", "body", "breaker", "compress", "retry"],
        service: "app",
      },
    });
    expect(after.http.services).toEqual({
      ...before.http.services,
      app: { loadBalancer: { servers: [{ url: "http://app:3000" }] } },
    });
    expect(after.http.middlewares).toEqual(before.http.middlewares);
  });

  it("on the domain itself has the domain as its host", () => {
    expect(shown({ route: { ...route, subdomain: "@" } }).http.routers.app?.rule).toBe(
      "Host(`media.localhost`)",
    );
  });

  it("without sign-in has none", () => {
    const { routers } = shown({ route: { ...route, access: "public", reason: "a test" } }).http;
    expect(routers.app?.middlewares).not.toContain("sign-in");
  });

  it("has the limits of its record, or those of the stack", () => {
    const own = shown({ route: { ...route, rateLimit: { average: 3, burst: 7 }, maxBody: 5 } }).http;
    expect(own.routers["app-body"]?.middlewares).toEqual(
      expect.arrayContaining(["rate-limit-app", "body-app"]),
    );
    expect(own.middlewares["rate-limit-app"]).toEqual({
      rateLimit: { average: 3, burst: 7, sourceCriterion: { ipStrategy: { ipv6Subnet: 64 } } },
    });
    expect(own.middlewares["body-app"]).toEqual({ buffering: { maxRequestBodyBytes: 5 * 1024 * 1024 } });
    const config = { gateway: { rateLimit: { average: 1, burst: 2 }, maxBody: 3 } };
    const { middlewares } = routingOf(platform({ ...gatewayRecords, app }, { config })).http;
    expect(middlewares["rate-limit"]).toMatchObject({ rateLimit: { average: 1, burst: 2 } });
    expect(middlewares.body).toEqual({ buffering: { maxRequestBodyBytes: 3 * 1024 * 1024 } });
  });

  it("that takes whole files passes bodies on as they come", () => {
    const { routers } = shown({ route: { ...route, maxBody: "unlimited" } }).http;
    expect(Object.keys(routers).filter((name) => name.startsWith("app"))).toEqual(["app"]);
  });

  it("quotes a path as Go does, whatever is in it", () => {
    const bypass = [{ path: "/a`b", reason: "a test" }];
    expect(shown({ route: { ...route, bypass } }).http.routers["app-bypass"]?.rule).toBe(
      'Host(`app.media.localhost`) && (PathRegexp("(?i)^/a`b([/?].*)?$"))',
    );
  });

  it("has no template of Traefik's in it, which reads its files as ones", () => {
    const bypass = [{ path: "/{{env}}", reason: "a test" }];
    const stack = platform({ ...gatewayRecords, app: { ...app, route: { ...route, bypass } } });
    expect(filesOf(stack, "gate").get("/etc/traefik/routes.yml")).not.toContain("{{");
  });
});

describe("a service with copies", () => {
  const balance = (sticky: boolean) => ({ sticky, reason: "a test" });
  const health = { http: { port: 3000, path: "/healthz" }, command: ["true"] };
  const copies = (sticky: boolean): Record<string, RecordFields> => ({
    app: { ...app, health, balance: balance(sticky) },
    "app-two": { ports: listensOn(3000), replicaOf: "app" },
  });

  it("is balanced by the gateway where there is no load balancer", () => {
    const stack = platform({ ...gatewayRecords, ...copies(true) });
    expect(routingOf(stack).http.services.app).toEqual({
      loadBalancer: {
        servers: [{ url: "http://app:3000" }, { url: "http://app-two:3000" }],
        sticky: { cookie: { name: "ums_app", httpOnly: true, secure: true, sameSite: "lax" } },
        healthCheck: { path: "/healthz", port: 3000, interval: "10s" },
      },
    });
    const stateless = routingOf(platform({ ...gatewayRecords, ...copies(false) })).http.services.app;
    expect(stateless?.loadBalancer).not.toHaveProperty("sticky");
  });

  it("is left to the load balancer where there is one, and the gateway is linked to none of them", () => {
    const gate = { ...gateway, links: [toBalancer] };
    const stack = platform({ ...gatewayRecords, gate, balancer, ...copies(true) });
    expect(routingOf(stack).http.services.app).toEqual({
      loadBalancer: { servers: [{ url: "http://balancer:8888" }] },
    });
    const links = stack.links.map(({ consumer, provider }) => `${consumer} > ${provider}`);
    expect(links).toEqual(expect.arrayContaining(["balancer > app", "balancer > app-two"]));
    expect(links.filter((link) => link.startsWith("gate > app"))).toEqual([]);
  });
});

describe("a mistake is told with its place:", () => {
  it("routes for users without a sign-in", () => {
    expect(wrong({ sso: {}, app })).toEqual([
      "Pulumi.test.yaml:6:5: app, gate would be open to everyone: their routes are for users or admins, and the stack has no service that signs people in (role sso); include one",
    ]);
  });

  it("variables that Traefik would not read", () => {
    const gate = { ...gateway, environment: { TRAEFIK_LOG_LEVEL: "DEBUG" } };
    const ignored = (file: string, text: string, name: string) =>
      `${file}:${Object.values(positionOf(text, name)).join(":")}: ${name} would be ignored: gate reads its settings from the generated /etc/traefik/traefik.yml; use tls, trustedProxies and gateway of the stack's config`;
    expect(wrong({ gate })).toEqual([
      ignored("catalog/gate.yaml", recordText({ number: 0, ...gate, name: "gate" }), "TRAEFIK_LOG_LEVEL"),
    ]);
    const config = { overrides: { gate: { environment: { TRAEFIK_API: true } } } };
    expect(wrong({}, { config })).toEqual([ignored("Pulumi.test.yaml", stackText(config), "TRAEFIK_API")]);
  });

  it("bodies that do not fit where they wait", () => {
    const route = { subdomain: "app", port: 3000, access: "user", maxBody: 65 } as const;
    const tooLarge = (what: string, size: number) =>
      `${what} is ${size} MiB, and gate has 64 MiB in /tmp, where a body waits until it is complete; say unlimited in the record of a service that takes whole files`;
    expect(wrong({ app: { ...app, route } })).toEqual([
      expect.stringMatching(/^catalog\/app\.yaml:\d+:\d+: /),
    ]);
    expect(wrong({ app: { ...app, route } })[0]).toContain(tooLarge("route.maxBody of app", 65));
    expect(wrong({}, { config: { gateway: { maxBody: 100 } } })[0]).toContain(
      tooLarge("gateway.maxBody", 100),
    );
  });

  it("a tunnel that no service is", () => {
    const config = { tunnel: { id: "3f1b6c1e-4f0a-4c59-9d7e-5a2b8c6d1e0f" } };
    expect(wrong({}, { config })).toEqual([
      expect.stringContaining(
        "the stack has no service with the role tunnel; include one, or leave tunnel out",
      ),
    ]);
  });

  it("two services under one name", () => {
    expect(wrong({ app, other: { ...app, links: [linkTo("sso", 9091)] } })).toEqual([
      expect.stringContaining('other and app both want the subdomain "app"'),
    ]);
  });
});
