import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadStack } from "../../../stacks/load.ts";
import { folder, projectRoot } from "../../fixtures/folders.ts";
import { complaints } from "../../fixtures/problems.ts";
import { recordText } from "../../fixtures/records.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

const stacks = readdirSync(projectRoot).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);

it("the project has a dev stack", () => {
  expect(stacks).toContain("dev");
});

describe.each(stacks)("the project's stack %s", (stack) => {
  it("loads and resolves", () => {
    expect(complaints(() => loadStack(projectRoot, stack))).toEqual([]);
    const { platform, config } = loadStack(projectRoot, stack);
    expect(platform.stack).toBe(stack);
    expect(platform.services.length).toBeGreaterThan(0);
    expect(config.file).toBe(`Pulumi.${stack}.yaml`);
  });

  it("has everything in it that measures one of its services", () => {
    const { platform, catalog } = loadStack(projectRoot, stack);
    const present = platform.services.map(({ name }) => name);
    expect(platform.services.flatMap(({ roles }) => roles)).toContain("metrics");
    const measuring = [...catalog.values()].flatMap(({ value: { name, measures = "" } }) =>
      present.includes(measures) ? [name] : [],
    );
    expect(measuring.length).toBeGreaterThan(4);
    expect(present).toEqual(expect.arrayContaining(measuring));
  });
});

it("the dev stack rehearses every service of the catalogue on the loopback address", () => {
  const { platform } = loadStack(projectRoot, "dev");
  expect(platform.images).toBe("rehearsal");
  expect(platform.services.length).toBeGreaterThanOrEqual(60);
  expect(new Set(platform.services.map(({ image }) => image.repository))).toEqual(new Set(["ums-standin"]));
  expect(new Set(platform.services.flatMap(({ publish }) => publish.map(({ address }) => address)))).toEqual(
    new Set(["127.0.0.1"]),
  );
});

describe("loading a stack", () => {
  const environments = `base: {}
environments: {development: {variables: {}}, staging: {variables: {}}, production: {variables: {}}}
`;

  it("adds the config's own folders of records to the catalogue", () => {
    const root = folder({
      "catalog/environments.yaml": environments,
      "catalog/a.yaml": recordText(),
      "mine/b.yaml": recordText({ name: "beta", number: 100 }),
      "Pulumi.prod.yaml": stackText({ images: "real", catalogs: ["mine"] }),
    });
    expect(loadStack(root, "prod").platform.services.map(({ name }) => name)).toEqual(["alpha", "beta"]);
  });

  it("with real images leaves the images alone", () => {
    const root = folder({
      "catalog/environments.yaml": environments,
      "catalog/a.yaml": recordText(),
      "Pulumi.prod.yaml": stackText({ images: "real" }),
    });
    expect(loadStack(root, "prod").platform.services[0]?.image.repository).toBe("docker.io/library/none");
  });
});
