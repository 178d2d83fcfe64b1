import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gpuArguments } from "../../components/gpu/gpuDevice.ts";
import { liftedDefaults, showLift, stackOutputs } from "../../components/outputs.ts";
import { containerArguments, goDuration } from "../../components/service/container.ts";
import { planSeeding } from "../../components/storage/seeding.ts";
import { link, type PlatformInput, platform, service } from "../fixtures/platforms.ts";
import { digest, linkTo, listensOn, type RecordFields } from "../fixtures/records.ts";
import { declared, resource, stackOf } from "./fixtures.ts";

type Lifted = NonNullable<RecordFields["lifted"]>;

/** Container arguments of a service that has the given record, in a stack with real images. */
function argumentsOf(fields: RecordFields, config: PlatformInput["config"] = {}) {
  const of = platform({ app: fields }, { config: { images: "real", ...config } });
  const app = service(of, "app");
  return containerArguments(app, { stack: "test", links: [], seeding: planSeeding("test", app) });
}

const lifting = (...lifted: Lifted) => argumentsOf({ lifted });

describe("a container whose record says nothing of privileges", () => {
  it("has none, and limits on all it uses", () => {
    expect(argumentsOf({ limits: { memory: 256, cpus: 1.5 }, user: { uid: 472, gid: 0 } })).toEqual({
      name: "test-app",
      image: `docker.io/library/none:1.0.0@${digest}`,
      user: "472:0",
      readOnly: true,
      init: false,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 256,
      memorySwap: 256,
      cpuPeriod: 100_000,
      cpuQuota: 150_000,
      restart: "unless-stopped",
      logDriver: "json-file",
      logOpts: { "max-file": "3", "max-size": "10m" },
      stopTimeout: 10,
      destroyGraceSeconds: 10,
      mounts: [],
      tmpfs: {},
      networksAdvanced: [{ name: "test-media", ipv4Address: "10.10.1.10", aliases: [] }],
      healthcheck: { tests: ["CMD", "true"], interval: "15s", timeout: "5s", startPeriod: "30s", retries: 5 },
    });
  });
});

