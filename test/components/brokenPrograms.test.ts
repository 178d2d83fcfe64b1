import { beforeAll, describe, expect, it } from "vitest";
import type { Platform } from "../../stacks/platform.ts";
import type { ContainerInputs, NetworkInputs } from "../../targets/compose/render.ts";
import { plannedId } from "../../targets/inProcess/provision.ts";
import type { DeclaredProgram, RegisteredResource } from "../../targets/resources.ts";
import { found } from "../fixtures/platforms.ts";
import { linkTo, listensOn } from "../fixtures/records.ts";
import { declared, stackOf } from "./fixtures.ts";
import { guarantees, violations } from "./guarantees.ts";

/**
 * A small stack with one of everything: a gateway, a VPN with a client, a chain of links, data, secret files, a secret
 * variable, and a lifted privilege.
 */
const { platform: resolved, config } = stackOf(
  {
    gate: {
      segment: "dmz",
      roles: ["gateway"],
      ports: listensOn(443),
      publish: [{ port: 443, host: 443, reason: "the entrance" }],
    },
    tunnel: { segment: "downloads", roles: ["vpn"], egress: { reason: "it is the way out" } },
    client: { segment: "downloads", through: "tunnel", ports: listensOn(9000) },
    store: {
      segment: "data",
      ports: listensOn(5432),
      volumes: [{ name: "data", class: "database", path: "/data", access: "write" }],
      secrets: [{ name: "password", generate: "password", file: "/run/secrets/password" }],
    },
    app: {
      segment: "media",
      ports: listensOn(80),
      route: { subdomain: "app", port: 80, access: "user" },
      links: [linkTo("store", 5432), linkTo("client", 9000)],
      secrets: [{ name: "key", generate: "hex", variable: "KEY", reason: "it reads no file" }],
      files: [{ path: "/etc/app/app.conf", content: "plain" }],
      environment: { LEVEL: "info" },
      tmpfs: [{ path: "/tmp", size: 8 }],
    },
    other: {
      segment: "media",
      lifted: [{ privilege: "capability", value: "NET_RAW", reason: "pings" }],
      egress: { reason: "asks the outside" },
    },
  },
  { config: { environment: "production" } },
);
/** Its services run the programs their records name, and the image that writes their files is built here. */
const platform: Platform = { ...resolved, rehearsal: { standin: "ums-standin:test", real: [] } };

let program: DeclaredProgram;
beforeAll(async () => {
  program = await declared({ platform, config });
});

/** A copy to break. */
class Broken {
  readonly program: DeclaredProgram;

  constructor(intact: DeclaredProgram) {
    this.program = structuredClone(intact);
  }

  resource(type: string, name: string): RegisteredResource {
    return found(
      this.program.resources.find(
        (one) => one.type.endsWith(`:${type}`) && (one.inputs.name === name || one.name === name),
      ),
      `${type} ${name}`,
    );
  }

  /** A container by its name in Docker, to change. */
  container(name: string): ContainerInputs & Record<string, unknown> {
    return this.resource("Container", name).inputs as never;
  }

  network(name: string): NetworkInputs {
    return this.resource("Network", name).inputs as never;
  }

  /** Changes a one-shot container, and the label of its service with it. */
  seeder(name: string, service: string, change: (inputs: ContainerInputs) => void): void {
    const seed = this.resource("Container", name);
    change(seed.inputs as never);
    const label = this.container(service).labels.find((one) => one.label === "ums.seed");
    if (label) label.value = plannedId(seed);
  }

  /** Takes a dependency away from a container. */
  forget(container: string, type: string, name: string): void {
    const resource = this.resource("Container", container);
    const before = resource.dependsOn.length;
    resource.dependsOn = resource.dependsOn.filter(
      (one) => !(one.type.endsWith(`:${type}`) && one.name === name),
    );
    expect(resource.dependsOn).toHaveLength(before - 1);
  }

