import { describe, expect, it } from "vitest";
import { checkRecord } from "../../../stacks/catalog/check.ts";
import { formatProblem, InputError } from "../../../stacks/errors.ts";
import { complaints } from "../../fixtures/problems.ts";
import {
  linkTo,
  linkToAny,
  listensOn,
  type RecordFields,
  record,
  recordText,
} from "../../fixtures/records.ts";

/** What is wrong with a record of these fields, without its place. */
function wrong(fields: RecordFields): string[] {
  return checkRecord(record(fields)).map(({ message }) => message);
}

const reason = "a test needs it";
const configAt = (path: string, name = "config") => ({
  name,
  class: "config" as const,
  path,
  access: "write" as const,
});
const rootUser = { privilege: "root-user" as const, reason };

it("the smallest record breaks no rule", () => {
  expect(wrong({})).toEqual([]);
});

const broken: Record<string, { fields: RecordFields; told: string; place?: string }> = {
  "measuring what it has no link to": {
    fields: {
      ports: listensOn(9100),
      metrics: { port: 9100 },
      measures: "bta",
      links: [linkTo("beta")],
    },
    told: 'measures "bta", to which the record has no link, did you mean "beta"?',
    place: "measures: bta",
  },
  "measuring without offering metrics": {
    fields: { measures: "beta", links: [linkTo("beta")] },
    told: 'measures "beta", but offers no metrics; name their port in metrics',
    place: "measures: beta",
  },
  "a bypass of everything": {
    fields: {
      ports: listensOn(80),
      route: { subdomain: "a", port: 80, access: "user", bypass: [{ path: "/", reason }] },
    },
    told: "route.bypass[0] lets everything past the sign-in; say exact: true for that page alone, or access: public with a reason",
    place: "path: /",
  },
  "balance without a route": {
    fields: { balance: { sticky: true, reason } },
    told: "balance is about the requests of a route, and there is none",
    place: "balance:",
  },
  "a copy with a route": {
    fields: { ports: listensOn(80), route: { subdomain: "a", port: 80, access: "user" }, replicaOf: "beta" },
    told: "a copy answers under the route of the service it copies; leave this out, or replicaOf",
    place: "route:",
  },
  "a copy of itself": {
    fields: { replicaOf: "alpha" },
    told: "a service is no copy of itself",
    place: "replicaOf:",
  },
  "a route to a port it does not have": {
    fields: { ports: listensOn(80, 81), route: { subdomain: "a", port: 8080, access: "user" } },
    told: "the route is port 8080, which is not among the record's TCP ports (80, 81)",
    place: "port: 8080",
  },
  "a route to a UDP port": {
    fields: {
      ports: [{ port: 53, protocol: "udp", purpose: "names" }],
      route: { subdomain: "a", port: 53, access: "user" },
    },
    told: "the route is port 53, which is not among the record's TCP ports (none)",
  },
  "a metrics endpoint on a port it does not have": {
    fields: { metrics: { port: 9000 } },
    told: "the metrics endpoint is port 9000",
    place: "port: 9000",
  },
  "a public route without a reason": {
    fields: { ports: listensOn(80), route: { subdomain: "a", port: 80, access: "public" } },
    told: "a route without single sign-on needs a reason",
    place: "access: public",
  },
  "an account at a service it has no link to": {
    fields: {
      links: [linkTo("postgres")],
      accounts: [{ provider: "postgre", user: "a", password: "database" }],
    },
    told: 'accounts[0] is at "postgre", to which the record has no link, did you mean "postgres"?',
    place: "- provider: postgre",
  },
  "folders in a volume it only reads": {
    fields: { volumes: [{ ...configAt("/data"), access: "read", folders: ["media/tv"] }] },
    told: "folders are made in a volume that lasts, is written by this service and does not start as a copy",
    place: "folders:",
  },
  "folders in memory": {
    fields: { volumes: [{ ...configAt("/data"), class: "transcode", folders: ["a"] }] },
    told: "folders are made in a volume that lasts",
  },
  "folders in a copy of the image's": {
    fields: { volumes: [{ ...configAt("/data"), copyImageContent: reason, folders: ["a"] }] },
    told: "folders are made in a volume that lasts",
  },
  "two probes": {
    fields: {
      ports: listensOn(80),
      health: { http: { port: 80, path: "/" }, tcp: { port: 80 }, command: ["true"] },
    },
    told: "say http or tcp, not both",
    place: "health:",
  },
  "no probe": {
    fields: { health: { command: null, reason } },
    told: "a service needs some probe: http, tcp or command",
    place: "health:",
  },
  "no command and no reason for it": {
    fields: { ports: listensOn(80), health: { tcp: { port: 80 }, command: null } },
    told: "say why the image can run no probe",
    place: "command: null",
  },
  "an HTTP probe of a port it does not have": {
    fields: { ports: listensOn(80), health: { http: { port: 81, path: "/" }, command: ["true"] } },
    told: "the health probe is port 81",
    place: "port: 81",
  },
  "a TCP probe of a port it does not have": {
    fields: { health: { tcp: { port: 81 }, command: ["true"] } },
    told: "the health probe is port 81",
    place: "port: 81",
  },
  "a link to nobody": {
    fields: { links: [{ port: 80, required: true, why: reason }] },
    told: "links[0] needs either provider or anyOf",
    place: "port: 80",
  },
  "a link to one and to any": {
    fields: { links: [linkTo("beta"), { ...linkTo("beta"), anyOf: ["gamma", "delta"] }] },
    told: "links[1] needs either provider or anyOf",
  },
  "a link without a port": {
    fields: { links: [{ provider: "beta", required: true, why: reason }] },
    told: 'links[0] to "beta" needs the provider\'s port',
  },
  "a link to itself": {
    fields: { links: [linkTo("alpha")] },
    told: "links[0]: a service needs no link to itself",
  },
  "a link to any of others and itself": {
    fields: { links: [linkToAny(["beta", "alpha"])] },
    told: "links[0]: a service needs no link to itself",
  },
  "a published port it does not have": {
    fields: { ports: listensOn(443), publish: [{ port: 443, host: 443, protocol: "udp", reason }] },
    told: "publish[0]: 443/udp is not among the record's ports",
  },
  "two volumes at one path": {
    fields: { volumes: [configAt("/config", "one"), configAt("/config", "two")] },
    told: "volumes[1] mounts /config, which volumes[0] mounts already",
  },
  "a volume and a tmpfs at one path": {
    fields: { volumes: [configAt("/tmp")], tmpfs: [{ path: "/tmp" }] },
    told: "tmpfs[0] mounts /tmp, which volumes[0] mounts already",
  },
  "two tmpfs at one path": {
    fields: { tmpfs: [{ path: "/tmp" }, { path: "/tmp" }] },
    told: "tmpfs[1] mounts /tmp, which tmpfs[0] mounts already",
  },
  "a host mount and a volume at one path": {
    fields: {
      volumes: [configAt("/config")],
      lifted: [{ privilege: "host-mount", value: "/srv", path: "/config", reason }],
    },
    told: "lifted[0] mounts /config, which volumes[0] mounts already",
  },
  "a shared transcode volume": {
    fields: {
      volumes: [{ name: "scratch", class: "transcode", path: "/scratch", access: "write", shared: true }],
    },
    told: "a transcode volume is a tmpfs of one service and cannot be shared",
    place: "shared: true",
  },
  "one file written twice": {
    fields: {
      files: [{ path: "/etc/app/key", content: "text" }],
      secrets: [{ name: "key", generate: "hex", file: "/etc/app/key" }],
    },
    told: "/etc/app/key is written twice",
    place: "file: /etc/app/key",
  },
  "a file in no folder": {
    fields: { files: [{ path: "/key", content: "text" }] },
    told: "/key: a seeded file needs a folder of its own, as in /run/secrets",
    place: "path: /key",
  },
  "a file in a volume's folder": {
    fields: { volumes: [configAt("/config")], files: [{ path: "/config/app.yaml", content: "text" }] },
    told: "/config/app.yaml: its folder is seeded as a volume of its own and hides volumes[0] at /config",
  },
  "a secret in a folder above a tmpfs": {
    fields: {
      tmpfs: [{ path: "/run/app/tmp" }],
      secrets: [{ name: "key", generate: "hex", file: "/run/app/key" }],
    },
    told: "/run/app/key: its folder is seeded as a volume of its own and hides tmpfs[0] at /run/app/tmp",
  },
  "a file in a host mount's folder": {
    fields: {
      lifted: [{ privilege: "host-mount", value: "/srv", path: "/etc/app", reason }],
      files: [{ path: "/etc/app/app.yaml", content: "text" }],
    },
    told: "hides lifted[0] at /etc/app",
  },
  "a secret in a folder above a host mount": {
    fields: {
      lifted: [{ privilege: "host-mount", value: "/srv", path: "/run/app/data", reason }],
      secrets: [{ name: "key", generate: "hex", file: "/run/app/key" }],
    },
    told: "/run/app/key: its folder is seeded as a volume of its own and hides lifted[0] at /run/app/data",
    place: "file: /run/app/key",
  },
  "its home segment among the further ones": {
    fields: { segment: "media", alsoIn: ["proxy", "media"] },
    told: "alsoIn[1]: the service is in the segment media already",
    place: "- media",
  },
  "a further segment named twice": {
    fields: { segment: "media", alsoIn: ["proxy", "proxy"] },
    told: "alsoIn[1]: the service is in the segment proxy already",
    place: "- proxy",
  },
  "a privilege lifted twice": {
    fields: {
      lifted: [
        { privilege: "capability", value: "NET_ADMIN", reason },
        { privilege: "capability", value: "NET_ADMIN", reason },
      ],
    },
    told: "lifted[1]: capability NET_ADMIN is lifted twice",
  },
  "programs allowed on a tmpfs it does not have": {
    fields: { tmpfs: [{ path: "/run" }], lifted: [{ privilege: "tmpfs-exec", value: "/rum", reason }] },
    told: 'no tmpfs at /rum, did you mean "/run"?',
    place: "value: /rum",
  },
  "root without lifting it": {
    fields: { user: { uid: 0, gid: 0 } },
    told: 'uid 0 needs an entry in lifted: {privilege: root-user, reason: "..."}',
    place: "uid: 0",
  },
  "root lifted and not used": {
    fields: { lifted: [rootUser] },
    told: "root-user is lifted but the uid is not 0",
    place: "lifted:",
  },
  "further segments of a service through another": {
    fields: { through: "beta", alsoIn: ["proxy"] },
    told: 'a service through "beta" has no network of its own, so no alsoIn',
    place: "alsoIn:",
  },
  "published ports of a service through another": {
    fields: { through: "beta", ports: listensOn(80), publish: [{ port: 80, host: 80, reason }] },
    told: 'a service through "beta" has no network of its own, so no publish',
    place: "publish:",
  },
  "egress of a service through another": {
    fields: { through: "beta", egress: { reason } },
    told: 'egress of a service through "beta" is that service\'s',
    place: "egress:",
  },
  "retired without a successor or a note": {
    fields: { lifecycle: { status: "retired" } },
    told: "a retired service names its successor, or says in a note that there is none",
    place: "lifecycle:",
  },
  "two secrets of one name": {
    fields: {
      secrets: [
        { name: "key", generate: "hex" },
        { name: "key", generate: "uuid" },
      ],
    },
    told: 'the secret "key" is named twice',
  },
};

