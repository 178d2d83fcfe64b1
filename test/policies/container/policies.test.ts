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
/** A volume that a mount makes for itself. */
const boundVolume = (device: string) => ({
  mounts: [
    {
      type: "volume",
      target: "/there",
      readOnly: true,
      volumeOptions: { driverName: "local", driverOptions: { type: "none", o: "bind", device } },
    },
  ],
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
      [bind(socket, false), /docker\.sock;/],
      // A folder with the socket is as good, read-only or not, and whoever mounts it.
      [bind("/run"), /mounts \/run, where engines have their sockets/],
      [bind("/var/run/"), /mounts \/var\/run, where/],
      [bind("/var", false), /mounts \/var, where/],
      [bind("/run/containerd"), /containerd, where/],
      [bind("/run/user/1000"), /1000, where/],
      [bind("/"), /mounts \/, where/, lift("host-mount", "/")],
      [boundVolume("/run"), /mounts \/run, where/],
      [{ ...bind("/"), tmpfs: { "/there/etc": "" } }, /mounts \/, where/],
      [{ ...bind("/run"), tmpfs: { "/there": "" } }, /mounts \/run, where/],
    ],
    good: [
      [bind("/srv")],
      [bind(socket), {}, "socket-proxy"],
      [bind("/var/log")],
      [{ ...bind("/"), tmpfs: { "/there/run": "noexec,nosuid" } }],
    ],
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
      [{ tmpfs: { "/tmp": "noexec,nosuid,exec" } }, /\/tmp is not noexec/],
      [{ tmpfs: { "/tmp": "noexec,nosuid,size=1m,suid" } }, /\/tmp is not nosuid/],
      [{ mounts: [{ type: "tmpfs", target: "/x" }] }, /without options/],
    ],
    good: [
      [{ tmpfs: { "/tmp": "noexec,nosuid" } }],
      [{ tmpfs: { "/tmp": "exec,suid,noexec,nosuid" } }],
      [{ tmpfs: { "/run": "exec,nosuid" } }, lift("tmpfs-exec", "/run")],
    ],
    unknown: { tmpfs: { "/tmp": unknown } },
  },
  "non-root-user": {
    bad: [
      [{ user: "0:0" }, /the user is 0:0/],
      [{ user: "root" }, /root/],
      [{ user: "+0" }, /the user is \+0/],
      [{ user: "-0:1000" }, /the user is -0:1000/],
      [{ user: "+00" }, /\+00/],
      [{ user: undefined }, /image chooses/],
    ],
    good: [[{ user: "1000:0" }], [{ user: "+10" }], [{ user: "0:0" }, lift("root-user")]],
    unknown: { user: unknown },
  },
  "sensitive-paths": {
    bad: [
      [bind("/"), /mounts \/ of the host/],
      [bind("/etc/ssl"), /\/etc\/ssl/],
      [bind("/srv/../root"), /\/root/],
      [bind("/proc", false), /to write/, lift("host-mount", "/proc")],
      [bind("/var", false), /mounts \/var of the host, which holds \/var\/lib\/docker/],
      [bind("/var/lib"), /mounts \/var\/lib of the host, which holds \/var\/lib\/docker/],
      [bind("/lib"), /holds \/lib\/modules/],
      [boundVolume("/etc"), /mounts \/etc of the host/],
    ],
    good: [
      [bind("/srv/media", false)],
      [bind("/var/log")],
      [bind("/etcetera")],
      [boundVolume("/srv/media")],
      [bind("/sys/fs/cgroup"), lift("host-mount", "/sys/fs/cgroup")],
    ],
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
      ...[
        ["PGPASSWORD", "hunter2"],
        ["REDISCLI_AUTH", "hunter2"],
        ["SECRET_KEY_BASE", "hunter2"],
        ["ADMIN_PASSWORD_1", "hunter2"],
        ["ADMIN_PASSWORD2", "hunter2"],
        ["JWTSECRET", "hunter2"],
        ["dbPassword", "hunter2"],
        ["userPass", "hunter2"],
        ["GITHUB_PAT", "hunter2"],
        ["DB_PASSWORD", "/hunter2"],
        ["DB_PASSWORD", "/run/hunter2"],
        ["DB_PASSWORD", "/run/secrets/../hunter2"],
        ["DB_PASSWORD", "$hunter2"],
        ["DB_PASSWORD", "${OTHER:-hunter2}"],
        ["HOOK", "https://h/?api_key=hunter2"],
        ["HOOK", "https://h/x?size=1&key=hunter2"],
        ["DSN", "postgres://u:pa$s.hunter2@h"],
        ["DSN", "redis://:hunter2@h:6379/0"],
        ["DSN", "host=db user=me password=hunter2"],
        ["JAVA_OPTS", "-Xmx1g -Djavax.net.ssl.keyStorePassword=hunter2"],
        ["SETTINGS", '{"user": "me", "password": "hunter2"}'],
        ["USERS", "me:$apr1$hunter2x$K0hunter2hunter2/"],
        ["HEADER", "Authorization: Bearer hunter2"],
        ["VALUE", "ghp_hunter2hunter2hunter2hunter2hunter2"],
        ["VALUE", "AKIAHUNTER2HUNTER2XX"],
        ["VALUE", "-----BEGIN PRIVATE KEY-----\nhunter2"],
        ["VALUE", "-----BEGIN RSA PRIVATE KEY-----\nhunter2"],
      ].map(([variable, value]): Case["bad"][number] => [
        { envs: [`${variable}=${value}`] },
        new RegExp(`^app: the variable ${variable} holds a credential;(?!.*hunter2)`),
      ]),
      [{}, /label basic\.users holds(?!.*hunter2)/, { "basic.users": "me:$2y$05$hunter2hunter2hunter2" }],
      ...[
        ["sh", "-c", 'export DB_PASSWORD="hunter2" && serve'],
        ["sh", "-c", "exec redis-server --port 1 --requirepass hunter2"],
        ["sh", "-c", `sh -c 'curl -u "me:hunter2" http://h/'`],
        ["sh", "-c", "serve $(curl --password hunter2 http://h/)"],
        ["sh", "-c", 'curl -H "X-Api-Key: hunter2" http://h/'],
        ["redis-server", "--requirepass", "hunter2"],
        ["redis-cli", "-a", "hunter2", "ping"],
        ["mysqladmin", "-phunter2", "ping"],
        ["curl", "-u", "me:hunter2", "http://h/"],
        ["curl", "-ume:hunter2", "http://h/"],
        ["curl", "--user=me:hunter2", "http://h/"],
        ["curl", "-H", "Authorization: Basic hunter2", "http://h/"],
        ["curl", "http://h/?apikey=hunter2"],
        ["env", "DB_PASSWORD=hunter2", "serve"],
        ["serve", "--api-key", "/hunter2"],
      ].flatMap((line): Case["bad"] => [
        [{ command: line }, /^app: word \d of the command holds a credential;(?!.*hunter2)/],
        [
          { healthcheck: { tests: ["CMD", ...line] } },
          /^app: word \d of the health check holds a credential;(?!.*hunter2)/,
        ],
      ]),
      [
        { healthcheck: { tests: ["CMD-SHELL", "PGPASSWORD=hunter2 pg_isready"] } },
        /^app: word 1 of the health check holds a credential;(?!.*hunter2)/,
      ],
    ],
    good: [
      [{ envs: ["DB_PASSWORD_FILE=/etc/db", "DB_PASSWORD=/run/secrets/db", "LEVEL=info"] }],
      [{ envs: ["DB_PASSWORD=hunter2"] }, lift("secret-variable", "DB_PASSWORD")],
      [{ envs: ["DB_PASSWORD=${OTHER}", "DSN=postgres://me:${OTHER}@db/x", "PWD=/app", "PROXY_AUTH=basic"] }],
      [
        {
          envs: [
            "TOKEN_URL=https://h/token",
            "PASSWORD_MIN_LENGTH=12",
            "TOKEN_TTL=5m",
            "SECRET_REQUIRED=true",
          ],
        },
      ],
      [{ envs: ["URL=http://h:8080/a@b", "COMPASS=north", "SORT_KEY=name", "AUTHOR=me"] }],
      [
        {
          command: [
            ...["--no-token", "--api-key", "/run/secrets/key", "--key=/run/key", "http://db:5432/x"],
            ...["--token-file", "/etc/token", "-u", "1000:1000", "--password", "--verbose"],
          ],
        },
      ],
      [
        {
          entrypoints: ["sh", "-c"],
          command: [
            'REDISCLI_AUTH="$(cat /run/secrets/x)" redis-cli ping; curl -u "me:$PASSWORD" "http://h/?token=${T}"',
          ],
          healthcheck: { tests: ["CMD-SHELL", "curl -K - http://h/ | grep -q password"] },
        },
      ],
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
      ...[
        ...["/etc/ssl/server.key", "/etc/ssl/privkey.pem", "/etc/ssl/server-key.pem", "/etc/ssl/all.p12"],
        ...["/root/.ssh/id_rsa", "/home/me/.ssh/id_ed25519", "/etc/ssh/ssh_host_rsa_key"],
        ...["/etc/wireguard/wg0.conf", "/vpn/home.ovpn", "/app/.env", "/app/.env.local", "/app/db.env"],
        ...[
          "/etc/nginx/htpasswd",
          "/etc/nginx/.htpasswd",
          "/root/.pgpass",
          "/root/.netrc",
          "/etc/passwd.txt",
        ],
      ].map((file): Case["bad"][number] => [{ uploads: [{ file }] }, /mode 0644/]),
      [
        {
          uploads: [{ file: "/run/secrets/key", permissions: "0400" }],
          command: ["chmod 644 '/run/secrets/key'"],
        },
        /mode 644/,
      ],
    ],
    good: [
      [{ uploads: [{ file: "/etc/app.conf" }, { file: "/etc/token", permissions: "0400" }] }],
      [
        {
          uploads: [
            { file: "/etc/ssl/cert.pem" },
            { file: "/root/.ssh/id_rsa.pub" },
            { file: "/etc/public-key.pem" },
          ],
        },
      ],
      [
        {
          uploads: [
            { file: "/app/environment.ts" },
            { file: "/etc/keys.md" },
            { file: "/app/monkey.pem.md" },
          ],
        },
      ],
      [
        {
          uploads: [{ file: "/etc/wireguard/wg0.conf" }],
          command: ["seed", "mode:0400:/etc/wireguard/wg0.conf"],
        },
      ],
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
