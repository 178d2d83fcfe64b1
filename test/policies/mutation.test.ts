import { beforeAll, describe, expect, it } from "vitest";
import { evaluate, policies } from "../../policies/pack.ts";
import type { RegisteredResource } from "../../targets/resources.ts";
import { found } from "../fixtures/platforms.ts";
import { container as otherContainer, resource } from "./program.ts";
import { stackResources } from "./stacks.ts";

let intact: RegisteredResource[];
beforeAll(async () => {
  intact = await stackResources("prod");
});

type Inputs = Record<string, never> & Record<string, unknown>;

/** A copy of the declared program to break. */
class Program {
  constructor(readonly resources: RegisteredResource[]) {}

  resource(name: string): RegisteredResource {
    return found(
      this.resources.find((one) => one.name === name),
      name,
    );
  }

  /** Sets inputs of a service's container. */
  set(service: string, inputs: Record<string, unknown>): void {
    Object.assign(this.resource(`${service}-container`).inputs, inputs);
  }

  /** Adds to a list among a container's inputs. */
  add(service: string, list: string, item: unknown): void {
    const { inputs } = this.resource(`${service}-container`) as { inputs: Record<string, unknown[]> };
    inputs[list] = [...(inputs[list] ?? []), item];
  }

  /** Takes a service's container off a network. */
  leave(service: string, network: string): void {
    const { networksAdvanced } = this.inputs(`${service}-container`) as unknown as {
      networksAdvanced: { name: string }[];
    };
    expect(networksAdvanced.map(({ name }) => name)).toContain(network);
    this.set(service, { networksAdvanced: networksAdvanced.filter(({ name }) => name !== network) });
  }

  label(service: string, label: string, value: string): void {
    const labels = this.resource(`${service}-container`).inputs.labels as { label: string }[];
    this.set(service, { labels: [...labels.filter((one) => one.label !== label), { label, value }] });
  }

  inputs(name: string): Inputs {
    return this.resource(name).inputs as Inputs;
  }
}

const exception = (policy: string, reason?: string) => JSON.stringify([{ policy, reason }]);
const bind = (source: string, more = {}) => ({
  type: "bind",
  source,
  target: "/there",
  readOnly: true,
  ...more,
});
const image = "ghcr.io/immich-app/immich-server";
const digest = `sha256:${"0".repeat(64)}`;
const port = (external: number, ip = "127.0.0.1") => ({ internal: 9000, external, ip, protocol: "tcp" });
const publishes = JSON.stringify([{ privilege: "publish", value: "9000/tcp", reason: "a test" }]);

