import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type PackConfig, refusingLists, relaxingLists } from "../../../policies/lib/settings.ts";
import { loosened, policies } from "../../../policies/pack.ts";
import { readStack } from "../../../stacks/load.ts";
import { packConfigOf } from "../../../targets/check/config.ts";
import { folder, projectRoot } from "../../fixtures/folders.ts";
import { problemsOf } from "../../fixtures/problems.ts";

type Environment = "development" | "production";

const read = (config: unknown, environment: Environment, file = environment as string) =>
  packConfigOf(folder({ [`policies/config/${file}.json`]: JSON.stringify(config) }), {
    platform: { stack: "home", environment },
    config: { platform: { budget: { memory: 8000, cpus: 64 } } },
  });
const rule = "a config may not relax the pack, but for image policies in development";

describe("the config of a stack", () => {
  it.each([
    [{ privileged: "advisory" }, "privileged is advisory, and mandatory in the pack"],
    [{ "retired-images": "disabled" }, "retired-images is disabled, and advisory in the pack"],
    [{ privileged: { enforcementLevel: "disabled" } }, "privileged is disabled, and mandatory in the pack"],
    [{ privileged: "mandatry" }, "privileged is mandatry, and mandatory in the pack"],
    [
      { "closed-segments": { segments: ["admin", "data"] } },
      "closed-segments.segments lacks medianest-backend",
    ],
    [
      { "protected-data": { relaxedIn: ["development", "production"] } },
      "protected-data.relaxedIn adds production",
    ],
  ])("may not be looser than the pack: %j", (config, problem) => {
    for (const environment of ["development", "production"] as const) {
      const place = { file: `policies/config/${environment}.json` };
      expect(problemsOf(() => read(config, environment))).toEqual([
        { place, message: `${problem}: ${rule}` },
      ]);
    }
  });

  it("may not lower all policies at once", () => {
    expect(() => read({ all: "advisory" }, "production")).toThrow(
      "privileged is advisory, and mandatory in the pack",
    );
  });

  it.each([
    [{ "image-digest": "disabled" }, "image-digest is disabled"],
    [{ "image-digest": { relaxedIn: ["production"] } }, "image-digest.relaxedIn adds production"],
  ])("may relax images in development alone: %j", (config, problem) => {
    expect(read(config, "development")).toMatchObject(config);
    expect(() => read(config, "production")).toThrow(problem);
    // A stack's own file is judged by the stack's environment.
    expect(read(config, "development", "home")).toMatchObject(config);
    expect(() => read(config, "production", "home")).toThrow(problem);
  });

  it.each([
    { "image-registry": { registries: ["registry.example"] } },
    { "gpu-sharing": { services: 6 } },
    { "restart-policy": { always: ["sonarr"] } },
  ])("says what the owner has: %j", (config) => {
    for (const environment of ["development", "production"] as const)
      expect(read(config, environment)).toMatchObject(config);
  });

  it("may be stricter", () => {
    const stricter = {
      all: "mandatory",
      "retired-images": "mandatory",
      "gpu-sharing": { services: 1 },
      "published-ports": { gateways: [] },
      "closed-segments": { segments: ["admin", "content", "data", "medianest-backend"] },
    };
    expect(read(stricter, "production")).toMatchObject(stricter);
  });

  it("has budgets no larger than the stack's own", () => {
    expect(read({ "limit-budget": { memory: 12_000 } }, "production")).toEqual({
      "limit-budget": { memory: 8000, cpus: 64 },
      "host-budget": { memory: 8000 },
    });
  });
});

it("knows of every list whether a policy judges less with fewer, with more, or what the owner has", () => {
  const lists = policies.flatMap(({ name, settings = {} }) =>
    Object.entries(settings).flatMap(([key, { type }]) => (type === "array" ? [{ name, key }] : [])),
  );
  const shown = (keys: readonly string[]) =>
    lists
      .filter(({ key }) => keys.includes(key))
      .map(({ name, key }) => `${name}.${key}`)
      .sort();
  expect(shown(refusingLists)).toMatchInlineSnapshot(`
    [
      "bound-volumes.paths",
      "capabilities-added.never",
      "closed-segments.segments",
      "download-clients.categories",
      "download-clients.clients",
      "download-clients.segments",
      "protected-data.classes",
      "retired-images.images",
      "sensitive-paths.paths",
      "shared-namespaces.categories",
      "shared-namespaces.clients",
      "shared-namespaces.segments",
    ]
  `);
  expect(shown(relaxingLists)).toMatchInlineSnapshot(`
    [
      "image-digest.relaxedIn",
      "image-registry.relaxedIn",
      "protected-data.relaxedIn",
      "unused-exceptions.relaxedIn",
    ]
  `);
  const judged = [...refusingLists, ...relaxingLists];
  expect(shown(lists.map(({ key }) => key).filter((key) => !judged.includes(key)))).toMatchInlineSnapshot(`
    [
      "bound-volumes.types",
      "capabilities-added.netAdmin",
      "capabilities-added.oneShot",
      "devices.drivers",
      "devices.gpus",
      "devices.tunnels",
      "download-clients.vpns",
      "engine-socket.services",
      "image-registry.local",
      "image-registry.registries",
      "literal-credentials.folders",
      "metrics-reach.collectors",
      "privileged-ports.gateways",
      "published-address.gateways",
      "published-ports.gateways",
      "restart-policy.always",
      "shared-namespaces.vpns",
      "sysctls.safe",
    ]
  `);
});

describe("the checked-in config", () => {
  const names = readdirSync(join(projectRoot, "policies/config")).map((file) => file.replace(/\.json$/, ""));

  it("is there for production", () => expect(names).toContain("production"));

  it.each(names)("of %s makes the pack stricter, and nothing looser", (name) => {
    const text = readFileSync(join(projectRoot, `policies/config/${name}.json`), "utf8");
    const isEnvironment = ["development", "staging", "production"].includes(name);
    const environment = isEnvironment ? name : readStack(projectRoot, name).config.platform.environment;
    expect(loosened(JSON.parse(text) as PackConfig, environment)).toEqual([]);
  });
});