describe("a lifted default", () => {
  const strict = argumentsOf({});

  /** Arguments that a lift changes. */
  function changed(lifted: Lifted, fields: RecordFields = {}): Record<string, unknown> {
    const without = argumentsOf(fields);
    const lift = Object.entries(argumentsOf({ ...fields, lifted }));
    return Object.fromEntries(
      lift.filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(without[key as never])),
    );
  }

  it("of capabilities adds just those, sorted", () => {
    const lifted: Lifted = [
      { privilege: "capability", value: "NET_RAW", reason: "pings" },
      { privilege: "capability", value: "CHOWN", reason: "gives files away" },
    ];
    expect(changed(lifted)).toEqual({ capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN", "CAP_NET_RAW"] } });
  });

  it("of the read-only root makes it writable and nothing else", () => {
    expect(changed([{ privilege: "writable-root", reason: "writes beside its program" }])).toEqual({
      readOnly: false,
    });
  });

  it("of new privileges allows them and nothing else", () => {
    expect(changed([{ privilege: "new-privileges", reason: "has a setuid helper" }])).toEqual({
      securityOpts: [],
    });
  });

  it("of the root user changes nothing by itself: the record's user does", () => {
    const lifted: Lifted = [{ privilege: "root-user", reason: "must be root" }];
    expect(changed(lifted)).toEqual({});
    expect(argumentsOf({ user: { uid: 0, gid: 0 }, lifted })).toEqual({ ...strict, user: "0:0" });
  });

  it("of kernel settings sets them, with all that follows the first =", () => {
    const lifted: Lifted = [
      { privilege: "sysctl", value: "net.ipv4.ip_forward=1", reason: "routes" },
      { privilege: "sysctl", value: "kernel.domainname=a=b", reason: "odd" },
    ];
    expect(changed(lifted)).toEqual({
      sysctls: { "net.ipv4.ip_forward": "1", "kernel.domainname": "a=b" },
    });
  });

  it("of devices gives them under their own names", () => {
    expect(changed([{ privilege: "device", value: "/dev/net/tun", reason: "the tunnel" }])).toEqual({
      devices: [{ hostPath: "/dev/net/tun", containerPath: "/dev/net/tun", permissions: "rwm" }],
    });
  });

  it("of host mounts binds them, read-only unless the record says write", () => {
    const lifted: Lifted = [
      { privilege: "host-mount", value: "/var/run/docker.sock", path: "/sock", reason: "talks to Docker" },
      { privilege: "host-mount", value: "/srv", path: "/host", access: "write", reason: "writes there" },
    ];
    expect(changed(lifted)).toEqual({
      mounts: [
        { type: "bind", source: "/srv", target: "/host", readOnly: false },
        { type: "bind", source: "/var/run/docker.sock", target: "/sock", readOnly: true },
      ],
    });
  });

  it("of one tmpfs lets programs start from that one alone", () => {
    const tmpfs = [
      { path: "/run", size: 16 },
      { path: "/tmp", size: 8 },
    ];
    const user = { uid: 0, gid: 0, drops: { uid: 1000, gid: 1001 } };
    const lifted: Lifted = [
      { privilege: "root-user", reason: "starts as root" },
      { privilege: "tmpfs-exec", value: "/run", reason: "starts its scripts there" },
    ];
    expect(argumentsOf({ tmpfs, user, lifted }).tmpfs).toEqual({
      "/run": "rw,nosuid,nodev,exec,size=16m,mode=0770,uid=1000,gid=1001",
      "/tmp": "rw,nosuid,nodev,noexec,size=8m,mode=0770,uid=1000,gid=1001",
    });
  });

  it("is not missed beside others", () => {
    const all = lifting(
      { privilege: "writable-root", reason: "writes" },
      { privilege: "new-privileges", reason: "setuid" },
      { privilege: "capability", value: "KILL", reason: "kills" },
    );
    expect(all).toEqual({
      ...strict,
      readOnly: false,
      securityOpts: [],
      capabilities: { drops: ["ALL"], adds: ["CAP_KILL"] },
    });
  });
});

describe("a container", () => {
  it("mounts data, seeded files and host folders, sorted by place", () => {
    const { mounts } = argumentsOf({
      volumes: [
        { name: "media", class: "media", path: "/media", access: "read", shared: true },
        { name: "config", class: "config", path: "/config", access: "write" },
        {
          name: "lib",
          class: "config",
          path: "/lib",
          access: "write",
          copyImageContent: "it starts from it",
        },
      ],
      files: [{ path: "/etc/app/app.conf", content: "text" }],
      secrets: [{ name: "key", generate: "hex", file: "/run/secrets/key" }],
    });
    expect(mounts).toEqual([
      {
        type: "volume",
        source: "test-app_config",
        target: "/config",
        readOnly: false,
        volumeOptions: { noCopy: true },
      },
      { type: "volume", source: "test-app_files.etc.app", target: "/etc/app", readOnly: true },
      { type: "volume", source: "test-app_lib", target: "/lib", readOnly: false },
      {
        type: "volume",
        source: "test_media",
        target: "/media",
        readOnly: true,
        volumeOptions: { noCopy: true },
      },
      { type: "volume", source: "test-app_files.run.secrets", target: "/run/secrets", readOnly: true },
    ]);
  });

  it("has transcode scratch in memory", () => {
    const { tmpfs, mounts } = argumentsOf({
      volumes: [{ name: "scratch", class: "transcode", path: "/transcode", access: "write", size: 512 }],
    });
    expect(mounts).toEqual([]);
    expect(tmpfs).toEqual({ "/transcode": "rw,nosuid,nodev,noexec,size=512m,mode=0770,uid=1000,gid=1000" });
  });

  it("has no health check where its record has none", () => {
    expect(
      argumentsOf({
        ports: listensOn(80),
        health: { tcp: { port: 80 }, command: null, reason: "it has no program to try with" },
      }),
    ).not.toHaveProperty("healthcheck");
  });

  it("is tried more often while it starts, where the engine can", () => {
    const health = { interval: 60, startInterval: 2 };
    expect(argumentsOf({}, { health }).healthcheck).toMatchObject({ interval: "1m0s", startInterval: "2s" });
  });

  it("stops by its record's signal and grace", () => {
    expect(argumentsOf({ stop: { grace: 60, signal: "SIGINT" } })).toMatchObject({
      stopTimeout: 60,
      destroyGraceSeconds: 60,
      stopSignal: "SIGINT",
    });
  });

  it("publishes on the stack's address, with its offset, sorted by host port", () => {
    const publish = [
      { port: 443, host: 443, reason: "the entrance" },
      { port: 80, host: 80, reason: "sends to the entrance" },
      { port: 443, host: 443, protocol: "udp" as const, reason: "HTTP/3" },
    ];
    const ports = [{ port: 443, protocol: "udp" as const, purpose: "HTTP/3" }, ...listensOn(80, 443)];
    const config = { publish: { address: "127.0.0.1", offset: 10_000 } };
    expect(argumentsOf({ segment: "dmz", ports, publish }, config).ports).toEqual([
      { internal: 80, external: 10080, ip: "127.0.0.1", protocol: "tcp" },
      { internal: 443, external: 10443, ip: "127.0.0.1", protocol: "tcp" },
      { internal: 443, external: 10443, ip: "127.0.0.1", protocol: "udp" },
    ]);
  });

  it("is on its segments and its links, sorted, and called by name where it provides", () => {
    const of = platform({
      app: { ports: listensOn(80), egress: { reason: "asks" }, links: [linkTo("store", 5432)] },
      store: { ports: listensOn(5432), segment: "data" },
      viewer: { links: [linkTo("app")] },
    });
    const links = [link(of, "app", "store"), link(of, "viewer", "app")];
    const { networksAdvanced } = containerArguments(service(of, "app"), {
      stack: "test",
      links,
      seeding: undefined,
    });
    expect(networksAdvanced).toEqual([
      { name: "test-app_to_store", ipv4Address: links[0]?.consumerAddress, aliases: [] },
      { name: "test-egress", ipv4Address: "10.10.8.10", aliases: [] },
      { name: "test-media", ipv4Address: "10.10.1.10", aliases: [] },
      { name: "test-viewer_to_app", ipv4Address: links[1]?.providerAddress, aliases: ["app"] },
    ]);
  });

  it("answers on the links of the clients in its network, by their names", () => {
    const of = platform({
      tunnel: { segment: "downloads", roles: ["vpn"], egress: { reason: "the way out" } },
      client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
      app: { links: [linkTo("client", 8080)] },
    });
    const ends = [link(of, "app", "client")];
    const context = { stack: "test", links: ends, seeding: undefined };
    expect(containerArguments(service(of, "tunnel"), context).networksAdvanced).toContainEqual({
      name: "test-app_to_client",
      ipv4Address: ends[0]?.providerAddress,
      aliases: ["client"],
    });
    expect(containerArguments(service(of, "client"), context)).not.toHaveProperty("networksAdvanced");
  });

  it("gets an NVIDIA card by a device request, and others as devices with their group", () => {
    const gpu: RecordFields["gpu"] = { purpose: "draws", vendors: ["nvidia", "amd"], fallback: "software" };
    const lifted: Lifted = [{ privilege: "device", value: "/dev/snd", reason: "plays" }];
    const nvidia = argumentsOf({ gpu, lifted }, { gpu: { vendor: "nvidia" } });
    expect(nvidia.deviceRequests).toEqual([
      { driver: "nvidia", count: -1, capabilities: ["compute", "gpu", "utility", "video"] },
    ]);
    expect(nvidia.devices?.map(({ hostPath }) => hostPath)).toEqual(["/dev/snd"]);
    const user = { uid: 1000, gid: 1000, groups: [20] };
    const amd = argumentsOf({ gpu, lifted, user }, { gpu: { vendor: "amd", renderGroup: 109 } });
    expect(amd.devices?.map(({ hostPath }) => hostPath)).toEqual(["/dev/snd", "/dev/dri", "/dev/kfd"]);
    expect(amd.groupAdds).toEqual(["20", "109"]);
    expect(amd).not.toHaveProperty("deviceRequests");
  });
});

describe("a duration", () => {
  it.each([
    [0, "0s"],
    [1, "1s"],
    [59, "59s"],
    [60, "1m0s"],
    [90, "1m30s"],
    [600, "10m0s"],
  ])("of %i s is written %s, as Go does", (seconds, text) => expect(goDuration(seconds)).toBe(text));

  it("is read back as it was", () => {
    const secondsIn = (text: string) => {
      const [, minutes = "0", seconds = "0"] = /^(?:(\d+)m)?(\d+)s$/.exec(text) ?? [];
      return Number(minutes) * 60 + Number(seconds);
    };
    fc.assert(fc.property(fc.nat(3599), (seconds) => secondsIn(goDuration(seconds)) === seconds));
  });
});

const device = (path: string) => ({ hostPath: path, containerPath: path, permissions: "rwm" });

describe("a GPU", () => {
  it("of NVIDIA is every card, by the container toolkit", () => {
    expect(gpuArguments({ vendor: "nvidia" })).toEqual({
      deviceRequests: [{ driver: "nvidia", count: -1, capabilities: ["compute", "gpu", "utility", "video"] }],
    });
  });

  it("of Intel is the render nodes and the host's render group", () => {
    expect(gpuArguments({ vendor: "intel", renderGroup: 104 })).toEqual({
      devices: [device("/dev/dri")],
      groupAdds: ["104"],
    });
  });

  it("of AMD is the compute device too", () => {
    expect(gpuArguments({ vendor: "amd", renderGroup: 109 })).toEqual({
      devices: [device("/dev/dri"), device("/dev/kfd")],
      groupAdds: ["109"],
    });
  });

  it("is a resource of the graph, which its service waits for", async () => {
    const program = await declared(
      stackOf(
        { player: { gpu: { purpose: "draws", vendors: ["intel"], fallback: "none" } }, other: {} },
        { config: { images: "real", gpu: { vendor: "intel", renderGroup: 104 } } },
      ),
    );
    const gpus = program.resources.filter(({ type }) => type === "ums:gpu:GpuDevice");
    expect(gpus).toHaveLength(1);
    expect(resource(program, "Container", "player-container")).toMatchObject({
      dependsOn: expect.arrayContaining([{ type: "ums:gpu:GpuDevice", name: gpus[0]?.name }]),
      inputs: { devices: [device("/dev/dri")], groupAdds: ["104"] },
    });
    expect(resource(program, "Container", "other-container").inputs).not.toHaveProperty("devices");
  });
});

const of = platform(
  {
    gate: { segment: "dmz", roles: ["gateway"], ports: listensOn(443) },
    tunnel: { segment: "downloads", roles: ["vpn"], egress: { reason: "the way out" } },
    client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
    app: {
      title: "The app",
      ports: listensOn(80),
      route: { subdomain: "app", port: 80, access: "user" },
      links: [linkTo("client", 8080)],
      volumes: [{ name: "data", class: "config", path: "/data", access: "write" }],
      lifted: [
        { privilege: "capability", value: "NET_RAW", reason: "pings" },
        { privilege: "writable-root", reason: "writes beside its program" },
      ],
      secrets: [{ name: "key", generate: "hex", variable: "KEY", reason: "it reads no file" }],
      lifecycle: { status: "retired" },
    },
  },
  { config: { domain: "media.example.org", publish: { address: "127.0.0.1", offset: 10_000 } } },
);

describe("a stack's outputs", () => {
  const outputs = stackOutputs(of);

  it("say where each service is", () => {
    expect(Object.keys(outputs.services)).toEqual(["app", "client", "gate", "tunnel"]);
    expect(outputs.services.app).toMatchObject({
      title: "The app",
      container: "test-app",
      segment: "media",
      addresses: { media: "10.10.1.13" },
      url: "https://app.media.example.org:10443",
    });
    expect(outputs.services.client).toMatchObject({ through: "tunnel", addresses: {} });
    expect(outputs.services.gate).not.toHaveProperty("url");
  });

  it("list networks with their addresses, and volumes", () => {
    expect(outputs.networks).toEqual({
      "test-dmz": "10.10.4.0/24",
      "test-downloads": "10.10.5.0/24",
      "test-egress": "10.10.8.0/24",
      "test-media": "10.10.1.0/24",
      "test-app_to_client": expect.stringMatching(/^10\.3[23]\.\d+\.\d+\/29$/),
      "test-gate_to_app": expect.stringMatching(/^10\.3[23]\.\d+\.\d+\/29$/),
    });
    expect(outputs.volumes).toEqual(["test-app_data"]);
  });

  it("name every lifted default with its reason, and secrets in variables", () => {
    expect(outputs.lifted).toEqual(liftedDefaults(of));
    expect(outputs.lifted).toEqual([
      { service: "app", privilege: "capability NET_RAW", reason: "pings" },
      { service: "app", privilege: "writable-root", reason: "writes beside its program" },
      { service: "app", privilege: "secret-variable KEY", reason: "it reads no file" },
    ]);
    expect(showLift({ privilege: "root-user", reason: "must" })).toBe("root-user");
  });

  it("pass on warnings", () => {
    expect(outputs.warnings).toEqual([expect.stringContaining("app is retired")]);
  });
});
