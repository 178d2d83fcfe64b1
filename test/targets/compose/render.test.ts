import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { composeText, containersOf, networksOf, renderCompose } from "../../../targets/compose/render.ts";
import type { DeclaredProgram } from "../../../targets/resources.ts";
import { container, declared, resource, stackOf } from "../../components/fixtures.ts";
import { folder } from "../../fixtures/folders.ts";
import { digest, linkTo, listensOn } from "../../fixtures/records.ts";
import { bound } from "../bound.ts";

interface File {
  services: Record<string, Record<string, unknown>>;
  networks: Record<string, Record<string, unknown>>;
  volumes: Record<string, unknown>;
}

function render(program: DeclaredProgram, config: Record<string, string> = {}) {
  const full = bound(program, config);
  const { file, environment } = renderCompose(full.program, full.idOf, full.secretValues);
  return { file: file as unknown as File, environment, text: composeText(file), full };
}

const { platform, config } = stackOf(
  {
    gate: {
      segment: "dmz",
      roles: ["gateway"],
      ports: [...listensOn(443), { port: 443, protocol: "udp", purpose: "HTTP/3" }],
      publish: [
        { port: 443, host: 443, reason: "the entrance" },
        { port: 443, host: 443, protocol: "udp", reason: "HTTP/3" },
      ],
    },
    tunnel: {
      segment: "downloads",
      roles: ["vpn"],
      egress: { reason: "the way out" },
      user: { uid: 0, gid: 0 },
      lifted: [
        { privilege: "root-user", reason: "makes the tunnel" },
        { privilege: "capability", value: "NET_ADMIN", reason: "makes the tunnel" },
        { privilege: "device", value: "/dev/net/tun", reason: "the tunnel" },
        { privilege: "sysctl", value: "net.ipv4.ip_forward=1", reason: "routes" },
        { privilege: "new-privileges", reason: "has a setuid helper" },
      ],
      health: { tcp: { port: 8000 }, command: null, reason: "it has no program to try with" },
      ports: listensOn(8000),
    },
    client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
    store: {
      segment: "data",
      ports: listensOn(5432),
      user: { uid: 472, gid: 0, groups: [20] },
      volumes: [{ name: "data", class: "database", path: "/data", access: "write" }],
      secrets: [{ name: "password", generate: "password", file: "/run/secrets/password" }],
      tmpfs: [{ path: "/tmp", size: 8 }],
      stop: { grace: 60, signal: "SIGINT" },
      limits: { memory: 256, cpus: 0.5 },
      init: true,
    },
    app: {
      ports: listensOn(80),
      route: { subdomain: "app", port: 80, access: "user" },
      links: [linkTo("store", 5432), linkTo("client", 8080), linkTo("tunnel", 8000)],
      environment: { PRICE: "5$ or $${MORE}", EQUALS: "a=b=c", EMPTY: "" },
      secrets: [
        {
          name: "address",
          template: "pg://${secret:store/password}@store",
          variable: "ADDRESS",
          reason: "it reads no file",
        },
        { name: "token", config: "theToken", variable: "TOKEN", reason: "it reads no file" },
      ],
      command: ["run", "--cost=$5"],
      entrypoint: ["/bin/$app"],
      health: { http: { port: 80, path: "/" }, command: ["sh", "-c", "test $$ -gt 1"] },
    },
  },
  { config: { environment: "production", images: "real" }, stack: { secrets: ["theToken"] } },
);
const token = "a $ecret ${value}\nof two lines";

let program: DeclaredProgram;
let rendered: ReturnType<typeof render>;
beforeAll(async () => {
  program = await declared({ platform, config });
});
// The store's folder goes with each test, so each renders anew.
const fresh = () => {
  rendered = render(program, { theToken: token });
  return rendered;
};