/** One way to break the program for every policy, and the policies that see the same break. */
const mutations: Record<string, [break_: (program: Program) => void, companions?: string[]]> = {
  privileged: [(program) => program.set("sonarr", { privileged: true })],
  "engine-socket": [(program) => program.add("sonarr", "mounts", bind("/var/run/docker.sock"))],
  "host-namespaces": [(program) => program.set("sonarr", { pidMode: "host" })],
  "capabilities-dropped": [(program) => program.set("sonarr", { capabilities: {} })],
  "capabilities-added": [
    (program) => program.set("sonarr", { capabilities: { drops: ["ALL"], adds: ["CAP_NET_RAW"] } }),
  ],
  "no-new-privileges": [(program) => program.set("sonarr", { securityOpts: [] })],
  confinement: [(program) => program.add("sonarr", "securityOpts", "seccomp=unconfined")],
  "read-only-root": [(program) => program.set("sonarr", { readOnly: false })],
  "tmpfs-options": [(program) => program.set("sonarr", { tmpfs: { "/tmp": "rw,exec,nosuid" } })],
  "non-root-user": [(program) => program.set("sonarr", { user: "0:0" })],
  "sensitive-paths": [(program) => program.add("sonarr", "mounts", bind("/etc"))],
  "mount-propagation": [
    (program) => program.add("sonarr", "mounts", bind("/srv", { bindOptions: { propagation: "rshared" } })),
  ],
  devices: [(program) => program.set("sonarr", { devices: [{ hostPath: "/dev/sda" }] })],
  "image-tag": [(program) => program.set("sonarr", { image: `${image}:latest@${digest}` })],
  "image-digest": [(program) => program.set("sonarr", { image: `${image}:v1` })],
  "image-registry": [(program) => program.set("sonarr", { image: `evil.example/sonarr:v1@${digest}` })],
  "published-ports": [(program) => program.add("sonarr", "ports", port(9000))],
  "published-address": [
    (program) => {
      program.add("jellyfin", "ports", port(9000, "0.0.0.0"));
      program.label("jellyfin", "ums.lifted", publishes);
    },
  ],
  "privileged-ports": [
    (program) => {
      program.add("jellyfin", "ports", port(900));
      program.label("jellyfin", "ums.lifted", publishes);
    },
  ],
  "memory-limit": [(program) => program.set("sonarr", { memory: 0, memorySwap: 1 })],
  "swap-limit": [(program) => program.set("sonarr", { memorySwap: 4096 })],
  "cpu-limit": [(program) => program.set("sonarr", { cpuQuota: 0 })],
  "limit-budget": [(program) => program.set("sonarr", { cpuQuota: 900_000 })],
  "health-check": [(program) => program.set("sonarr", { healthcheck: undefined }), ["unwatched-services"]],
  "restart-policy": [(program) => program.set("sonarr", { restart: "no" })],
  "log-rotation": [(program) => program.set("sonarr", { logOpts: {} })],
  "literal-credentials": [(program) => program.add("sonarr", "envs", "DB_PASSWORD=hunter2")],
  "secret-file-mode": [(program) => program.set("grafana_seed", { command: [] })],
  sysctls: [(program) => program.set("sonarr", { sysctls: { "kernel.shmmax": "1" } })],
  "legacy-links": [(program) => program.set("sonarr", { links: ["postgres:db"] })],
  "default-bridge": [
    (program) => program.add("sonarr", "networksAdvanced", { name: "bridge" }),
    ["link-declared"],
  ],
  "foreign-segment": [(program) => program.add("sonarr", "networksAdvanced", { name: "prod-data" })],
  "segment-isolation": [(program) => Object.assign(program.inputs("media-network"), { options: {} })],
  "link-internal": [
    (program) => Object.assign(program.inputs("sonarr_to_postgres-network"), { internal: false }),
  ],
  "link-members": [
    (program) => program.add("radarr", "networksAdvanced", { name: "prod-sonarr_to_postgres" }),
  ],
  "link-declared": [
    (program) => {
      Object.assign(program.inputs("sonarr_to_postgres-network"), {
        labels: [
          { label: "ums.consumer", value: "radarr" },
          { label: "ums.provider", value: "postgres" },
        ],
      });
    },
  ],
  "bound-volumes": [
    (program) =>
      Object.assign(program.inputs("sonarr_config-volume"), {
        driverOpts: { type: "none", o: "bind", device: "/etc/sonarr" },
      }),
  ],
  "shared-namespaces": [
    (program) =>
      program.set("sonarr", {
        networkMode: "container:radarr-container-0123456789abcdef",
      }),
  ],
  "closed-segments": [(program) => program.add("postgres", "networksAdvanced", { name: "prod-egress" })],
  "download-clients": [(program) => program.set("qbittorrent", { networkMode: "none" }), ["link-declared"]],
  "overlapping-subnets": [
    (program) =>
      Object.assign(program.inputs("media-network"), { ipamConfigs: [{ subnet: "10.10.3.128/25" }] }),
  ],
  "unique-host-ports": [
    (program) => program.add("traefik", "ports", { ...port(80, "0.0.0.0"), external: 80 }),
  ],
  "unique-addresses": [
    (program) => {
      const [first] = program.inputs("radarr-container").networksAdvanced as unknown as {
        ipv4Address: string;
      }[];
      const [mine] = program.inputs("sonarr-container").networksAdvanced as unknown as {
        ipv4Address: string;
      }[];
      if (first && mine) mine.ipv4Address = first.ipv4Address;
    },
  ],
  "unique-names": [(program) => program.set("sonarr", { name: "prod-radarr" })],
  "unique-subdomains": [
    (program) => program.label("sonarr", "ums.route", '{"subdomain":"radarr","access":"admin"}'),
  ],
  "route-access": [
    (program) => program.label("sonarr", "ums.route", '{"subdomain":"sonarr","access":"public"}'),
  ],
  "config-writers": [
    (program) =>
      program.add("radarr", "mounts", {
        type: "volume",
        source: "prod-sonarr_config",
        target: "/x",
        readOnly: false,
      }),
  ],
  "protected-data": [
    (program) => {
      program.resource("sonarr_config-volume").protect = false;
    },
  ],
  "host-budget": [
    ({ resources }) => {
      for (const { inputs } of resources)
        if (inputs.memory === 1024) Object.assign(inputs, { memory: 16_384 });
    },
  ],
  "gpu-sharing": [
    (program) => {
      for (const name of ["jellyfin", "immich", "sonarr", "radarr", "lidarr", "bazarr"])
        program.set(name, { devices: [{ hostPath: "/dev/dri" }] });
    },
  ],
  "retired-images": [(program) => program.label("sonarr", "ums.lifecycle", '{"status":"retired"}')],
  "metrics-reach": [(program) => program.label("kavita", "ums.metrics", '{"port":9100}')],
  "unwatched-services": [
    ({ resources }) => {
      resources.push(
        otherContainer(
          "unwatched",
          { networkMode: "none", networksAdvanced: [] },
          { "ums.metrics": undefined },
        ),
      );
    },
  ],
  exceptions: [(program) => program.label("sonarr", "ums.exceptions", exception("privileged"))],
  "unused-exceptions": [
    (program) => program.label("sonarr", "ums.exceptions", exception("privileged", "no need")),
  ],
};

