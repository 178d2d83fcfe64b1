import { describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import { realStack } from "../../../components/fixtures.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, platform } from "../../../fixtures/platforms.ts";
import { listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";
import { app, balancer, gateway, gatewayRecords, toBalancer } from "./fixtures.ts";

type Sections = Map<string, string[]>;

/** The file by its sections: `frontend gateway` and the like. */
function sectionsOf(text: string): Sections {
  const sections: Sections = new Map();
  let lines: string[] = [];
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("  ")) lines.push(line.trim());
    else {
      lines = [];
      sections.set(line, lines);
    }
  }
  return sections;
}

const sections = (of: ReturnType<typeof platform>, service = "balancer") =>
  sectionsOf(found(filesOf(of, service).get("/usr/local/etc/haproxy/haproxy.cfg"), "haproxy.cfg"));
const withBalancer: Record<string, RecordFields> = {
  ...gatewayRecords,
  gate: { ...gateway, links: [toBalancer] },
  balancer,
};
const balance = (sticky: boolean) => ({ sticky, reason: "a test" });
const health = { http: { port: 3001, path: "/healthz" }, command: ["true"] };

describe.each([
  ["dev", loadStack(projectRoot, "dev").platform],
  ["all with real images", realStack().platform],
])("HAProxy in the stack %s", (_, stack) => {
  const file = sections(stack, "haproxy");
  const balanced = stack.services.filter((service) => service.balance);

  it("has a backend for every service whose requests may be shared, chosen by its host", () => {
    expect(balanced.length).toBeGreaterThan(0);
    expect([...file.keys()].filter((name) => name.startsWith("backend ")).sort()).toEqual(
      ["unknown", ...balanced.map(({ name }) => name)].sort().map((name) => `backend ${name}`),
    );
    for (const { name, route } of balanced) {
      expect(file.get("frontend gateway")).toContain(
        `use_backend ${name} if { req.hdr(host),host_only,lower -m str ${new URL(route?.url ?? "").hostname} }`,
      );
    }
  });

  it("calls only what it is linked to", () => {
    const reached = new Set(
      stack.links
        .filter(({ consumer }) => consumer === "haproxy")
        .flatMap(({ provider, uses }) => uses.map(({ port }) => `${provider}:${port}`)),
    );
    const called = [...file.values()].flat().flatMap((line) => /^server \S+ (\S+)/.exec(line)?.[1] ?? []);
    expect(called.sort()).toEqual([...reached].sort());
  });

  it("asks every copy every 10 seconds", () => {
    expect(file.get("defaults")?.find((line) => line.startsWith("default-server"))).toMatch(
      / check inter 10s /,
    );
  });
});

describe("a backend", () => {
  it("appears with its record, and nothing else changes", () => {
    const before = sections(platform(withBalancer));
    const after = sections(
      platform({
        ...withBalancer,
        app: {
          ...app,
          health: { ...health, http: { port: 3000, path: "/healthz" } },
          balance: balance(false),
        },
      }),
    );
    expect(after.get("backend app")).toEqual([
      "balance roundrobin",
      "option httpchk",
      "http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host app.media.localhost",
      "http-check expect status 200-399",
      "server app app:3000",
    ]);
    expect(after.get("frontend gateway")).toEqual([
      "bind :8888",
      "use_backend app if { req.hdr(host),host_only,lower -m str app.media.localhost }",
      "default_backend unknown",
    ]);
    after.delete("backend app");
    const rest = (of: Sections) => [...of].filter(([name]) => name !== "frontend gateway");
    expect(rest(after)).toEqual(rest(before));
  });

  it("has a cookie where sessions hang on a copy, a line for each copy, and the port of each one's probe", () => {
    const file = sections(
      platform({
        ...withBalancer,
        app: { ...app, ports: listensOn(3000, 3001), health, balance: balance(true) },
        "app-two": {
          ports: listensOn(3000),
          health: { tcp: { port: 3000 }, command: ["true"] },
          replicaOf: "app",
        },
      }),
    );
    expect(file.get("backend app")?.slice(-3)).toEqual([
      "cookie ums_app insert indirect nocache httponly secure attr SameSite=Lax",
      "server app app:3000 port 3001 cookie app",
      "server app-two app-two:3000 cookie app-two",
    ]);
  });

  it("is asked for a connection where its probe is no HTTP", () => {
    const tcp = { tcp: { port: 3000 }, command: ["true"] };
    const file = sections(
      platform({ ...withBalancer, app: { ...app, health: tcp, balance: balance(false) } }),
    );
    expect(file.get("backend app")).toEqual(["balance roundrobin", "server app app:3000"]);
  });

  it("is not there for what the gateway reaches itself", () => {
    const file = sections(platform({ ...withBalancer, app }));
    expect(file.has("backend app")).toBe(false);
    const unlinked = platform({ ...gatewayRecords, balancer, app: { ...app, balance: balance(false) } });
    expect(sections(unlinked).has("backend app")).toBe(false);
    expect(unlinked.links.map(({ consumer, provider }) => `${consumer} > ${provider}`)).toContain(
      "gate > app",
    );
  });
});
