import { describe, expect, it } from "vitest";
import { evaluateWith } from "../../../policies/lib/evaluate.ts";
import { stackPolicies } from "../../../policies/stack/index.ts";
import type { RegisteredResource } from "../../../targets/resources.ts";
import { declared, stackOf } from "../../components/fixtures.ts";
import { found } from "../../fixtures/platforms.ts";
import { inEngine, unknown } from "../engine.ts";
import { container, link, resource, segment, volume } from "../program.ts";

type Build = () => RegisteredResource[];

interface Case {
  bad: [resources: Build, says: RegExp][];
  good: Build[];
  /** With a value that is not known before the update. */
  unknown: Build;
}

const on = (...names: string[]) => ({ networksAdvanced: names.map((name) => ({ name: `test-${name}` })) });
const of = (name: string) => ({ "ums.segment": name });
const media = () => segment("media", "10.0.1.0/24");
const port = (external: number, ip = "127.0.0.1") => ({
  ports: [{ internal: 1, external, ip, protocol: "tcp" }],
});
const route = (subdomain: string, access: string, reason?: string) => ({
  "ums.route": JSON.stringify({ subdomain, access, reason }),
});
const client = (networkMode: string, inputs = {}) =>
  container("torrent", { networkMode, networksAdvanced: undefined, ...inputs }, of("downloads"));
const vpn = () => container("gluetun", on("downloads"), of("downloads"));
const writer = (name: string, readOnly: boolean) =>
  container(name, { mounts: [{ type: "volume", source: "test-config", target: "/config", readOnly }] });
const development = { "ums.environment": "development" };
const gpu = (name: string) => container(name, { devices: [{ hostPath: "/dev/dri" }] });

/** A volume with options of a driver; Docker's own without its name. */
const bound = (driverOpts: Record<string, unknown>, driver?: string) => () => {
  const { inputs } = volume("data", "config");
  return [resource("volume", "data-volume", { ...inputs, ...(driver ? { driver } : {}), driverOpts }, true)];
};
const elsewhere = { networkMode: "none", networksAdvanced: [] };
const folder = (device: string) => bound({ type: "none", o: "bind", device });
const inVpn = "container:gluetun-container-0123456789abcdef";

