import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../stacks/catalog/load.ts";
import { loadEnvironments, loadStackConfig } from "../../../stacks/config/load.ts";
import { resolvePlatform } from "../../../stacks/resolve/index.ts";
import { projectRoot } from "../../fixtures/folders.ts";
import { platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { digest, linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";

type Records = Record<string, RecordFields>;
type Config = NonNullable<Parameters<typeof platform>[1]>["config"];

const resolved = (fields: RecordFields, config: Config = {}) =>
  service(platform({ alpha: fields }, { config }), "alpha");
const wrong = (fields: RecordFields, config: Config = {}) =>
  complaints(() => platform({ alpha: fields }, { config }));

describe("an image", () => {
  const pinned = { repository: "docker.io/library/none", tag: "1.0.0", digest };
  const unpinned = { repository: "docker.io/library/none", tag: "1.0.0" };

  it("is referred to by tag and digest", () => {
    expect(resolved({ image: pinned }, { images: "real" }).image.reference).toBe(
      `docker.io/library/none:1.0.0@${digest}`,
    );
  });

  it("without a digest is refused where images are real", () => {
    expect(wrong({ image: unpinned }, { images: "real" })).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha's image docker\.io\/library\/none:1\.0\.0 has no digest/,
      ),
    ]);
  });

  it("without a digest is right in a rehearsal", () => {
    expect(wrong({ image: unpinned }, { images: "rehearsal" })).toEqual([]);
  });

  it("without a digest is right where the stack's config names another", () => {
    const image = { repository: "registry.test/none", tag: "2", digest };
    expect(resolved({ image: unpinned }, { images: "real", overrides: { alpha: { image } } }).image).toEqual({
      ...image,
      reference: `registry.test/none:2@${digest}`,
    });
  });
});

describe("a GPU", () => {
  const fields = (fallback: "software" | "none", vendors: ("nvidia" | "intel" | "amd")[]): RecordFields => ({
    gpu: { purpose: "transcoding", vendors, fallback },
  });
  const real = (gpu: NonNullable<Config>["gpu"]): Config => ({ images: "real", ...(gpu ? { gpu } : {}) });

  it.each([
    ["nvidia", { vendor: "nvidia" as const }, { vendor: "nvidia" }],
    ["intel", { vendor: "intel" as const, renderGroup: 104 }, { vendor: "intel", renderGroup: 104 }],
    ["amd", { vendor: "amd" as const, renderGroup: 44 }, { vendor: "amd", renderGroup: 44 }],
  ])("of %s is given to a service that can use it", (_, gpu, choice) => {
    const of = platform({ alpha: fields("software", ["nvidia", "intel", "amd"]) }, { config: real(gpu) });
    expect(service(of, "alpha").gpu).toEqual(choice);
    expect(of.warnings).toEqual([]);
  });

  it("is not given to a service that does not ask", () => {
    expect(resolved({}, real({ vendor: "nvidia" })).gpu).toBeUndefined();
  });

  it("that is missing leaves a service to software, with a warning", () => {
    const of = platform({ alpha: fields("software", ["nvidia"]) }, { config: real({ vendor: "none" }) });
    expect(service(of, "alpha").gpu).toBeUndefined();
    expect(of.warnings).toEqual([
      {
        service: "alpha",
        place: expect.objectContaining({ file: "catalog/alpha.yaml" }),
        message: "alpha wants a GPU (nvidia) for transcoding; the stack has none: it works in software",
      },
    ]);
  });

  it("of another maker leaves it to software, too", () => {
    const of = platform(
      { alpha: fields("software", ["nvidia"]) },
      { config: real({ vendor: "amd", renderGroup: 1 }) },
    );
    expect(service(of, "alpha").gpu).toBeUndefined();
    expect(of.warnings[0]?.message).toContain("the stack's is from amd");
  });

  it.each<[string, NonNullable<Config>["gpu"]]>([
    ["that is missing", { vendor: "none" }],
    ["of another maker", { vendor: "amd", renderGroup: 1 }],
  ])("%s is refused where the service cannot do without", (_, gpu) => {
    expect(wrong(fields("none", ["nvidia"]), real(gpu))).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha wants a GPU .*; set gpu\.vendor in the stack's config or exclude/,
      ),
    ]);
  });

  it("is not looked for in a rehearsal", () => {
    const of = platform({ alpha: fields("none", ["nvidia"]) }, { config: { images: "rehearsal" } });
    expect(service(of, "alpha").gpu).toBeUndefined();
    expect(of.warnings).toEqual([]);
  });
});