describe("the Compose file", () => {
  it("has each service as it is declared", () => {
    const { file, full } = fresh();
    expect(Object.keys(file.services)).toEqual([
      "test-app",
      "test-client",
      "test-gate",
      "test-store",
      "test-tunnel",
    ]);
    expect(file.services["test-store"]).toEqual({
      container_name: "test-store",
      image: `docker.io/library/none:1.0.0@${digest}`,
      user: "472:0",
      group_add: ["20"],
      read_only: true,
      init: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      mem_limit: "256m",
      memswap_limit: "256m",
      cpu_period: 100_000,
      cpu_quota: 50_000,
      restart: "unless-stopped",
      logging: { driver: "json-file", options: { "max-file": "3", "max-size": "10m" } },
      stop_grace_period: "60s",
      stop_signal: "SIGINT",
      volumes: [
        {
          type: "volume",
          source: "test-store_data",
          target: "/data",
          read_only: false,
          volume: { nocopy: true },
        },
        {
          type: "volume",
          source: "test-store_files.run.secrets",
          target: "/run/secrets",
          read_only: true,
        },
      ],
      tmpfs: ["/tmp:rw,nosuid,nodev,noexec,size=8m,mode=0770,uid=472,gid=0"],
      networks: {
        "test-app_to_store": {
          ipv4_address: platform.links.find(({ provider }) => provider === "store")?.providerAddress,
          aliases: ["store"],
        },
        "test-data": { ipv4_address: "10.10.3.13" },
      },
      healthcheck: {
        test: ["CMD", "true"],
        interval: "15s",
        timeout: "5s",
        start_period: "30s",
        retries: 5,
      },
      labels: {
        "ums.backup": "none",
        "ums.category": "operations",
        "ums.environment": "production",
        "ums.lifecycle": '{"status":"active"}',
        "ums.segment": "data",
        "ums.service": "store",
        "ums.stack": "test",
        "ums.seed": full.idOf(resource(full.program, "Container", "store_seed-container")),
      },
    });
  });

  it("says what a record lifts", () => {
    expect(fresh().file.services["test-tunnel"]).toMatchObject({
      user: "0:0",
      cap_drop: ["ALL"],
      cap_add: ["CAP_NET_ADMIN"],
      devices: ["/dev/net/tun:/dev/net/tun:rwm"],
      sysctls: { "net.ipv4.ip_forward": "1" },
    });
    expect(rendered.file.services["test-tunnel"]).not.toHaveProperty("security_opt");
    expect(rendered.file.services["test-tunnel"]).not.toHaveProperty("healthcheck");
  });

  it("publishes with address and protocol", () => {
    expect(fresh().file.services["test-gate"]?.ports).toEqual(["0.0.0.0:443:443/tcp", "0.0.0.0:443:443/udp"]);
    const others = Object.entries(rendered.file.services).filter(([name]) => name !== "test-gate");
    expect(others.filter(([, service]) => "ports" in service)).toEqual([]);
  });

  it("has clients in the network of the VPN's service, and no network of their own", () => {
    expect(fresh().file.services["test-client"]).toMatchObject({ network_mode: "service:test-tunnel" });
    expect(rendered.file.services["test-client"]).not.toHaveProperty("networks");
    expect(rendered.file.services["test-app"]).not.toHaveProperty("network_mode");
  });

  it("waits for providers: until they are healthy, or started where they have no check", () => {
    expect(fresh().file.services["test-app"]?.depends_on).toEqual({
      "test-client": { condition: "service_healthy" },
      "test-store": { condition: "service_healthy" },
      "test-tunnel": { condition: "service_started" },
    });
    expect(rendered.file.services["test-client"]?.depends_on).toEqual({
      "test-tunnel": { condition: "service_started" },
    });
    expect(rendered.file.services["test-store"]).not.toHaveProperty("depends_on");
  });

  it("leaves one-shot containers to the engine", () => {
    const { full, file } = fresh();
    expect(containersOf(full.program, true).map(({ name }) => name)).toEqual(["store_seed-container"]);
    expect(Object.keys(file.services)).not.toContain("test-store_seed");
  });

  it("has volumes that Compose neither makes nor removes", () => {
    expect(fresh().file.volumes).toEqual({
      "test-store_data": { external: true, name: "test-store_data" },
      "test-store_files.run.secrets": { external: true, name: "test-store_files.run.secrets" },
    });
  });

  it("has every network, in its place, internal or not", () => {
    const { file } = fresh();
    expect(Object.keys(file.networks).sort()).toEqual(
      networksOf(program)
        .map(({ name }) => name)
        .sort(),
    );
    expect(file.networks["test-data"]).toEqual({
      name: "test-data",
      driver: "bridge",
      internal: true,
      driver_opts: {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.inhibit_ipv4": "true",
      },
      ipam: { config: [{ subnet: "10.10.3.0/24", gateway: "10.10.3.1" }] },
      labels: { "ums.segment": "data", "ums.stack": "test" },
    });
    expect(file.networks["test-egress"]).not.toHaveProperty("internal");
  });

  it("has no network for a container that is on none", () => {
    const alone = structuredClone(program);
    const inputs = container(alone, "gate");
    delete inputs.networksAdvanced;
    inputs.networkMode = "none";
    expect(render(alone, { theToken: token }).file.services["test-gate"]).toMatchObject({
      network_mode: "none",
    });
  });

  it("asks for NVIDIA cards as Compose does", async () => {
    const gpu = { purpose: "draws", vendors: ["nvidia" as const], fallback: "none" as const };
    const one = await declared(
      stackOf({ player: { gpu } }, { config: { images: "real", gpu: { vendor: "nvidia" } } }),
    );
    expect(render(one).file.services["test-player"]?.deploy).toEqual({
      resources: {
        reservations: {
          devices: [{ driver: "nvidia", count: "all", capabilities: ["compute", "gpu", "utility", "video"] }],
        },
      },
    });
  });
});