describe("a record is refused for", () => {
  it.each(Object.entries(broken))("%s", (_, { fields, told, place }) => {
    const problems = checkRecord(record(fields));
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(told)]);
    for (const problem of problems) expect(formatProblem(problem)).toMatch(/^catalog\/alpha\.yaml:\d+:\d+: /);
    const line = (problems[0]?.place?.line ?? 0) - 1;
    if (place !== undefined) expect(recordText(fields).split("\n")[line]).toContain(place);
  });
});

describe("whoever says it, schema or rule, a record is refused for", () => {
  const refusals = (fields: RecordFields) =>
    complaints(() => {
      const problems = checkRecord(record(fields));
      if (problems.length > 0) throw new InputError(problems);
    });

  it("two volumes at one path, one written with a slash at its end", () => {
    expect(refusals({ volumes: [configAt("/config", "one"), configAt("/config/", "two")] })).not.toEqual([]);
  });

  it("a volume at /", () => {
    expect(refusals({ volumes: [configAt("/")] })).not.toEqual([]);
  });
});

const allowed: Record<string, RecordFields> = {
  "a public route with a reason": {
    ports: listensOn(80),
    route: { subdomain: "a", port: 80, access: "public", reason },
  },
  "no command with a reason and another probe": {
    ports: listensOn(80),
    health: { tcp: { port: 80 }, command: null, reason },
  },
  "a link to any without a port": { links: [linkToAny(["beta", "gamma"])] },
  "the same port published over TCP and UDP": {
    ports: [...listensOn(443), { port: 443, protocol: "udp", purpose: "HTTP/3" }],
    publish: [
      { port: 443, host: 443, reason },
      { port: 443, host: 443, protocol: "udp", reason },
    ],
  },
  "a file in a folder beside a volume": {
    volumes: [configAt("/config")],
    files: [{ path: "/config-files/app.yaml", content: "text" }],
  },
  "a file in a folder inside a volume": {
    volumes: [configAt("/config")],
    files: [{ path: "/config/conf.d/app.yaml", content: "text" }],
  },
  "programs on a transcode volume": {
    volumes: [{ name: "scratch", class: "transcode", path: "/scratch", access: "write" }],
    lifted: [{ privilege: "tmpfs-exec", value: "/scratch", reason }],
  },
  "root that is lifted": { user: { uid: 0, gid: 0 }, lifted: [rootUser] },
  "two capabilities": {
    lifted: [
      { privilege: "capability", value: "NET_ADMIN", reason },
      { privilege: "capability", value: "NET_RAW", reason },
    ],
  },
  "retired with a note": { lifecycle: { status: "retired", note: "nothing came after it" } },
  "retired with a successor": { lifecycle: { status: "retired", successor: "beta" } },
};

it.each(Object.entries(allowed))("a record may have %s", (_, fields) => {
  expect(wrong(fields)).toEqual([]);
});

it("all rules a record breaks are told in one run", () => {
  expect(
    wrong({
      user: { uid: 0, gid: 0 },
      metrics: { port: 1 },
      lifecycle: { status: "retired" },
      links: [linkTo("alpha")],
    }),
  ).toHaveLength(4);
});