  addNetwork(name: string, members: readonly string[], inputs: Record<string, unknown> = {}): void {
    this.program.resources.push({
      type: "docker:index/network:Network",
      name,
      custom: true,
      inputs: { name, internal: true, labels: [], ipamConfigs: [], ...inputs },
      dependsOn: [],
      protect: false,
      retainOnDelete: false,
    });
    for (const member of members) this.join(member, name);
    for (const member of members)
      this.resource("Container", member).dependsOn.push({ type: "docker:index/network:Network", name });
  }

  join(container: string, network: string): void {
    const inputs = this.container(container);
    inputs.networksAdvanced = [...(inputs.networksAdvanced ?? []), { name: network, aliases: [] }];
  }
}

interface Breach {
  name: string;
  /** The guarantee that sees it. */
  by: keyof typeof guarantees;
  breakIt(broken: Broken): void;
  report: string[];
}

const breaches: Breach[] = [
  {
    name: "a container nobody declared",
    by: "oneContainerEach",
    breakIt: (broken) => {
      const stray = structuredClone(broken.resource("Container", "test-other"));
      stray.inputs = { ...stray.inputs, name: "stray", labels: [] };
      broken.program.resources.push({ ...stray, name: "stray" });
    },
    report: ["stray belongs to no service"],
  },
  {
    name: "a service without its container",
    by: "oneContainerEach",
    breakIt: ({ program }) => {
      program.resources = program.resources.filter(({ inputs }) => inputs.name !== "test-other");
    },
    report: ["other has 0 containers"],
  },
  {
    name: "a root user",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").user = "0:0";
    },
    report: ["test-app runs as root", 'test-app: user is "0:0", not "1000:1000"'],
  },
  {
    name: "an extra capability",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").capabilities = { drops: ["ALL"], adds: ["CAP_SYS_ADMIN"] };
    },
    report: ['test-app: capabilities.adds is ["CAP_SYS_ADMIN"], not []'],
  },
  {
    name: "a lifted capability too many",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-other").capabilities = {
        drops: ["ALL"],
        adds: ["CAP_NET_RAW", "CAP_NET_ADMIN"],
      };
    },
    report: ['test-other: capabilities.adds is ["CAP_NET_ADMIN","CAP_NET_RAW"], not ["CAP_NET_RAW"]'],
  },
  {
    name: "capabilities that are not dropped",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").capabilities = { drops: ["NET_RAW"] };
    },
    report: ['test-app: capabilities.drops is ["NET_RAW"], not ["ALL"]'],
  },
  {
    name: "a writable root",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").readOnly = false;
    },
    report: ["test-app: readOnly is false, not true"],
  },
  {
    name: "new privileges",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").securityOpts = [];
    },
    report: ['test-app: securityOpts is [], not ["no-new-privileges:true"]'],
  },
  {
    name: "the Docker socket",
    by: "leastPrivilege",
    breakIt: (broken) => {
      const socket = "/var/run/docker.sock";
      broken.container("test-app").mounts?.push({ type: "bind", source: socket, target: socket });
    },
    report: [
      'test-app: host mounts is [{"source":"/var/run/docker.sock","target":"/var/run/docker.sock"}], not []',
    ],
  },
  {
    name: "a device",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").devices = [
        { hostPath: "/dev/sda", containerPath: "/dev/sda", permissions: "rwm" },
      ];
    },
    report: ['test-app: devices is ["/dev/sda"], not []'],
  },
  {
    name: "a kernel setting",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").sysctls = { "net.ipv4.ip_forward": "1" };
    },
    report: ['test-app: sysctls is ["net.ipv4.ip_forward=1"], not []'],
  },
  {
    name: "a group",
    by: "leastPrivilege",
    breakIt: (broken) => {
      broken.container("test-app").groupAdds = ["999"];
    },
    report: ['test-app: groupAdds is ["999"], not []'],
  },
  {
    name: "a privileged container",
    by: "nothingUnknown",
    breakIt: (broken) => {
      broken.container("test-app").privileged = true;
    },
    report: ["test-app sets privileged"],
  },
  {
    name: "another service's volume",
    by: "ownVolumes",
    breakIt: (broken) => {
      broken.container("test-app").mounts?.push({ type: "volume", source: "test-store_data", target: "/x" });
      broken.resource("Container", "test-app").dependsOn.push({
        type: "ums:storage:DataVolume",
        name: "store_data",
      });
    },
    report: ["test-app mounts test-store_data at /x to write"],
  },
  {
    name: "files it can write",
    by: "ownVolumes",
    breakIt: (broken) => {
      for (const mount of broken.container("test-app").mounts ?? []) mount.readOnly = false;
    },
    report: ["test-app mounts test-app_files.etc.app at /etc/app to write"],
  },
  {
    name: "a tmpfs that programs start from",
    by: "ownVolumes",
    breakIt: (broken) => {
      broken.container("test-app").tmpfs = { "/tmp": "rw,nosuid,nodev,exec,size=8m" };
    },
    report: [
      'test-app: tmpfs is [["/tmp",["exec","nodev","nosuid","size=8m"]]], not [["/tmp",["nodev","noexec","nosuid","size=8m"]]]',
    ],
  },
  {
    name: "swap",
    by: "bounded",
    breakIt: (broken) => {
      broken.container("test-app").memorySwap = -1;
    },
    report: ["test-app: memorySwap is -1, not 16"],
  },
  {
    name: "all processors",
    by: "bounded",
    breakIt: (broken) => {
      broken.container("test-app").cpuQuota = 0;
    },
    report: ["test-app: processors is 0, not 0.1"],
  },
  {
    name: "a log that grows",
    by: "bounded",
    breakIt: (broken) => {
      broken.container("test-app").logOpts = {};
    },
    report: ["test-app does not rotate its log"],
  },
  {
    name: "a container that stays down",
    by: "bounded",
    breakIt: (broken) => {
      broken.container("test-app").restart = "no";
    },
    report: ['test-app: restart is "no", not "unless-stopped"'],
  },
  {
    name: "a missing health check",
    by: "bounded",
    breakIt: (broken) => {
      delete broken.container("test-app").healthcheck;
    },
    report: ['test-app: healthcheck is undefined, not ["CMD","true"]'],
  },
  {
    name: "a published port",
    by: "publishedPorts",
    breakIt: (broken) => {
      broken.container("test-app").ports = [{ internal: 80, external: 80, ip: "0.0.0.0", protocol: "tcp" }];
    },
    report: ['test-app: ports is [{"internal":80,"external":80,"ip":"0.0.0.0","protocol":"tcp"}], not []'],
  },
  {
    name: "neighbours on a segment",
    by: "quietSegments",
    breakIt: (broken) => {
      broken.network("test-media").options = {
        "com.docker.network.bridge.enable_icc": "true",
        "com.docker.network.bridge.inhibit_ipv4": "true",
      };
    },
    report: [
      'test-media: options is {"com.docker.network.bridge.enable_icc":"true","com.docker.network.bridge.inhibit_ipv4":"true"}, not {"com.docker.network.bridge.enable_icc":"false","com.docker.network.bridge.inhibit_ipv4":"true"}',
    ],
  },
  {
    name: "a host address on an internal segment",
    by: "quietSegments",
    breakIt: (broken) => {
      broken.network("test-media").options = { "com.docker.network.bridge.enable_icc": "false" };
    },
    report: [
      'test-media: options is {"com.docker.network.bridge.enable_icc":"false"}, not {"com.docker.network.bridge.enable_icc":"false","com.docker.network.bridge.inhibit_ipv4":"true"}',
    ],
  },
  {
    name: "a segment that leads out",
    by: "quietSegments",
    breakIt: (broken) => {
      broken.network("test-data").internal = false;
    },
    report: ["test-data: internal is false, not true"],
  },
  {
    name: "a link that leads out",
    by: "privateLinks",
    breakIt: (broken) => {
      broken.network("test-app_to_store").internal = false;
    },
    report: ["test-app_to_store: internal is false, not true"],
  },
  {
    name: "a link in another place",
    by: "privateLinks",
    breakIt: (broken) => {
      broken.network("test-app_to_store").ipamConfigs = [{ subnet: "10.0.0.0/8", gateway: "10.0.0.1" }];
    },
    report: ['test-app_to_store: subnets is ["10.0.0.0/8"], not ["10.32.16.24/29"]'],
  },
  {
    name: "a link with three members",
    by: "privateLinks",
    breakIt: (broken) => {
      broken.join("test-other", "test-app_to_store");
      broken.resource("Container", "test-other").dependsOn.push({
        type: "ums:network:Link",
        name: "app_to_store",
      });
    },
    report: [
      'test-app_to_store: members is ["test-app","test-other","test-store"], not ["test-app","test-store"]',
      "test-other is on test-app_to_store, which its record does not give it",
    ],
  },
  {
    name: "a link with one member",
    by: "privateLinks",
    breakIt: (broken) => {
      const store = broken.container("test-store");
      store.networksAdvanced = (store.networksAdvanced ?? []).filter(
        ({ name }) => name !== "test-app_to_store",
      );
    },
    report: [
      'test-app_to_store: members is ["test-app"], not ["test-app","test-store"]',
      "test-store is not on test-app_to_store",
    ],
  },
  {
    name: "a link that is missing",
    by: "privateLinks",
    breakIt: ({ program }) => {
      program.resources = program.resources.filter(({ inputs }) => inputs.name !== "test-gate_to_app");
    },
    report: [
      "the link gate -> app is missing",
      "test-app is on test-gate_to_app, which its record does not give it",
      "test-app is not on undefined",
      "test-gate is on test-gate_to_app, which its record does not give it",
      "test-gate is not on undefined",
    ],
  },
  {
    name: "a stray network shared by two containers",
    by: "noOtherNetworks",
    breakIt: (broken) => broken.addNetwork("shared", ["test-app", "test-other"]),
    report: [
      "shared is neither a segment nor a declared link",
      "test-app is on shared, which its record does not give it",
      "test-other is on shared, which its record does not give it",
    ],
  },
  {
    name: "a second network for one link",
    by: "noOtherNetworks",
    breakIt: (broken) =>
      broken.addNetwork("again", [], { labels: broken.network("test-app_to_store").labels }),
    report: ["again is neither a segment nor a declared link"],
  },
  {
    name: "a foreign segment",
    by: "declaredNetworks",
    breakIt: (broken) => {
      broken.join("test-app", "test-data");
      broken.resource("Container", "test-app").dependsOn.push({
        type: "ums:network:NetworkSegment",
        name: "data",
      });
    },
    report: ["test-app is on test-data, which its record does not give it"],
  },
  {
    name: "another address",
    by: "declaredNetworks",
    breakIt: (broken) => {
      const end = broken.container("test-app").networksAdvanced?.find(({ name }) => name === "test-media");
      if (end) end.ipv4Address = "10.10.1.99";
    },
    report: ['test-app: address on test-media is "10.10.1.99", not "10.10.1.14"'],
  },
  {
    name: "an alias on a segment",
    by: "declaredNetworks",
    breakIt: (broken) => {
      const end = broken.container("test-store").networksAdvanced?.find(({ name }) => name === "test-data");
      if (end) end.aliases = ["store"];
    },
    report: ['test-store: aliases on test-data is ["store"], not []'],
  },
  {
    name: "an alias on the consumer's end",
    by: "declaredNetworks",
    breakIt: (broken) => {
      const end = broken
        .container("test-app")
        .networksAdvanced?.find(({ name }) => name === "test-app_to_store");
      if (end) end.aliases = ["store"];
    },
    report: ['test-app: aliases on test-app_to_store is ["store"], not []'],
  },
  {
    name: "two ways out",
    by: "oneWayOut",
    breakIt: (broken) => {
      broken.join("test-other", "test-dmz");
      broken.resource("Container", "test-other").dependsOn.push({
        type: "ums:network:NetworkSegment",
        name: "dmz",
      });
    },
    report: [
      "test-other is on test-dmz, which its record does not give it",
      "test-other has 2 ways out: test-egress, test-dmz",
    ],
  },
  {
    name: "a client with its own network",
    by: "sharedNamespaces",
    breakIt: (broken) => {
      broken.container("test-client").networkMode = "bridge";
      broken.join("test-client", "test-media");
      broken.resource("Container", "test-client").dependsOn.push({
        type: "ums:network:NetworkSegment",
        name: "media",
      });
    },
    report: [
      "test-client is on test-media, which its record does not give it",
      expect.stringMatching(
        /^test-client: networkMode is "bridge", not "container:tunnel-container-/,
      ) as never,
      "test-client has networksAdvanced of its own",
    ],
  },
  {
    name: "a client of a container that was replaced",
    by: "sharedNamespaces",
    breakIt: (broken) => {
      broken.container("test-client").networkMode = "container:tunnel-container-0";
    },
    report: [expect.stringContaining('networkMode is "container:tunnel-container-0", not') as never],
  },
  {
    name: "the host's network",
    by: "sharedNamespaces",
    breakIt: (broken) => {
      broken.container("test-app").networkMode = "host";
    },
    report: ['test-app: networkMode is "host", not "bridge"'],
  },
  {
    name: "a container called as a service is",
    by: "namesApart",
    breakIt: (broken) => {
      broken.container("test-other").name = "store";
    },
    report: ["the container store is called as a service is"],
  },
  {
    name: "two containers of one name",
    by: "namesApart",
    breakIt: (broken) => {
      broken.container("test-other").name = "test-gate";
    },
    report: ["two are called test-gate"],
  },
  ...(
    [
      ["test-app", "Service", "store", "test-store"],
      ["test-app", "Service", "client", "test-client"],
      ["test-client", "Service", "tunnel", "test-tunnel"],
      ["test-app", "NetworkSegment", "media", "test-media"],
      ["test-app", "Link", "gate_to_app", "test-gate_to_app"],
      ["test-store", "DataVolume", "store_data", "test-store_data"],
      ["test-gate", "RehearsalImage", "standin", "standin-build"],
    ] as const
  ).map(
    ([container, type, name, lost]): Breach => ({
      name: `${container} without its dependency on ${name}`,
      by: "inOrder",
      breakIt: (broken) => broken.forget(container, type, name),
      report: [`${container} does not wait for ${lost}`],
    }),
  ),
  {
    name: "a service that does not wait for its files",
    by: "inOrder",
    breakIt: (broken) => broken.forget("test-app", "SeededVolume", "app_seed"),
    report: ["test-app does not wait for test-app_files.etc.app", "test-app does not wait for test-app_seed"],
  },
  {
    name: "files written before their data volume is there",
    by: "inOrder",
    breakIt: (broken) => broken.forget("test-store_seed", "DataVolume", "store_data"),
    report: ["test-store_seed does not wait for test-store_data"],
  },
  {
    name: "a label that does not name the files' container",
    by: "carriesSeed",
    breakIt: (broken) => {
      const inputs = broken.container("test-app");
      inputs.labels = inputs.labels.filter(({ label }) => label !== "ums.seed");
    },
    report: [expect.stringContaining("test-app: label ums.seed is undefined, not") as never],
  },
  {
    name: "data that may be deleted",
    by: "keptData",
    breakIt: (broken) => {
      broken.resource("Volume", "test-store_data").protect = false;
    },
    report: ["test-store_data: protect is false, not true"],
  },
  {
    name: "a volume nobody declared",
    by: "keptData",
    breakIt: (broken) => {
      const { inputs, ...volume } = broken.resource("Volume", "test-store_data");
      broken.program.resources.push({ ...volume, name: "x", inputs: { ...inputs, name: "stray" } });
    },
    report: ["nobody declared the volume stray"],
  },
  {
    name: "a one-shot container on a network",
    by: "restrainedSeeders",
    breakIt: (broken) =>
      broken.seeder("test-app_seed", "test-app", (inputs) => {
        inputs.networkMode = "bridge";
      }),
    report: ['test-app_seed: networkMode is "bridge", not "none"'],
  },
  {
    name: "a one-shot container with another service's data",
    by: "restrainedSeeders",
    breakIt: (broken) => {
      broken.seeder("test-app_seed", "test-app", (inputs) => {
        inputs.mounts?.push({ type: "volume", source: "test-store_data", target: "/seed/x" });
      });
      broken.resource("Container", "test-app_seed").dependsOn.push({
        type: "ums:storage:DataVolume",
        name: "store_data",
      });
    },
    report: ["test-app_seed mounts test-store_data"],
  },
  {
    name: "a plaintext secret in a variable",
    by: "declaredVariables",
    breakIt: (broken) => {
      broken.container("test-store").envs?.push("PASSWORD=hunter2");
    },
    report: ["test-store has the variable PASSWORD, which its record does not give it"],
  },
  {
    name: "a variable that is missing",
    by: "declaredVariables",
    breakIt: (broken) => {
      broken.container("test-app").envs = [];
    },
    report: ["test-app lacks the variable KEY", "test-app lacks the variable LEVEL"],
  },
  {
    name: "a secret in a variable whose record keeps it in a file",
    by: "hiddenSecrets",
    breakIt: (broken) => {
      const { content = "" } = broken.container("test-store_seed").uploads?.[0] ?? {};
      broken.container("test-store").envs?.push(`PASSWORD=${content}`);
    },
    report: [
      "test-store has the variable PASSWORD, which its record does not give it",
      "store-container has a secret in envs.0",
    ],
  },
  {
    name: "a secret in a command line",
    by: "hiddenSecrets",
    breakIt: (broken) => {
      const { content = "" } = broken.container("test-store_seed").uploads?.[0] ?? {};
      broken.container("test-store").command = ["--password", content];
    },
    report: ["store-container has a secret in command.1"],
  },
  {
    name: "a secret in a plain file",
    by: "hiddenSecrets",
    breakIt: (broken) => {
      const { content = "" } = broken.container("test-store_seed").uploads?.[0] ?? {};
      broken.seeder("test-app_seed", "test-app", (inputs) => {
        inputs.uploads = [{ file: "/seed/etc/app/app.conf", content: `password=${content}` }];
      });
    },
    report: ["app_seed-container has a secret in uploads.0.content"],
  },
  {
    name: "a secret in the outputs",
    by: "hiddenSecrets",
    breakIt: (broken) => {
      const { content = "" } = broken.container("test-store_seed").uploads?.[0] ?? {};
      broken.program.outputs = { ...broken.program.outputs, password: { of: content } };
    },
    report: ["the output password.of has a secret in it"],
  },
];

describe("the checker", () => {
  it("finds nothing wrong with the program as it is", () => {
    expect(violations(program, platform)).toEqual([]);
  });

  it.each(breaches.map((breach) => [breach.name, breach] as const))(
    "sees %s",
    (_, { by, breakIt, report }) => {
      const broken = new Broken(program);
      breakIt(broken);
      expect(violations(broken.program, platform)).toEqual(report);
      expect(violations(broken.program, platform, [by])).not.toEqual([]);
    },
  );

  it("has been seen to fail on each of its guarantees", () => {
    expect([...new Set(breaches.map(({ by }) => by))].sort()).toEqual(Object.keys(guarantees).sort());
  });

  it("judges against the platform: a volume is not protected in development", () => {
    const development: Platform = { ...platform, environment: "development" };
    expect(violations(program, development)).toEqual(["test-store_data: protect is true, not false"]);
  });
});
