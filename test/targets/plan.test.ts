import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Change, changesSince, countChanges, type Snapshot, snapshotOf } from "../../targets/plan.ts";
import { declared, stackOf } from "../components/fixtures.ts";
import type { PlatformInput } from "../fixtures/platforms.ts";
import { linkTo, listensOn, type RecordFields } from "../fixtures/records.ts";

const container = "docker:index/container:Container";

const base: Record<string, RecordFields> = {
  app: {
    ports: listensOn(80),
    links: [linkTo("client", 8080), linkTo("store", 5432)],
    files: [{ path: "/etc/app/app.conf", content: "level: info" }],
  },
  client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
  store: {
    segment: "data",
    ports: listensOn(5432),
    volumes: [{ name: "data", class: "database", path: "/data", access: "write" }],
    secrets: [
      { name: "password", generate: "password", file: "/run/secrets/password" },
      { name: "licence", config: "theLicence", file: "/run/secrets/licence" },
    ],
  },
  tunnel: { segment: "downloads", roles: ["vpn"], egress: { reason: "the way out" } },
};

const input: PlatformInput = { config: { environment: "production" }, stack: { secrets: ["theLicence"] } };

async function snapshot(
  change: Record<string, RecordFields> = {},
  { config, stack }: PlatformInput = {},
  ciphertexts: Record<string, string> = {},
): Promise<Snapshot> {
  const records = Object.fromEntries(
    Object.entries({ ...base, ...change }).map(([name, fields]) => [name, { ...base[name], ...fields }]),
  );
  const loaded = stackOf(records, {
    config: { ...input.config, ...config },
    stack: { ...input.stack, ...stack },
  });
  const encryptedSecrets = { ...loaded.config.encryptedSecrets, ...ciphertexts };
  return snapshotOf(
    await declared({ platform: loaded.platform, config: { ...loaded.config, encryptedSecrets } }),
    "compose",
  );
}

/** As it is read back from the file of the last `up`. */
const stored = (snapshot: Snapshot): Snapshot => JSON.parse(JSON.stringify(snapshot));

const show = (changes: readonly Change[]) =>
  changes.map(({ kind, name, inputs }) => [kind, name, ...inputs].join(" "));

async function changed(...change: Parameters<typeof snapshot>): Promise<string[]> {
  return show(changesSince(stored(await snapshot()), await snapshot(...change)));
}

describe("a plan", () => {
  it("is empty when nothing changed", async () => expect(await changed()).toEqual([]));

  it("creates everything when nothing was deployed", async () => {
    const next = await snapshot();
    const changes = changesSince(undefined, next);
    expect(changes.map(({ kind }) => kind)).toEqual(next.resources.map(() => "create"));
    expect(changes.map(({ type, name }) => `${type}::${name}`)).toEqual(
      next.resources.map(({ type, name }) => `${type}::${name}`).sort(),
    );
  });

  it("updates a container whose memory or restart changed", async () => {
    expect(await changed({ store: { limits: { memory: 32, cpus: 0.1 } } })).toEqual([
      "update store-container memory memorySwap",
    ]);
  });

  it("replaces a container whose processors, variables, user or privileges changed", async () => {
    expect(await changed({ app: { limits: { memory: 16, cpus: 0.2 } } })).toEqual([
      "replace app-container cpuQuota",
    ]);
    expect(await changed({ app: { environment: { LEVEL: "debug" } } })).toEqual([
      "replace app-container envs",
    ]);
    expect(
      await changed({ app: { lifted: [{ privilege: "writable-root", reason: "writes beside it" }] } }),
    ).toEqual(["replace app-container labels readOnly"]);
  });

  it("replaces, and does not only update, a container that changed both ways", async () => {
    expect(await changed({ app: { limits: { memory: 64, cpus: 0.2 } } })).toEqual([
      "replace app-container cpuQuota memory memorySwap",
    ]);
  });

  it("replaces a service whose file changed, by the label that names what wrote it", async () => {
    const files = [{ path: "/etc/app/app.conf", content: "level: debug" }];
    expect(await changed({ app: { files } })).toEqual([
      "replace app-container labels",
      "replace app_seed-container uploads",
    ]);
  });

  it("replaces what a secret of other length is written to", async () => {
    const [password, licence] = base.store?.secrets ?? [];
    expect(password && licence).toBeDefined();
    const secrets = [{ ...password, name: "password", length: 64 }, licence].flatMap((one) => one ?? []);
    expect(await changed({ store: { secrets } })).toEqual([
      "replace store-container labels",
      "replace store_seed-container uploads",
      "replace store_password-password length",
    ]);
  });

  it("replaces what a value the user set anew is written to", async () => {
    expect(await changed({}, {}, { theLicence: "v1:another" })).toEqual([
      "replace store-container labels",
      "replace store_seed-container uploads",
    ]);
  });

  it("replaces the clients of a VPN container that is replaced", async () => {
    expect(await changed({ tunnel: { environment: { COUNTRY: "Iceland" } } })).toEqual([
      "replace client-container networkMode",
      "replace tunnel-container envs",
    ]);
  });

  it("leaves the clients of a VPN container that is only updated, or replaces it with them", async () => {
    const changes = await changed({ tunnel: { limits: { memory: 64, cpus: 0.1 } } });
    expect([
      "update tunnel-container memory memorySwap",
      "replace client-container networkMode, replace tunnel-container memory memorySwap",
    ]).toContain(changes.join(", "));
  });

  it("replaces the clients when a service gets a link to one of them, since the VPN container joins it", async () => {
    const links = [linkTo("client", 8080)];
    expect(await changed({ store: { links } })).toEqual([
      "replace client-container networkMode",
      "replace store-container networksAdvanced",
      "replace tunnel-container networksAdvanced",
      "create store_to_client-network",
    ]);
  });

  it("deletes what is declared no more, and takes its links from the others", async () => {
    const exclude = { services: { include: "all" as const, exclude: ["app"] } };
    expect(await changed({}, { config: exclude })).toEqual([
      "delete app-container",
      "delete app_seed-container",
      "replace client-container networkMode",
      "replace store-container networksAdvanced",
      "replace tunnel-container networksAdvanced",
      "delete app_to_client-network",
      "delete app_to_store-network",
      "delete media-network",
      "delete app_files.etc.app",
    ]);
  });

  it("replaces networks that move, and what is on them", async () => {
    const changes = await changed(
      {},
      { config: { network: { segments: "10.20.0.0/16", links: "10.32.0.0/15" } } },
    );
    expect(changes.filter((line) => line.includes("-network"))).toEqual(
      ["data", "downloads", "egress", "media"].map((name) => `replace ${name}-network ipamConfigs`),
    );
    expect(changes.filter((line) => line.includes("-container"))).toEqual([
      "replace app-container networksAdvanced",
      "replace client-container networkMode",
      "replace store-container networksAdvanced",
      "replace tunnel-container networksAdvanced",
    ]);
  });

  it("never touches data for a changed setting", async () => {
    const changes = await changed(
      { store: { user: { uid: 999, gid: 999 }, environment: { A: "b" }, limits: { memory: 99, cpus: 1 } } },
      { config: { publish: { address: "127.0.0.1", offset: 1 }, timezone: "Europe/Berlin" } },
    );
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.filter((line) => line.includes("-volume"))).toEqual([]);
  });

  it("counts by kind", async () => {
    const last = await snapshot({}, { config: { services: { include: "all", exclude: ["app"] } } });
    const counts = countChanges(changesSince(last, await snapshot()));
    expect(counts).toEqual({ create: 6, update: 0, replace: 3, delete: 0 });
    expect(countChanges([])).toEqual({ create: 0, update: 0, replace: 0, delete: 0 });
  });
});

