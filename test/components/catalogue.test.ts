import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadCatalog } from "../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../stacks/config/load.ts";
import { rehearse } from "../../stacks/rehearsal.ts";
import type { ResolvedStack } from "../../targets/declare.ts";
import { changesSince, snapshotOf } from "../../targets/plan.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { platformOf } from "../fixtures/platforms.ts";
import { problemsOf } from "../fixtures/problems.ts";
import { asCatalog, linkTo, listensOn, type RecordFields, record } from "../fixtures/records.ts";
import { declared, devStack, realStack, rehearsed, stackOf } from "./fixtures.ts";
import { violations } from "./guarantees.ts";

describe("the declared program", () => {
  const dev = devStack();
  let program: DeclaredProgram;
  beforeAll(async () => {
    program = await declared(dev);
  });

  it("keeps every guarantee for the whole catalogue in rehearsal", () => {
    expect(violations(program, dev.platform)).toEqual([]);
  });

  it("keeps every guarantee with real images and a GPU", async () => {
    const real = realStack({ gpu: { vendor: "intel", renderGroup: 104 }, dockerGroup: 999 });
    expect(real.platform.services.length).toBeGreaterThan(50);
    expect(violations(await declared(real), real.platform)).toEqual([]);
  });

  it("publishes the gateway's ports and WireGuard's, and no other", () => {
    const publishing = program.resources.filter(({ inputs }) => inputs.ports !== undefined);
    expect(publishing.map(({ inputs }) => inputs.name)).toEqual([
      "dev-traefik",
      "dev-wireguard",
      "dev-wireguard-peers",
    ]);
    const door = { internal: 51820, ip: "127.0.0.1", protocol: "udp" };
    expect(publishing.slice(1).map(({ inputs }) => inputs.ports)).toEqual([
      [{ ...door, external: 61820 }],
      [{ ...door, external: 61821 }],
    ]);
  });

  it("uploads no empty file, which the Docker provider refuses", () => {
    const uploads = program.resources.flatMap(
      ({ inputs }) => (inputs.uploads ?? []) as Record<string, string>[],
    );
    expect(uploads.length).toBeGreaterThan(100);
    expect(uploads.filter(({ content = "", contentBase64 = "" }) => content + contentBase64 === "")).toEqual(
      [],
    );
  });

  it("is the same on every run", async () => {
    expect(await declared(devStack())).toEqual(program);
  });

  it("leaves everything as it is when a record is added, but those it has links with or whose files name every service", async () => {
    const added = record({
      name: "newcomer",
      number: 120,
      ports: listensOn(80, 9100),
      route: { subdomain: "newcomer", port: 80, access: "user" },
      metrics: { port: 9100 },
      links: [linkTo("sonarr", 8989), linkTo("redis", 6379)],
      files: [{ path: "/etc/newcomer/config", content: "text" }],
    });
    const grown = withRecord(dev, [added]);
    const after = await declared(grown);
    expect(violations(after, grown.platform)).toEqual([]);
    const changes = changesSince(snapshotOf(program, "compose"), snapshotOf(after, "compose"));
    expect(
      changes.filter(({ kind }) => kind !== "create").map(({ kind, name }) => `${kind} ${name}`),
    ).toEqual([
      "replace alertmanager-container",
      "replace alertmanager_seed-container",
      "replace authelia-container",
      "replace authelia_seed-container",
      "replace cloudflared-container",
      "replace cloudflared_seed-container",
      "replace grafana-container",
      "replace grafana_seed-container",
      "replace homepage-container",
      "replace homepage_seed-container",
      "replace prometheus-container",
      "replace prometheus_seed-container",
      "replace redis-container",
      "replace sonarr-container",
      "replace traefik-container",
      "replace traefik_seed-container",
    ]);
    expect(changes.filter(({ kind }) => kind === "create").map(({ name }) => name)).toEqual([
      "newcomer-container",
      "newcomer_seed-container",
      "newcomer_to_redis-network",
      "newcomer_to_sonarr-network",
      "prometheus_to_newcomer-network",
      "traefik_to_newcomer-network",
      "newcomer_files.etc.newcomer",
    ]);
  });
});