describe("how often a service is probed", () => {
  const records: Records = { alpha: { links: [linkTo("beta")] }, beta: { ports: listensOn(80) } };
  const intervals = (health: NonNullable<Config>["health"]) => {
    const of = platform(records, { config: health ? { health } : {} });
    return of.services.map(({ health: { interval, startInterval } }) => [interval, startInterval]);
  };

  it("is the stack's interval", () => {
    expect(intervals({ interval: 20 })).toEqual([
      [20, undefined],
      [20, undefined],
    ]);
  });

  it("is more where others wait for it", () => {
    expect(intervals({ interval: 20, waitedInterval: 2, startInterval: 1 })).toEqual([
      [20, 1],
      [2, 1],
    ]);
  });
});

it("the socket proxy gets the group of the engine's socket, and no one else", () => {
  const of = platform(
    { alpha: {}, proxy: { roles: ["socket-proxy"], user: { uid: 1000, gid: 1000, groups: [7] } } },
    { config: { dockerGroup: 998 } },
  );
  expect(service(of, "proxy").user.groups).toEqual([7, 998]);
  expect(service(of, "alpha").user.groups).toEqual([]);
});

/** What gluetun needs for the provider that Pulumi.dev.yaml names. */
const vpnSecrets = ["vpnWireguardPrivateKey", "vpnWireguardAddresses"];