describe("a snapshot", () => {
  it("holds what is created, and no component", async () => {
    const { resources, ...rest } = await snapshot();
    expect(rest).toEqual({ version: 1, engine: "compose" });
    expect(new Set(resources.map(({ type }) => type.split(":")[0]))).toEqual(new Set(["docker", "random"]));
    for (const one of resources) expect(Object.keys(one)).toEqual(["type", "name", "inputs"]);
  });

  it("holds no secret, not even encrypted", async () => {
    const text = JSON.stringify(await snapshot({}, {}, { theLicence: "v1:Y2lwaGVydGV4dA" }));
    expect(text).toContain("[ums-secret config theLicence ");
    expect(text).not.toContain("Y2lwaGVydGV4dA");
  });
});

describe("any two snapshots", () => {
  const plain = { noNullPrototype: true };
  const inputs = fc.dictionary(
    fc.constantFrom("memory", "envs", "ports", "labels"),
    fc.oneof(
      fc.nat(2),
      fc.array(fc.nat(1), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a"), fc.nat(1), plain),
    ),
    plain,
  );
  const resources = fc.uniqueArray(
    fc.record({
      type: fc.constantFrom(container, "docker:index/network:Network"),
      name: fc.constantFrom("a", "b", "c", "d"),
      inputs,
    }),
    { selector: ({ type, name }) => `${type}::${name}` },
  );
  const snapshots = resources.map((list): Snapshot => ({ version: 1, engine: "compose", resources: list }));

  it("differ in nothing from themselves", () => {
    fc.assert(fc.property(snapshots, (one) => changesSince(stored(one), one).length === 0));
  });

  it("differ the other way round with create and delete exchanged", () => {
    const opposite = { create: "delete", delete: "create", update: "update", replace: "replace" } as const;
    fc.assert(
      fc.property(snapshots, snapshots, (one, other) => {
        const back = changesSince(other, one).map((change) => ({ ...change, kind: opposite[change.kind] }));
        expect(changesSince(one, other)).toEqual(back);
      }),
    );
  });

  it("differ in every resource whose inputs are not the same, sorted", () => {
    fc.assert(
      fc.property(snapshots, snapshots, (one, other) => {
        const keyed = (of: Snapshot) =>
          new Map(of.resources.map(({ type, name, inputs: its }) => [`${type}::${name}`, its]));
        const [before, after] = [keyed(one), keyed(other)];
        const wanted = [...new Set([...before.keys(), ...after.keys()])]
          .filter((key) => !isSame(before.get(key), after.get(key)))
          .sort();
        expect(changesSince(one, other).map(({ type, name }) => `${type}::${name}`)).toEqual(wanted);
      }),
    );
  });

  it("update only containers, and only by what needs no new one", () => {
    fc.assert(
      fc.property(snapshots, snapshots, (one, other) => {
        for (const { kind, type, inputs: names } of changesSince(one, other)) {
          if (kind === "create" || kind === "delete") expect(names).toEqual([]);
          else expect(kind === "update").toBe(type === container && names.join() === "memory");
        }
      }),
    );
  });
});

/** Same value, whatever the order of keys. */
function isSame(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value)
          .map(([key, inner]) => [key, sorted(inner)])
          .sort()
      : value;
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}