const cases: Record<string, Case> = {
  "bound-volumes": {
    bad: [
      [folder("/etc"), /^test-data: the volume test-data is \/etc of the host/],
      [folder("/etc/ssl/data"), /\/etc\/ssl\/data of the host/],
      [folder("/srv/../root"), /is \/root of the host/],
      [folder("/var"), /is \/var of the host, which holds \/var\/lib\/docker/],
      [folder("/run"), /is \/run of the host/],
      [folder("/"), /is \/ of the host/],
      [folder("etc"), /is \/etc of the host/],
      [folder("//etc"), /is \/etc of the host/],
      [folder("/srv/docker.sock"), /is \/srv\/docker\.sock/],
      [bound({ type: "cifs", o: "ro,rbind", device: "//etc" }), /is \/etc of the host/],
      [bound({ type: "ext4", device: "/dev/sda1" }), /is \/dev\/sda1 of the host/],
      [bound({ type: "overlay", o: "lowerdir=/etc", device: "overlay" }), /is the file system overlay/],
      [bound({ type: "proc", device: "proc" }), /is the file system proc/],
      [bound({ mountpoint: "/etc" }, "local-persist"), /is \/etc of the host/],
    ],
    good: [
      folder("/srv/media/data"),
      folder("/var/log/data"),
      bound({ type: "nfs", o: "addr=nas,nfsvers=4", device: ":/etc" }),
      bound({ type: "cifs", o: "addr=nas", device: "//nas/etc" }),
      bound({ type: "tmpfs", o: "size=1m", device: "tmpfs" }),
      () => [volume("data", "config")],
    ],
    unknown: folder(unknown),
  },
  "shared-namespaces": {
    bad: [
      [
        () => [
          container("sonarr"),
          container("app", { networkMode: `container:sonarr-container-${"0".repeat(16)}` }),
        ],
        /^app: it is in the network namespace of sonarr-container/,
      ],
      [() => [container("app", { networkMode: "container:of-another-project" })], /of of-another-project/],
      [() => [vpn(), container("app", { networkMode: inVpn })], /namespace of gluetun-container/],
      [
        () => [vpn(), client(`container:sonarr-container-${"0".repeat(16)}`)],
        /^torrent: .* namespace of sonarr-container/,
      ],
    ],
    good: [() => [vpn(), client(inVpn)], () => [container("app", { networkMode: "none" })]],
    unknown: () => [container("app", { image: unknown })],
  },
  "default-bridge": {
    bad: [
      [() => [container("app", { networksAdvanced: undefined })], /^app: .* default bridge/],
      [() => [container("app", { networkMode: undefined, networksAdvanced: [] })], /default bridge/],
      [() => [container("app", { networksAdvanced: [{ name: "bridge" }] })], /default bridge/],
    ],
    good: [() => [container("app")], () => [container("app", { networkMode: "none", networksAdvanced: [] })]],
    unknown: () => [container("app", { networksAdvanced: [{ name: unknown }] })],
  },
  "foreign-segment": {
    bad: [
      [
        () => [media(), segment("data", "10.0.2.0/24"), container("app", on("media", "data"))],
        /"media" and is on data/,
      ],
    ],
    good: [() => [media(), segment("egress", "10.0.2.0/24", false), container("app", on("media", "egress"))]],
    unknown: () => [media(), container("app", { networksAdvanced: [{ name: unknown }] })],
  },
  "segment-isolation": {
    bad: [[() => [resource("network", "media", { ...media().inputs, options: {} })], /communication is on/]],
    good: [() => [media(), link("a", "b", "10.1.0.0/29")]],
    unknown: () => [resource("network", "media", { ...media().inputs, options: unknown })],
  },
  "link-internal": {
    bad: [
      [
        () => [link("a", "b", "10.1.0.0/29", { internal: false })],
        /^a: the network test-a_to_b is not internal/,
      ],
    ],
    good: [() => [link("a", "b", "10.1.0.0/29"), segment("egress", "10.0.2.0/24", false)]],
    unknown: () => [link("a", "b", "10.1.0.0/29", { internal: unknown })],
  },
  "link-members": {
    bad: [
      [
        () => [
          link("a", "b", "10.1.0.0/29"),
          ...["a", "b", "c"].map((name) => container(name, on("a_to_b"))),
        ],
        /members a, b, c/,
      ],
    ],
    good: [() => [link("a", "b", "10.1.0.0/29"), ...["a", "b"].map((name) => container(name, on("a_to_b")))]],
    unknown: () => [container("app", { networksAdvanced: [{ name: unknown }] })],
  },
  "link-declared": {
    bad: [
      [() => [link("a", "b", "10.1.0.0/29"), container("c", on("a_to_b"))], /^c: .*the link of a and b/],
      [() => [container("c", on("strange"))], /no segment and no link/],
    ],
    good: [
      () => [link("a", "b", "10.1.0.0/29"), container("a", on("a_to_b"))],
      () => [
        link("a", "torrent", "10.1.0.0/29"),
        client("container:gluetun-container-0123456789abcdef"),
        container("gluetun", on("a_to_torrent"), of("downloads")),
      ],
    ],
    unknown: () => [container("app", { networksAdvanced: [{ name: unknown }] })],
  },
  "closed-segments": {
    bad: [
      [
        () => [segment("egress", "10.0.2.0/24", false), container("db", on("egress"), of("data"))],
        /in data and has a way out by test-egress/,
      ],
      [() => [container("db", port(5432), of("data"))], /in data and publishes 1\/tcp/],
      [() => [segment("data", "10.0.2.0/24", false)], /the network test-data of data is not internal/],
      [
        () => [segment("admin", "10.0.2.0/24", false), container("app", on("admin"), of("admin"))],
        /the network test-admin of admin/,
      ],
    ],
    good: [
      () => [segment("egress", "10.0.2.0/24", false), container("app", { ...on("egress"), ...port(5432) })],
      () => [segment("data", "10.0.2.0/24"), container("db", on("data"), of("data"))],
      () => [segment("dmz", "10.0.2.0/24", false), container("app", on("dmz"), of("dmz"))],
    ],
    unknown: () => [container("db", { ports: [{ internal: 1, external: unknown }] }, of("data"))],
  },
  "download-clients": {
    bad: [
      [
        () => [vpn(), container("torrent", { networkMode: "none", networksAdvanced: [] }, of("downloads"))],
        /^torrent: networkMode is not the VPN's/,
      ],
      [() => [vpn(), client("container:app-container-0123456789abcdef")], /not the VPN's/],
      [
        () => [vpn(), client("container:gluetun-container-0123456789abcdef", on("media"))],
        /on the network test-media/,
      ],
      [() => [vpn(), client("container:gluetun-container-0123456789abcdef", port(80))], /publishes 1/],
      // Whatever segment it says it is in: its name, its image and its category say what it is.
      [() => [vpn(), container("qbittorrent", elsewhere)], /^qbittorrent: networkMode is not/],
      [
        () => [vpn(), container("app", { ...elsewhere, image: "lscr.io/linuxserver/qbittorrent:5" })],
        /^app: networkMode is not/,
      ],
      [
        () => [vpn(), container("app", elsewhere, { "ums.category": "downloads" })],
        /^app: networkMode is not/,
      ],
      [() => [container("gluetun", { ...elsewhere, image: "lscr.io/linuxserver/sabnzbd:5" })], /^gluetun: /],
    ],
    good: [
      () => [vpn(), client("container:gluetun-container-0123456789abcdef")],
      () => [vpn(), container("app", elsewhere, { "ums.category": "content" })],
      () => [container("gluetun", on("downloads"), { ...of("downloads"), "ums.category": "downloads" })],
    ],
    unknown: () => [vpn(), client("none", { networkMode: unknown, ports: [{ internal: unknown }] })],
  },
  "overlapping-subnets": {
    bad: [
      [
        () => [media(), segment("data", "10.0.1.128/25")],
        /10\.0\.1\.128\/25 of test-data overlaps 10\.0\.1\.0\/24/,
      ],
      [
        () =>
          [segment("all", "10.0.0.0/8"), media(), link("a", "b", "10.9.0.0/29")]
            .slice(1)
            .concat(segment("wide", "10.0.0.0/16")),
        /overlaps/,
      ],
    ],
    good: [() => [media(), segment("data", "10.0.2.0/24")]],
    unknown: () => [resource("network", "media", { ...media().inputs, ipamConfigs: [{ subnet: unknown }] })],
  },
  "unique-host-ports": {
    bad: [
      [() => [container("a", port(80)), container("b", port(80))], /^b: a has the host port 80\/tcp too/],
      [() => [container("a", port(80, "0.0.0.0")), container("b", port(80))], /^b: a/],
    ],
    good: [() => [container("a", port(80)), container("b", port(80, "10.0.0.1"))]],
    unknown: () => [container("a", { ports: [{ external: unknown }] })],
  },
  "unique-addresses": {
    bad: [
      [
        () =>
          ["a", "b"].map((name) =>
            container(name, { networksAdvanced: [{ name: "x", ipv4Address: "10.0.0.2" }] }),
          ),
        /^b: a has the address 10\.0\.0\.2 too/,
      ],
    ],
    good: [() => [container("a"), container("b")]],
    unknown: () => [container("a", { networksAdvanced: [{ name: "x", ipv4Address: unknown }] })],
  },
  "unique-names": {
    bad: [
      [() => [container("a"), container("b", { name: "test-a" })], /a-container is called test-a too/],
      [
        () => [volume("x", "config"), resource("volume", "y", { name: "test-x" })],
        /x-volume is called test-x too/,
      ],
    ],
    good: [() => [container("a"), volume("a", "config"), segment("a", "10.0.1.0/24")]],
    unknown: () => [container("a", { name: unknown })],
  },
  "unique-subdomains": {
    bad: [
      [
        () => ["a", "b"].map((name) => container(name, {}, route("tv", "user"))),
        /^b: a has the subdomain tv too/,
      ],
    ],
    good: [() => [container("a", {}, route("a", "user")), container("b")]],
    unknown: () => [container("a", { labels: unknown, memory: 0, cpuQuota: 0 })],
  },
  "route-access": {
    bad: [
      [() => [container("a", {}, route("tv", "public"))], /route tv has access "public" and no reason/],
      [() => [container("a", {}, route("tv", "all", "why not"))], /access "all"/],
    ],
    good: [
      () => [
        container("a", {}, route("tv", "public", "it signs in itself")),
        container("b", {}, route("b", "admin")),
      ],
    ],
    unknown: () => [container("a", { labels: unknown, memory: 0, cpuQuota: 0 })],
  },
  "config-writers": {
    bad: [
      [
        () => [volume("config", "config"), writer("a", false), writer("b", false)],
        /^b: it writes to test-config, as a does/,
      ],
    ],
    good: [
      () => [volume("config", "config"), writer("a", false), writer("b", true)],
      () => [volume("config", "media"), writer("a", false), writer("b", false)],
    ],
    unknown: () => [container("a", { mounts: [{ type: "volume", source: unknown }] })],
  },
  "protected-data": {
    bad: [
      [() => [volume("db", "database", false)], /the database volume test-db is not protected/],
      [
        () => [volume("db", "config", false), container("a", {}, development), container("b")],
        /config volume/,
      ],
    ],
    good: [
      () => [volume("db", "database"), volume("tmp", "cache", false)],
      () => [volume("db", "database", false), container("a", {}, development)],
    ],
    unknown: () => [resource("volume", "db", { labels: unknown, memory: 0, cpuQuota: 0 })],
  },
  "host-budget": {
    bad: [
      [
        () => [container("a", { memory: 100_000 }), container("b", { memory: 40_000 })],
        /^a: the memory limits .* 140000 MiB, .* 131072 MiB/,
      ],
      [() => [container("a", { cpuQuota: 12_900_000 })], /processor limits .* 129/],
    ],
    good: [() => [container("a"), container("b")]],
    unknown: () => [container("a", { memory: unknown })],
  },
  "gpu-sharing": {
    bad: [[() => ["a", "b", "c", "d", "e", "f"].map(gpu), /^f: 6 services use the GPU, 5 may/]],
    good: [() => ["a", "b", "c", "d", "e"].map(gpu)],
    unknown: () => [container("a", { devices: unknown })],
  },
  "retired-images": {
    bad: [
      [() => [container("a", { image: "ghcr.io/x/promtail:3" })], /promtail:3 is retired/],
      [
        () => [container("a", {}, { "ums.lifecycle": '{"status":"retired","successor":"b"}' })],
        /its successor is b/,
      ],
    ],
    good: [() => [container("a", {}, { "ums.lifecycle": '{"status":"active"}' })]],
    unknown: () => [container("a", { image: unknown })],
  },
  "metrics-reach": {
    bad: [
      [() => [container("a", {}, { "ums.metrics": '{"port":9100}' })], /no collector .* port 9100/],
      // A link's network that one of the two is not on leads nowhere.
      ...[["prometheus"], ["a"], []].map((members): Case["bad"][number] => [
        () => [
          link("prometheus", "a", "10.1.0.0/29"),
          ...["prometheus", "a"].map((name) =>
            container(name, members.includes(name) ? on("prometheus_to_a") : {}),
          ),
        ],
        /^a: no collector .* port 9000/,
      ]),
    ],
    good: [
      () => [
        link("prometheus", "a", "10.1.0.0/29"),
        ...["prometheus", "a"].map((name) => container(name, on("prometheus_to_a"))),
      ],
      () => [container("prometheus")],
      () => [
        link("prometheus", "torrent", "10.1.0.0/29"),
        client(inVpn),
        container("gluetun", on("prometheus_to_torrent"), { "ums.metrics": undefined }),
        container("prometheus", on("prometheus_to_torrent")),
      ],
    ],
    unknown: () => [container("a", { labels: unknown, memory: 0, cpuQuota: 0 })],
  },
  "unwatched-services": {
    bad: [
      [() => [container("a", { healthcheck: undefined })], /it has no health check/],
      [() => [container("a", { healthcheck: { tests: ["NONE"] } })], /it has no health check/],
      [() => [container("a", { healthcheck: { tests: [] } })], /it has no health check/],
      [
        () => [
          link("a-exporter", "a", "10.1.0.0/29"),
          container("a", on("a-exporter_to_a"), { "ums.metrics": undefined }),
          container("a-exporter"),
        ],
        /^a: it has no metrics/,
      ],
    ],
    good: [
      () => [container("a")],
      () => [
        link("a-exporter", "a", "10.1.0.0/29"),
        container("a", on("a-exporter_to_a"), { "ums.metrics": undefined }),
        container("a-exporter", on("a-exporter_to_a")),
      ],
    ],
    unknown: () => [container("a", { healthcheck: unknown })],
  },
};

it("refuses, where it is told, a volume that goes with its resource", () => {
  const policy = stackPolicies.filter(({ name }) => name === "protected-data");
  const of = (retainOnDelete: boolean) =>
    evaluateWith(policy, [{ ...volume("db", "database"), retainOnDelete }]).violations.map(
      ({ problem }) => problem,
    );
  expect(of(true)).toEqual([]);
  expect(of(false)).toEqual(["the database volume test-db is not kept on deletion"]);
});

it("refuses a stack whose config keeps volumes in a folder of the system", async () => {
  const policy = stackPolicies.filter(({ name }) => name === "bound-volumes");
  const problems = async (storage: object) => {
    const records = {
      alpha: { volumes: [{ name: "config", class: "config", path: "/config", access: "write" } as const] },
    };
    const { resources } = await declared(stackOf(records, { config: { storage } }));
    return evaluateWith(policy, resources).violations.map(({ service, problem }) => `${service}: ${problem}`);
  };
  expect(await problems({ config: { kind: "bind", path: "/etc" } })).toEqual([
    "alpha: the volume test-alpha_config is /etc/alpha_config of the host",
  ]);
  expect(await problems({ config: { kind: "bind", path: "/srv" } })).toEqual([]);
});

it("has cases for every policy over the stack", () => {
  expect(Object.keys(cases).sort()).toEqual(stackPolicies.map(({ name }) => name).sort());
});

describe.each(Object.entries(cases))("%s", (name, { bad, good, unknown: withUnknown }) => {
  const policy = found(
    stackPolicies.find((one) => one.name === name),
    name,
  );
  const messagesOf = (resources: readonly RegisteredResource[]) =>
    evaluateWith([policy], resources).violations.map(({ message }) => message);

  it.each(bad)("refuses %s", (build, says) => {
    const messages = messagesOf(build());
    expect(messages).toEqual([expect.stringMatching(says)]);
    expect(inEngine(policy, build()).messages).toEqual(messages);
  });

  it.each(good)("lets %s pass", (build) => {
    expect(messagesOf(build())).toEqual([]);
    expect(inEngine(policy, build())).toEqual({ messages: [], undecided: undefined });
  });

  it("leaves resources of other types alone", () => {
    const others = bad
      .flatMap(([build]) => build())
      .map((one) => ({ ...one, type: "random:index/randomBytes:RandomBytes" }));
    expect(messagesOf(others)).toEqual([]);
    expect(inEngine(policy, others)).toEqual({ messages: [], undecided: undefined });
  });

  it("says what it could not decide", () => {
    expect(inEngine(policy, withUnknown()).undecided).toMatch(/^not known before the update: /);
  });

  it("still reports what it can decide", () => {
    const [build] = found(bad[0], "a violation");
    const { messages, undecided } = inEngine(policy, [
      ...build(),
      container("other", {
        ports: unknown,
        image: unknown,
        name: unknown,
        labels: unknown,
        memory: 0,
        cpuQuota: 0,
      }),
    ]);
    expect(messages).toEqual(expect.arrayContaining(messagesOf(build())));
    expect(undecided).toContain("other");
  });
});