describe("the real catalogue", () => {
  const catalog = loadCatalog(projectRoot, ["catalog"]);
  const dev = loadStackConfig(projectRoot, "dev");
  const environments = loadEnvironments(projectRoot);
  const text = (order: Iterable<[string, typeof catalog extends ReadonlyMap<string, infer V> ? V : never]>) =>
    JSON.stringify(resolvePlatform(new Map(order), dev, environments));
  const of = resolvePlatform(catalog, dev, environments);

  it("gives the same bytes every time, in whatever order its records come", () => {
    const expected = text(catalog);
    expect(text(catalog)).toBe(expected);
    expect(text([...catalog].reverse())).toBe(expected);
    const middle = Math.floor(catalog.size / 2);
    expect(text([...[...catalog].slice(middle), ...[...catalog].slice(0, middle)])).toBe(expected);
  });

  it("gives a platform that nobody can change, to the last part", () => {
    const open: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(of, "platform");
    expect(open).toEqual([]);
  });

  it("gives lists sorted by name", () => {
    const sorted = (names: string[]) => [...names].sort();
    for (const names of [
      of.services.map(({ name }) => name),
      of.segments.map(({ name }) => name),
      of.volumes.map(({ name }) => name),
      of.secrets.map(({ id }) => id),
    ]) {
      expect(names).toEqual(sorted(names));
    }
    const consumers = of.links.map(({ consumer, provider }) => `${consumer} ${provider}`);
    expect(consumers).toEqual(sorted(consumers));
  });

  it("refers to no secret that it does not have", () => {
    const known = new Set(of.secrets.map(({ id }) => id));
    const referred = [
      ...of.services.flatMap(({ files }) =>
        files.flatMap(({ content }) => ("secret" in content ? [content.secret] : [])),
      ),
      ...of.services.flatMap(({ secretVariables }) => secretVariables.map(({ secret }) => secret)),
    ];
    expect(referred.filter((id) => !known.has(id))).toEqual([]);
    expect(referred.length).toBeGreaterThan(20);
  });

  it("leads each container out over one network at most", () => {
    const leadsOut = new Set(of.segments.filter(({ internal }) => !internal).map(({ name }) => name));
    const several = of.services.filter(
      ({ addresses }) => addresses.filter(({ segment }) => leadsOut.has(segment)).length > 1,
    );
    expect(several.map(({ name }) => name)).toEqual([]);
  });

  it("starts MediaNest in the order postgres and redis, backend, frontend, nginx", () => {
    const wave = (name: string) => of.waves.findIndex((names) => names.includes(`medianest-${name}`));
    const order = ["redis", "backend", "frontend", "nginx"].map(wave);
    expect(Math.max(wave("postgres"), wave("redis"))).toBeLessThan(wave("backend"));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(order.length);
  });

  it("warns of every retired service", () => {
    const retired = of.warnings
      .filter(({ message }) => message.includes("is retired"))
      .map(({ service: name }) => name);
    expect(retired).toEqual(expect.arrayContaining(["overseerr", "readarr"]));
  });

  it.each([...catalog.keys()])("has a stack of %s and what it requires alone", (name) => {
    const alone = { ...dev, platform: { ...dev.platform, services: { include: [name], exclude: [] } } };
    expect(complaints(() => resolvePlatform(catalog, alone, environments))).toEqual([]);
  });

  it("has a stack with real images of all but those without a digest, once its secrets are set", () => {
    const keys = [
      ...[...catalog.values()].flatMap(({ value }) => value.secrets.flatMap(({ config }) => config ?? [])),
      ...vpnSecrets,
    ];
    const exclude = ["medianest-backend", "medianest-frontend", "medianest-nginx", "ombi"];
    const real = {
      ...dev,
      secretKeys: keys,
      platform: {
        ...dev.platform,
        images: "real" as const,
        services: { include: "all" as const, exclude },
        tunnel: { id: "3f1b6c1e-4f0a-4c59-9d7e-5a2b8c6d1e0f" },
      },
    };
    expect(
      complaints(() => resolvePlatform(catalog, real, environments, { unsetSecrets: "refuse" })),
    ).toEqual([]);
    expect(
      complaints(() =>
        resolvePlatform(
          catalog,
          { ...real, platform: { ...real.platform, services: dev.platform.services } },
          environments,
        ),
      ),
    ).toEqual(
      exclude
        .filter((name) => name !== "medianest-nginx")
        .map((name) => expect.stringContaining(`${name}'s image`)),
    );
  });

  it("is refused with real images for every secret that is not set, in one run", () => {
    const exclude = ["medianest-backend", "medianest-frontend", "medianest-nginx", "ombi"];
    const real = {
      ...dev,
      platform: {
        ...dev.platform,
        images: "real" as const,
        services: { include: "all" as const, exclude },
        tunnel: { id: "3f1b6c1e-4f0a-4c59-9d7e-5a2b8c6d1e0f" },
      },
    };
    const needed = [...catalog.values()]
      .filter(({ value }) => !exclude.includes(value.name))
      .flatMap(({ value }) =>
        value.secrets.filter(({ config, optional }) => config !== undefined && !optional),
      );
    const told = complaints(() => resolvePlatform(catalog, real, environments, { unsetSecrets: "refuse" }));
    expect(needed.length).toBeGreaterThan(0);
    const [ofStack, ofRecords] = [
      told.filter((line) => line.startsWith(dev.file)),
      told.filter((line) => !line.startsWith(dev.file)),
    ];
    expect(ofRecords).toHaveLength(needed.length);
    expect(ofRecords.filter((line) => !/^catalog\/.*:\d+:\d+: .* needs the secret "/.test(line))).toEqual([]);
    expect(ofStack).toEqual(
      vpnSecrets.map((name) =>
        expect.stringContaining(`gluetun (vpn.type wireguard with mullvad) needs the secret "${name}"`),
      ),
    );
  });
});
