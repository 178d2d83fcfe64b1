import { describe, expect, it } from "vitest";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { listensOn, type RecordFields, record, recordText } from "../../fixtures/records.ts";

/** What is wrong with a record of these fields; not typed, so that a test can write what a person may. */
function wrong(fields: object): string[] {
  return complaints(() => record(fields as RecordFields));
}

const reason = "a test needs it";
const docker = "docker.io/library/none";

it("defaults are filled in", () => {
  const { value } = record({ ports: listensOn(80), secrets: [{ name: "key", generate: "hex" }] });
  expect(value).toMatchObject({
    alsoIn: [],
    ports: [{ port: 80, protocol: "tcp" }],
    secrets: [{ optional: false }],
    health: { startPeriod: 30, retries: 5 },
    stop: { grace: 10 },
    lifecycle: { status: "active" },
    init: false,
  });
  expect(value.egress).toBeUndefined();
});

const bypass = (path: string): RecordFields => ({
  ports: listensOn(80),
  route: { subdomain: "a", port: 80, access: "user", bypass: [{ path, reason }] },
});

describe("a record is refused with", () => {
  it.each<[string, object, string]>([
    ["a number over 127", { number: 128 }, "number"],
    ["a negative number", { number: -1 }, "number"],
    ["a name in capitals", { name: "Sonarr" }, "use lower-case letters, digits and hyphens"],
    ["a name that starts with a digit", { name: "3proxy" }, "starting with a letter"],
    ["a name that ends in a hyphen", { name: "a-" }, "use lower-case letters"],
    ["an image without its registry", { image: { repository: "redis", tag: "7" } }, "name the registry too"],
    ["the tag latest", { image: { repository: docker, tag: "latest" } }, "`latest` moves: name a version"],
    [
      "a short digest",
      { image: { repository: docker, tag: "1", digest: "sha256:abc" } },
      "64 hexadecimal digits",
    ],
    ["an unknown segment", { segment: "medai" }, 'segment is "medai", did you mean "media"?'],
    ["an unknown category", { category: "stream" }, 'category is "stream"; possible: gateway'],
    ["a relative path", { tmpfs: [{ path: "tmp" }] }, "use an absolute path"],
    ["a path that climbs", { tmpfs: [{ path: "/tmp/../etc" }] }, "use an absolute path"],
    ["a path that ends in a climb", { tmpfs: [{ path: "/tmp/.." }] }, "use an absolute path"],
    ["a path with an empty part", { tmpfs: [{ path: "/tmp//x" }] }, "use an absolute path"],
    ["a path that ends in a slash", { tmpfs: [{ path: "/tmp/" }] }, "a slash at its end"],
    ["a tmpfs at the root", { tmpfs: [{ path: "/" }] }, "use an absolute path below /"],
    [
      "a volume at the root",
      { volumes: [{ name: "a", class: "config", path: "/", access: "read" }] },
      "use an absolute path below /",
    ],
    ["a file that is the root", { files: [{ path: "/", content: "text" }] }, "use an absolute path below /"],
    [
      "a host folder with a slash at its end",
      { lifted: [{ privilege: "host-mount", value: "/srv/", path: "/srv", reason }] },
      "lifted[0].value: use an absolute path without",
    ],
    [
      "a host mount at the root",
      { lifted: [{ privilege: "host-mount", value: "/srv", path: "/", reason }] },
      "lifted[0].path: use an absolute path below /",
    ],
    [
      "a route's bypass that climbs",
      bypass("/api/../admin"),
      "route.bypass[0].path: use a path that starts with /",
    ],
    ["a route's bypass without its slash", bypass("api"), "use a path that starts with /"],
    ["a path with a colon", { tmpfs: [{ path: "/tmp:/etc" }] }, "use an absolute path"],
    ["a port over 65535", { ports: listensOn(65536) }, "ports[0].port"],
    [
      "a file mode of three digits",
      { files: [{ path: "/etc/a/b", content: "text", mode: "444" }] },
      "four octal digits",
    ],
    [
      "a secret from nowhere",
      { secrets: [{ name: "a" }] },
      "say exactly one of generate, config, from, template",
    ],
    [
      "a secret from two places",
      { secrets: [{ name: "a", generate: "hex", config: "a" }] },
      "say exactly one of generate, config, from, template",
    ],
    [
      "a secret in a variable",
      { secrets: [{ name: "a", generate: "hex", variable: "A" }] },
      "needs a reason",
    ],
    [
      "a version before of what is set",
      { secrets: [{ name: "a", config: "a", file: "/a", previousFile: { path: "/b", reason } }] },
      "secrets[0].previousFile: only a generated secret in a file has the version before beside it",
    ],
    [
      "a version before of what never changes",
      {
        secrets: [
          { name: "a", generate: "hex", file: "/a", fixed: reason, previousFile: { path: "/b", reason } },
        ],
      },
      "secrets[0].previousFile: say one of previousFile, fixed, renamed",
    ],
    ["a secret from no service", { secrets: [{ name: "a", from: "key" }] }, "write service/secret"],
    ["a secret's config key in kebab case", { secrets: [{ name: "a", config: "my-key" }] }, "use camelCase"],
    [
      "a capability with its prefix in small letters",
      { lifted: [{ privilege: "capability", value: "net_admin", reason }] },
      'lifted[0].value is "net_admin", did you mean "NET_ADMIN"?',
    ],
    [
      "a capability that the kernel does not have",
      { lifted: [{ privilege: "capability", value: "NET_ADMN", reason }] },
      'lifted[0].value is "NET_ADMN", did you mean "NET_ADMIN"?',
    ],
    [
      "a lifted privilege without a reason",
      { lifted: [{ privilege: "root-user" }] },
      "lifted[0].reason is missing",
    ],
    [
      "an unknown privilege",
      { lifted: [{ privilege: "capabilty", value: "NET_ADMIN", reason }] },
      'lifted[0].privilege is "capabilty", did you mean "capability"?',
    ],
    ["an egress without a reason", { egress: {} }, "egress.reason is missing"],
    ["a link to any of one", { links: [{ anyOf: ["a"], required: true, why: reason }] }, "links[0].anyOf"],
    ["a variable without a value", { environment: { KEY: null } }, "environment.KEY is null"],
    [
      "a variable with a hyphen in its name",
      { environment: { "A-B": 1 } },
      "environment.A-B: use letters, digits and underscores",
    ],
    [
      "a misspelt environment",
      { environments: { prodution: { A: 1 } } },
      'the unknown key "prodution", did you mean "production"?',
    ],
    ["an empty probe", { health: { command: [] } }, "health.command"],
    ["an unknown environment", { environments: { prod: { A: 1 } } }, '"prod"'],
    [
      "a password shorter than 8",
      { secrets: [{ name: "a", generate: "password", length: 7 }] },
      "secrets[0].length",
    ],
  ])("%s", (_, fields, told) => {
    expect(wrong(fields)).toEqual([expect.stringContaining(told)]);
  });
});