/** Policies with a violation that the intact program does not have. */
function failing(resources: readonly RegisteredResource[]): string[] {
  const known = new Set(evaluate(intact).violations.map(({ message, policy }) => `${policy} ${message}`));
  const found = evaluate(resources).violations.filter(
    ({ message, policy }) => !known.has(`${policy} ${message}`),
  );
  return [...new Set(found.map(({ policy }) => policy))].sort();
}

/** Further ways, for policies that something real went past. */
const further: [policy: string, how: string, break_: (program: Program) => void, companions?: string[]][] = [
  [
    "engine-socket",
    "by the folder it is in",
    (program) => program.add("sonarr", "mounts", bind("/run")),
    ["sensitive-paths"],
  ],
  [
    "engine-socket",
    "where what hides it from who reads the whole host is gone",
    (program) => program.set("node-exporter", { tmpfs: {} }),
  ],
  [
    "sensitive-paths",
    "by the folder that holds it",
    (program) => program.add("sonarr", "mounts", bind("/var/lib", { readOnly: false })),
  ],
  [
    "download-clients",
    "that says it is another service",
    (program) => {
      program.set("qbittorrent", {
        networkMode: "bridge",
        networksAdvanced: [{ name: "prod-media" }, { name: "prod-egress" }],
      });
      program.label("qbittorrent", "ums.segment", "media");
      program.label("qbittorrent", "ums.category", "content");
    },
    ["link-declared"],
  ],
  [
    "download-clients",
    "under another name and image",
    (program) => {
      program.set("qbittorrent", {
        image: `${image}:v1@${digest}`,
        networkMode: "bridge",
        networksAdvanced: [{ name: "prod-media" }],
      });
      program.label("qbittorrent", "ums.service", "torrents");
      program.label("qbittorrent", "ums.segment", "media");
    },
    // It has no metrics under its new name either.
    ["link-declared", "unwatched-services"],
  ],
  [
    "shared-namespaces",
    "with the VPN, by another service",
    (program) =>
      program.set("sonarr", { networkMode: String(program.inputs("qbittorrent-container").networkMode) }),
  ],
  [
    "closed-segments",
    "by the segment's own network",
    (program) => Object.assign(program.inputs("data-network"), { internal: false }),
  ],
  [
    "literal-credentials",
    "in a health check",
    (program) =>
      program.set("redis", { healthcheck: { tests: ["CMD-SHELL", "REDISCLI_AUTH=hunter2 redis-cli ping"] } }),
  ],
  [
    "literal-credentials",
    "in a script",
    (program) => program.set("sonarr", { command: ["sh", "-c", "export DB_PASSWORD=hunter2; exec serve"] }),
  ],
  [
    "metrics-reach",
    "by taking the collector off the link",
    (program) => program.leave("prometheus", "prod-prometheus_to_loki"),
  ],
  [
    "unwatched-services",
    "by turning the image's own probe off",
    (program) => program.set("sonarr", { healthcheck: { tests: ["NONE"] } }),
    ["health-check"],
  ],
];

it("has a mutation for every policy", () => {
  expect(Object.keys(mutations).sort()).toEqual(policies.map(({ name }) => name).sort());
});

describe("breaking the real program in one way", () => {
  it.each(Object.entries(mutations))("fails %s", (policy, [breakIt, companions = []]) => {
    const program = new Program(structuredClone(intact));
    breakIt(program);
    expect(failing(program.resources)).toEqual([policy, ...companions].sort());
  });

  it.each(further)("fails %s %s", (policy, _, breakIt, companions = []) => {
    const program = new Program(structuredClone(intact));
    breakIt(program);
    expect(failing(program.resources)).toEqual([policy, ...companions].sort());
  });

  it("fails nothing when what is added is no container", () => {
    const stray = resource("volume", "stray", { name: "stray", privileged: true });
    expect(failing([...intact, stray])).toEqual([]);
  });
});
