import { describe, expect, it } from "vitest";
import { containerPolicies } from "../../../policies/container/index.ts";
import { evaluateWith } from "../../../policies/lib/evaluate.ts";
import { found } from "../../fixtures/platforms.ts";
import { inEngine, unknown } from "../engine.ts";
import { container, resource } from "../program.ts";

interface Case {
  /** Inputs, and labels of the container, that break the policy. */
  bad: [inputs: Record<string, unknown>, says: RegExp, labels?: Record<string, string>][];
  good: [inputs: Record<string, unknown>, labels?: Record<string, string>, service?: string][];
  /** Inputs with a value that is not known before the update. */
  unknown: Record<string, unknown>;
}

const lift = (privilege: string, value?: string) => ({
  "ums.lifted": JSON.stringify([{ privilege, ...(value ? { value } : {}), reason: "it has to" }]),
});
const bind = (source: string, readOnly = true, more = {}) => ({
  mounts: [{ type: "bind", source, target: "/there", readOnly, ...more }],
});
const port = (external: number, ip = "127.0.0.1") => ({
  ports: [{ internal: 9000, external, ip, protocol: "tcp" }],
});
const dev = { "ums.environment": "development" };
const socket = "/var/run/docker.sock";

const cases: Record<string, Case> = {
  privileged: {
    bad: [[{ privileged: true }, /^app: privileged is true; remove/]],
    good: [[{ privileged: false }]],
    unknown: { privileged: unknown },
  },
  "engine-socket": {
    bad: [
      [bind(socket), /mounts \/var\/run\/docker\.sock;/],
      [bind("/run/containerd/containerd.sock"), /containerd/],
      [bind("/var//run/./docker.sock"), /docker\.sock/],
      [{ volumes: [{ hostPath: socket, containerPath: "/x", readOnly: true }] }, /docker\.sock/],
    ],
    good: [[bind("/srv")], [bind(socket), {}, "socket-proxy"]],
    unknown: { mounts: [{ type: "bind", source: unknown, target: "/there" }] },
  },
  "host-namespaces": {
    bad: [
      [{ networkMode: "host" }, /networkMode is host/],
      [{ pidMode: "host" }, /pidMode is host/],
      [{ ipcMode: "container:abc" }, /ipcMode is container:abc/],
      [{ utsMode: "host" }, /utsMode/],
      [{ usernsMode: "host" }, /usernsMode/],
    ],
    good: [[{ ipcMode: "private", networkMode: "none" }]],
    unknown: { networkMode: unknown },
  },
  "capabilities-dropped": {
    bad: [
      [{ capabilities: {} }, /drops is \[\]/],
      [{ capabilities: { drops: ["CAP_CHOWN"] } }, /CAP_CHOWN/],
    ],
    good: [[{ capabilities: { drops: ["ALL"], adds: [] } }]],
    unknown: { capabilities: unknown },
  },
  "capabilities-added": {
    bad: [
      [
        { capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] } },
        /adds CHOWN, which its record does not lift/,
      ],
      [{ capabilities: { adds: ["SYS_ADMIN"] } }, /no service may have/, lift("capability", "SYS_ADMIN")],
      [
        { capabilities: { adds: ["NET_ADMIN"] } },
        /NET_ADMIN, which is for the VPN/,
        lift("capability", "NET_ADMIN"),
      ],
    ],
    good: [
      [{ capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] } }, lift("capability", "CHOWN")],
      [{ capabilities: { adds: ["CAP_NET_ADMIN"] } }, lift("capability", "NET_ADMIN"), "wireguard"],
    ],
    unknown: { capabilities: { drops: ["ALL"], adds: [unknown] } },
  },
  "no-new-privileges": {
    bad: [
      [{ securityOpts: [] }, /not set/],
      [{ securityOpts: ["no-new-privileges:false"] }, /not set/],
    ],
    good: [[{ securityOpts: ["no-new-privileges"] }], [{ securityOpts: [] }, lift("new-privileges")]],
    unknown: { securityOpts: unknown },
  },
  confinement: {
    bad: [
      [{ securityOpts: ["seccomp=unconfined"] }, /seccomp=unconfined/],
      [{ securityOpts: ["apparmor:unconfined"] }, /apparmor/],
      [{ securityOpts: ["systempaths=unconfined"] }, /systempaths/],
    ],
    good: [[{ securityOpts: ["no-new-privileges:true", "apparmor=docker-default"] }]],
    unknown: { securityOpts: [unknown] },
  },
  "read-only-root": {
    bad: [
      [{ readOnly: false }, /writable/],
      [{ readOnly: undefined }, /writable/],
    ],
    good: [[{ readOnly: true }], [{ readOnly: false }, lift("writable-root")]],
    unknown: { readOnly: unknown },
  },
  "tmpfs-options": {
    bad: [
      [{ tmpfs: { "/tmp": "rw,nosuid" } }, /\/tmp is not noexec/],
      [{ tmpfs: { "/tmp": "rw,exec" } }, /not nosuid/, lift("tmpfs-exec", "/tmp")],
      [{ mounts: [{ type: "tmpfs", target: "/x" }] }, /without options/],
    ],
    good: [
      [{ tmpfs: { "/tmp": "noexec,nosuid" } }],
      [{ tmpfs: { "/run": "exec,nosuid" } }, lift("tmpfs-exec", "/run")],
    ],
    unknown: { tmpfs: { "/tmp": unknown } },
  },
  "non-root-user": {
    bad: [
      [{ user: "0:0" }, /the user is 0:0/],
      [{ user: "root" }, /root/],
      [{ user: undefined }, /image chooses/],
    ],
    good: [[{ user: "1000:0" }], [{ user: "0:0" }, lift("root-user")]],
    unknown: { user: unknown },
  },
  "sensitive-paths": {
    bad: [
      [bind("/"), /mounts \/ of the host/],
      [bind("/etc/ssl"), /\/etc\/ssl/],
      [bind("/srv/../root"), /\/root/],
      [bind("/proc", false), /to write/, lift("host-mount", "/proc")],
    ],
    good: [[bind("/srv/media", false)], [bind("/sys/fs/cgroup"), lift("host-mount", "/sys/fs/cgroup")]],
    unknown: { mounts: [{ type: "bind", source: unknown, target: "/there" }] },
  },
  "mount-propagation": {
    bad: [
      [bind("/srv", true, { bindOptions: { propagation: "rshared" } }), /rshared/],
      [bind("/srv", true, { bindOptions: { propagation: "shared" } }), /shared/],
    ],
    good: [[bind("/srv", true, { bindOptions: { propagation: "rprivate" } })]],
    unknown: { mounts: unknown },
  },
  devices: {
    bad: [
      [{ devices: [{ hostPath: "/dev/sda" }] }, /\/dev\/sda/],
      [{ devices: [{ hostPath: "/dev/net/tun" }] }, /tun/],
      [{ deviceRequests: [{ driver: "cdi" }] }, /cdi/],
    ],
    good: [
      [{ devices: [{ hostPath: "/dev/dri" }], deviceRequests: [{ driver: "nvidia" }] }],
      [{ devices: [{ hostPath: "/dev/net/tun" }] }, {}, "gluetun"],
    ],
    unknown: { devices: [{ hostPath: unknown }] },
  },
  "image-tag": {
    bad: [
      [{ image: "docker.io/library/redis" }, /no tag/],
      [{ image: "docker.io:443/library/redis" }, /no tag/],
      [{ image: "docker.io/library/redis:latest" }, /latest/],
    ],
    good: [[{ image: "docker.io/library/redis:8" }]],
    unknown: { image: unknown },
  },
  "image-digest": {
    bad: [
      [{ image: "docker.io/library/redis:8" }, /no digest/],
      [{ image: "docker.io/library/redis:8@sha256:12" }, /no digest/],
    ],
    good: [[{}], [{ image: "docker.io/library/redis:8" }, dev]],
    unknown: { image: unknown },
  },
  "image-registry": {
    bad: [
      [{ image: "evil.example/redis:8" }, /evil\.example/],
      [{ image: "redis:8" }, /no named registry/],
      [{ image: "ums-standin:abc" }, /no named registry/],
      [{ image: "ums-real-redis:abc" }, /no named registry/],
      [{ image: "ums-standin-too:abc" }, /no named registry/, dev],
      [{ image: "redis:8" }, /no named registry/, dev],
    ],
    good: [[{}], [{ image: "ums-standin:abc" }, dev], [{ image: "ums-real-redis:abc" }, dev]],
    unknown: { image: unknown },
  },
  "published-ports": {
    bad: [
      [port(9000), /publishes 9000\/tcp/],
      [port(9000), /publishes 9000\/tcp/, lift("publish", "9001/tcp")],
      [{ publishAllPorts: true }, /every port/],
    ],
    good: [
      [port(443), {}, "traefik"],
      [port(9000), lift("publish", "9000/tcp")],
    ],
    unknown: { ports: [{ internal: unknown, external: 1 }] },
  },
  "published-address": {
    bad: [
      [port(9000, "0.0.0.0"), /all addresses/],
      [port(9000, "::"), /all addresses/],
      [{ ports: [{ internal: 1, external: 2000 }] }, /2000\/tcp listens on all/],
    ],
    good: [[port(9000)], [port(443, "0.0.0.0"), {}, "traefik"]],
    unknown: { ports: [{ internal: 1, ip: unknown }] },
  },
  "privileged-ports": {
    bad: [[port(53), /host port 53\/tcp/]],
    good: [[port(1024)], [port(80), {}, "traefik"]],
    unknown: { ports: [{ internal: 1, external: unknown }] },
  },
  "memory-limit": {
    bad: [
      [{ memory: undefined }, /no limit/],
      [{ memory: 0 }, /no limit/],
    ],
    good: [[{ memory: 64 }]],
    unknown: { memory: unknown },
  },
  "swap-limit": {
    bad: [
      [{ memorySwap: undefined }, /swap has no limit/],
      [{ memorySwap: -1 }, /swap has no limit/],
      [{ memory: 256, memorySwap: 512 }, /memorySwap is 512 MiB, memory 256 MiB/],
    ],
    good: [[{ memory: 256, memorySwap: 256 }]],
    unknown: { memorySwap: unknown },
  },
  "cpu-limit": {
    bad: [
      [{ cpuQuota: undefined }, /no limit/],
      [{ cpuQuota: 0, cpus: "0" }, /no limit/],
    ],
    good: [[{ cpuQuota: undefined, cpus: "0.5" }]],
    unknown: { cpuQuota: unknown },
  },
  "limit-budget": {
    bad: [
      [{ memory: 20_000 }, /memory is 20000 MiB, the budget of one service 16384 MiB/],
      [{ cpuQuota: 1_000_000 }, /cpus is 10, the budget of one service 8/],
    ],
    good: [[{ memory: 16_384, cpuQuota: 800_000 }]],
    unknown: { memory: unknown },
  },
  "health-check": {
    bad: [
      [{ healthcheck: undefined }, /no health check/],
      [{ healthcheck: { tests: ["NONE"] } }, /no health check/],
    ],
    good: [[{ healthcheck: { tests: ["CMD", "true"] } }]],
    unknown: { healthcheck: unknown },
  },
  "restart-policy": {
    bad: [
      [{ restart: undefined }, /no restart policy/],
      [{ restart: "no" }, /no restart policy/],
      [{ restart: "always" }, /always/],
      [{ restart: "on-failure" }, /without an end/],
    ],
    good: [[{ restart: "unless-stopped" }], [{ restart: "on-failure", maxRetryCount: 5 }]],
    unknown: { restart: unknown },
  },
  "log-rotation": {
    bad: [
      [{ logOpts: { "max-size": "10m" } }, /no max-file/],
      [{ logDriver: undefined, logOpts: undefined }, /no max-size and no max-file/],
    ],
    good: [[{ logDriver: "journald", logOpts: undefined }]],
    unknown: { logOpts: unknown },
  },
  "literal-credentials": {
    bad: [
      [{ envs: ["DB_PASSWORD=hunter2"] }, /^app: the variable DB_PASSWORD holds a credential;(?!.*hunter2)/],
      [{ envs: ["API_KEY=abc"] }, /API_KEY/],
      [{ envs: ["DATABASE=postgres://me:hunter2@db/x"] }, /DATABASE holds(?!.*hunter2)/],
      [{}, /label com\.token holds(?!.*hunter2)/, { "com.token": "hunter2" }],
      [{ command: ["serve", "--password=hunter2"] }, /word 1 of the command(?!.*hunter2)/],
      [{ command: ["serve", "--api-key", "hunter2"] }, /word 1 of the command(?!.*hunter2)/],
      [{ entrypoints: ["curl", "https://me:hunter2@x/"] }, /word 1(?!.*hunter2)/],
    ],
    good: [
      [{ envs: ["DB_PASSWORD_FILE=/run/secrets/db", "DB_PASSWORD=/run/secrets/db", "LEVEL=info"] }],
      [{ envs: ["DB_PASSWORD=hunter2"] }, lift("secret-variable", "DB_PASSWORD")],
      [{ command: ["--no-token", "--api-key", "/run/key", "--key=/run/key", "http://db:5432/x"] }],
    ],
    unknown: { envs: ["A=b", unknown] },
  },
  "secret-file-mode": {
    bad: [
      [{ uploads: [{ file: "/seed/run/secrets/key" }] }, /mode 0644/],
      [{ uploads: [{ file: "/etc/password.txt", permissions: "0440" }] }, /mode 0440/],
      [
        { uploads: [{ file: "/run/secrets/key" }], command: ["seed", "mode:0444:/run/secrets/key"] },
        /mode 0444/,
      ],
    ],
    good: [
      [{ uploads: [{ file: "/etc/app.conf" }, { file: "/etc/token", permissions: "0400" }] }],
      [
        {
          uploads: [{ file: "/run/secrets/key" }],
          command: ["chown 1:1 '/x'\nchmod 0400 '/run/secrets/key'"],
        },
      ],
    ],
    unknown: { uploads: [{ file: unknown }] },
  },
  sysctls: {
    bad: [
      [{ sysctls: { "kernel.shmmax": "1" } }, /not on the safe list/, lift("sysctl", "kernel.shmmax=1")],
      [{ sysctls: { "net.ipv4.ip_forward": "1" } }, /does not lift/],
    ],
    good: [[{ sysctls: { "net.ipv4.ip_forward": "1" } }, lift("sysctl", "net.ipv4.ip_forward=1")]],
    unknown: { sysctls: unknown },
  },
  "legacy-links": {
    bad: [
      [{ links: ["db:db"] }, /legacy link db:db/],
      [{ volumes: [{ fromContainer: "db" }] }, /volumes of db/],
    ],
    good: [[{ volumes: [{ volumeName: "data", containerPath: "/data" }] }]],
    unknown: { links: unknown },
  },
};