it.each([
  ["has no port", { subdomain: "a", access: "user" }, "route:", "route.port is missing"],
  [
    "is for an unknown group",
    { subdomain: "a", port: 80, access: "admins" },
    "access: admins",
    'route.access is "admins", did you mean "admin"?',
  ],
])("a route that %s is refused with file and line", (_, route, words, told) => {
  const fields = { ports: listensOn(80), route } as RecordFields;
  const { line } = positionOf(recordText(fields), words);
  expect(complaints(() => record(fields))).toEqual([
    expect.stringMatching(new RegExp(`^catalog/alpha\\.yaml:${line}:\\d+: `)),
  ]);
  expect(wrong(fields)[0]).toContain(told);
});

it("a secret in a variable is allowed with a reason, and with a file", () => {
  expect(wrong({ secrets: [{ name: "a", generate: "hex", variable: "A", reason }] })).toEqual([]);
  expect(
    wrong({ secrets: [{ name: "a", generate: "hex", variable: "A_FILE", file: "/run/secrets/a" }] }),
  ).toEqual([]);
});

it("a route's bypass may end in a slash and contain a colon, as Plex's own do", () => {
  for (const path of ["/:/", "/:/timeline", "/api/"]) expect(wrong(bypass(path))).toEqual([]);
});

it("a host mount may be of the host's root", () => {
  expect(
    wrong({ lifted: [{ privilege: "host-mount", value: "/", path: "/host", access: "read", reason }] }),
  ).toEqual([]);
});