/** The dev stack with further records in its catalogue. */
function withRecord(
  { config, platform }: ResolvedStack,
  records: ReturnType<typeof record>[],
): ResolvedStack {
  const all = asCatalog([...loadCatalog(projectRoot, ["catalog"]).values(), ...records]);
  const grown = platformOf(all, config, loadEnvironments(projectRoot));
  const standin = platform.services[0]?.image.reference ?? "";
  return { config, platform: rehearse(grown, standin) };
}

describe("a service in a further segment", () => {
  const both: RecordFields = { segment: "media", alsoIn: ["dmz"], egress: { reason: "it asks the outside" } };

  it("is refused, or has one way out all the same", async () => {
    if (problemsOf(() => stackOf({ both })).length > 0) return;
    const loaded = rehearsed(stackOf({ both }));
    expect(violations(await declared(loaded), loaded.platform)).toEqual([]);
  });
});

describe("small stacks", () => {
  const segment = fc.constantFrom("media" as const, "data" as const, "dmz" as const);
  const shape = fc.record({
    segment,
    egress: fc.boolean(),
    through: fc.boolean(),
    links: fc.array(fc.nat(6), { maxLength: 3 }),
    secret: fc.constantFrom("none" as const, "file" as const, "variable" as const),
    volume: fc.boolean(),
    root: fc.boolean(),
  });
  type Shape = typeof shape extends fc.Arbitrary<infer Of> ? Of : never;

  const isClient = (one: Shape | undefined, index: number) => one?.through === true && index > 0;

  /** Service number `index` of a stack: it calls earlier ones alone, so that no circle arises. The first is the VPN. */
  const fieldsOf = (shapes: readonly Shape[], one: Shape, index: number): RecordFields => {
    const host = (of: number) => (isClient(shapes[of], of) ? 0 : of);
    const providers = [...new Set(one.links)].filter((to) => to < index && host(to) !== host(index));
    const key = { name: "key", generate: "hex" as const };
    return {
      number: index,
      segment: index === 0 ? "media" : one.segment,
      ports: listensOn(1000 + index),
      links: providers.map((to) => linkTo(`s${to}`, 1000 + to)),
      ...(index === 0 ? { roles: ["vpn"] } : {}),
      ...(index === 0 || one.egress ? { egress: { reason: "it asks the outside" } } : {}),
      ...(isClient(one, index) ? { through: "s0", segment: "downloads" } : {}),
      ...(one.volume ? { volumes: [{ name: "data", class: "config", path: "/data", access: "write" }] } : {}),
      ...(one.secret === "file" ? { secrets: [{ ...key, file: "/run/secrets/key" }] } : {}),
      ...(one.secret === "variable"
        ? { secrets: [{ ...key, variable: "KEY", reason: "it reads no file" }] }
        : {}),
      ...(one.root
        ? { user: { uid: 0, gid: 0 }, lifted: [{ privilege: "root-user", reason: "it must be root" }] }
        : {}),
    };
  };
  const stacks = fc
    .array(shape, { minLength: 2, maxLength: 7 })
    .map((shapes) =>
      Object.fromEntries(shapes.map((one, index) => [`s${index}`, fieldsOf(shapes, one, index)])),
    );

  it("keep every guarantee, whatever links, clients, secrets and volumes they have", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(stacks, async (records) => {
        const loaded = rehearsed(stackOf(records));
        expect(violations(await declared(loaded), loaded.platform)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });

  it("keep all networks and volumes when a service joins", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(stacks, async (records) => {
        const names = Object.keys(records);
        const last = names.at(-1) ?? "";
        const before = rehearsed(
          stackOf(records, { config: { services: { include: "all", exclude: [last] } } }),
        );
        const after = rehearsed(stackOf(records));
        const old = snapshotOf(await declared(before), "compose");
        const next = snapshotOf(await declared(after), "compose");
        const touched = changesSince(old, next).filter(({ kind }) => kind !== "create");
        const ends = after.platform.links
          .filter(({ consumer, provider }) => consumer === last || provider === last)
          .flatMap((link) => [link.consumer, link.provider, link.consumerHost, link.providerHost]);
        const clients = after.platform.services.filter(({ through }) => ends.includes(through ?? ""));
        const allowed = [...ends, ...clients.map(({ name }) => name)].map((name) => `${name}-container`);
        expect(touched.filter(({ name }) => !allowed.includes(name))).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});