it("has cases for every policy over one container", () => {
  expect(Object.keys(cases).sort()).toEqual(containerPolicies.map(({ name }) => name).sort());
});

describe.each(Object.entries(cases))("%s", (name, { bad, good, unknown: unknownInputs }) => {
  const policy = found(
    containerPolicies.find((one) => one.name === name),
    name,
  );
  const inProcess = (resources: Parameters<typeof evaluateWith>[1]) => evaluateWith([policy], resources);

  it.each(bad)("refuses %j", (inputs, says, labels) => {
    const resources = [container("app", inputs, labels)];
    const { violations } = inProcess(resources);
    expect(violations.map(({ message }) => message)).toEqual([expect.stringMatching(says)]);
    expect(inEngine(policy, resources).messages).toEqual(violations.map(({ message }) => message));
  });

  it.each(good)("lets %j pass", (inputs, labels, service = "app") => {
    const resources = [container(service, inputs, labels)];
    expect(inProcess(resources)).toEqual({ violations: [], undecided: [], used: [] });
    expect(inEngine(policy, resources)).toEqual({ messages: [], undecided: undefined });
  });

  it("leaves a resource of another type alone", () => {
    const resources = bad.map(([inputs]) => resource("volume", "app", inputs));
    expect(inProcess(resources).violations).toEqual([]);
    expect(inEngine(policy, resources)).toEqual({ messages: [], undecided: undefined });
  });

  it("says what it could not decide", () => {
    const resources = [container("app", unknownInputs)];
    expect(inEngine(policy, resources).undecided).toMatch(/^not known before the update: \S+ of app/);
  });

  it("is excepted by the record, and says so", () => {
    const [[inputs, , labels] = [{}, /x/]] = bad;
    const exceptions = JSON.stringify([{ policy: name, reason: "it has to" }]);
    const { violations, used } = inProcess([
      container("app", inputs, { ...labels, "ums.exceptions": exceptions }),
    ]);
    expect(violations).toEqual([]);
    expect(used).toEqual([{ service: "app", policy: name, reason: "it has to" }]);
  });
});