describe("the Compose file's words", () => {
  it("have no secret in them: variables take it from the environment", () => {
    const { file, text, environment, full } = fresh();
    for (const secret of full.secretValues) {
      expect(text).not.toContain(secret);
      expect(JSON.stringify(file)).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
    const app = file.services["test-app"] as { environment: string[] };
    const lines = app.environment.filter((line) => line.includes("UMS_SECRET")).sort();
    expect(lines.map((line) => line.replace(/\d+/, "N"))).toEqual([
      "ADDRESS=${UMS_SECRET_N}",
      "TOKEN=${UMS_SECRET_N}",
    ]);
    const [address, given] = lines.map((line) => environment[/\$\{(.*)\}/.exec(line)?.[1] ?? ""]);
    expect(address).toMatch(/^pg:\/\/[A-Za-z0-9]{32}@store$/);
    expect(given).toBe(token);
  });

  it("have every $ doubled, which Compose would read as a variable", () => {
    const app = fresh().file.services["test-app"];
    expect(app).toMatchObject({
      entrypoint: ["/bin/$$app"],
      command: ["run", "--cost=$$5"],
      healthcheck: { test: ["CMD", "sh", "-c", "test $$$$ -gt 1"] },
    });
    expect(app?.environment).toEqual(
      expect.arrayContaining(["PRICE=5$$ or $${MORE}", "EQUALS=a=b=c", "EMPTY="]),
    );
  });

  it("have every $ doubled in paths too, where a record may have one", async () => {
    const odd = await declared(
      stackOf(
        {
          app: {
            volumes: [{ name: "data", class: "config", path: "/data/$x", access: "write" }],
            tmpfs: [{ path: "/tmp/$y", size: 8 }],
            lifted: [
              { privilege: "host-mount", value: "/srv/$z", path: "/z", reason: "reads there" },
              { privilege: "device", value: "/dev/$d", reason: "uses it" },
            ],
          },
        },
        { config: { images: "real" } },
      ),
    );
    const app = render(odd).file.services["test-app"] as {
      volumes: { source: string; target: string }[];
      tmpfs: string[];
      devices: string[];
    };
    expect(app.volumes.map(({ source, target }) => `${source} ${target}`)).toEqual([
      "test-app_data /data/$$x",
      "/srv/$$z /z",
    ]);
    expect(app.tmpfs[0]).toMatch(/^\/tmp\/\$\$y:/);
    expect(app.devices).toEqual(["/dev/$$d:/dev/$$d:rwm"]);
  });

  it("are the same on every run", () => {
    const { full, text } = fresh();
    const again = renderCompose(full.program, full.idOf, full.secretValues);
    expect(composeText(again.file)).toBe(text);
    expect(again.environment).toEqual(rendered.environment);
  });

  it("are sorted, so that the file of one more service differs by that service", () => {
    const { file } = fresh();
    const sorted = (list: readonly string[]) => expect(list).toEqual([...list].sort());
    for (const part of [file.services, file.networks, file.volumes]) sorted(Object.keys(part));
    for (const service of Object.values(file.services)) {
      sorted(Object.keys((service.depends_on as object | undefined) ?? {}));
      sorted(Object.keys((service.networks as object | undefined) ?? {}));
      sorted(((service.environment as string[] | undefined) ?? []).map((line) => line.split("=")[0] ?? ""));
      sorted((service.tmpfs as string[]).map((line) => line.split(":")[0] ?? ""));
    }
  });

  it("are read back as they were meant by a reader of YAML 1.1, as docker-compose 1.29 is", () => {
    const { file, text } = fresh();
    expect(text).toContain('user: "472:0"');
    expect(parse(text, { version: "1.1" })).toEqual(JSON.parse(JSON.stringify(file)));
  });

  it("are read back as they were meant, whatever they are", () => {
    const word = fc.oneof(
      fc.string(),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(
        "yes",
        "NO",
        "on",
        "0755",
        "1_000",
        "12:30:45",
        "472:0",
        "1e3",
        "~",
        "null",
        ".inf",
        "=",
        "<<",
      ),
      fc.tuple(fc.nat(999), fc.nat(59)).map(([uid, gid]) => `${uid}:${gid}`),
    );
    fc.assert(
      fc.property(word, fc.array(word), (user, environment) => {
        const file = { services: { app: { user, environment } } };
        expect(parse(composeText(file), { version: "1.1" })).toEqual(file);
      }),
    );
  });
});

const version = await execa("docker-compose", ["version", "--short"], { reject: false });

describe.skipIf(version.failed)("docker-compose itself", () => {
  it("takes the file, and reads the user, the secrets and the words with $ as they are meant", async () => {
    const { text, environment } = fresh();
    const home = folder({ "compose.yaml": text });
    const { stdout } = await execa("docker-compose", ["-f", join(home, "compose.yaml"), "config"], {
      env: environment,
    });
    // What it prints is a Compose file again, with $ doubled.
    const { services } = parse(stdout.replaceAll("$$", "$"), { version: "1.1" }) as File;
    expect(Object.keys(services)).toHaveLength(5);
    expect(services["test-store"]).toMatchObject({ user: "472:0", read_only: true });
    expect(services["test-client"]).toMatchObject({ network_mode: "service:test-tunnel" });
    expect(services["test-app"]).toMatchObject({
      command: ["run", "--cost=$5"],
      environment: { PRICE: "5$ or ${MORE}", TOKEN: token, EQUALS: "a=b=c", EMPTY: "" },
    });
  });
});
