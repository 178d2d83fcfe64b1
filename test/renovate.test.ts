import { readdirSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../stacks/catalog/load.ts";
import { projectRoot } from "./fixtures/folders.ts";
import { found } from "./fixtures/platforms.ts";

interface Manager {
  managerFilePatterns: string[];
  matchStrings: string[];
  extractVersionTemplate?: string;
}
interface Rule {
  matchPackageNames?: string[];
  matchFileNames?: string[];
  versioning?: string;
  allowedVersions?: string;
  automerge?: boolean;
  dependencyDashboardApproval?: boolean;
}
interface Renovate {
  automerge: boolean;
  customManagers: Manager[];
  packageRules: Rule[];
}

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const config = JSON.parse(read(".github/renovate.json")) as Renovate;
const records = [...loadCatalog(projectRoot, ["catalog"]).values()];
const files = [".github", "catalog", "components"].flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(projectRoot.length + 1)),
);

/** What a custom manager finds in a file. */
function extract({ matchStrings }: Manager, path: string): Record<string, string | undefined>[] {
  return matchStrings.flatMap((pattern) =>
    [...read(path).matchAll(new RegExp(pattern, "g"))].map(({ groups }) => ({ ...groups })),
  );
}

function managerOf(path: string): Manager {
  const [manager] = config.customManagers.filter(({ managerFilePatterns }) =>
    managerFilePatterns.some((pattern) => matchesGlob(path, pattern)),
  );
  return found(manager, `a manager of ${path}`);
}

describe("Renovate", () => {
  it.each(records.map(({ value, file }) => [value.name, file, value.image] as const))(
    "finds the image of %s with all its parts",
    (_, file, { repository, tag, digest }) => {
      expect(extract(managerOf(file), file)).toEqual([
        { depName: repository, currentValue: tag, currentDigest: digest },
      ]);
    },
  );

  it("finds nothing in the catalogue's other files", () => {
    const others = files.filter(
      (path) => path.startsWith("catalog/") && !records.some(({ file }) => file === path),
    );
    expect(others.length).toBeGreaterThan(0);
    for (const path of others.filter((one) => one.endsWith(".yaml"))) {
      expect(extract(managerOf(path), path)).toEqual([]);
    }
  });

  it("finds every image that the program itself names", () => {
    const named = files
      .filter((path) => path.startsWith("components/"))
      .flatMap((path) => read(path).match(/@sha256:[0-9a-f]{64}/g) ?? []);
    const extracted = files
      .filter((path) => path.startsWith("components/"))
      .flatMap((path) => extract(managerOf(path), path));
    expect(named.length).toBeGreaterThan(0);
    expect(extracted.map(({ currentDigest }) => `@${currentDigest}`)).toEqual(named);
    for (const one of extracted) expect(one.depName && one.currentValue).toBeTruthy();
  });

  it.each(["pulumi", "actionlint"])("finds the version of %s", (tool) => {
    const path = `.github/${tool}-version`;
    const manager = managerOf(path);
    expect(extract(manager, path)).toEqual([{ currentValue: read(path).trim() }]);
    expect(
      new RegExp(found(manager.extractVersionTemplate, "a template")).exec("v1.2.3")?.groups?.version,
    ).toBe("1.2.3");
  });

  it("finds the version of the gateway's plugin", () => {
    const path = "stacks/configure/gateway/traefik/bouncer.ts";
    expect(extract(managerOf(path), path)).toEqual([
      {
        depName: "maxlerebourg/crowdsec-bouncer-traefik-plugin",
        currentValue: expect.stringMatching(/^v\d+\.\d+\.\d+$/),
      },
    ]);
  });

  it("reads every tag that its version schemes are for", () => {
    const schemes = config.packageRules.filter(({ versioning }) => versioning?.startsWith("regex:"));
    for (const { matchPackageNames = [], versioning = "" } of schemes) {
      const images = records.filter(({ value }) =>
        matchPackageNames.some((pattern) => matchesGlob(value.image.repository, pattern)),
      );
      expect(images.length).toBeGreaterThan(0);
      const scheme = new RegExp(versioning.slice("regex:".length));
      for (const { value } of images) expect(value.image.tag).toMatch(scheme);
    }
  });

  it("merges nothing by itself, and leaves each database to a person", () => {
    expect(config.automerge).toBe(false);
    expect(config.packageRules.filter(({ automerge }) => automerge === true)).toEqual([]);
    const databases = found(
      config.packageRules.find(({ automerge }) => automerge === false),
      "a rule for databases",
    );
    expect(databases.dependencyDashboardApproval).toBe(true);
    const covered = records
      .filter(({ file }) => databases.matchFileNames?.some((pattern) => matchesGlob(file, pattern)))
      .map(({ value }) => value.name);
    const engines = records
      .filter(
        ({ value }) =>
          value.category === "data" || /\/(postgres|redis|mariadb|valkey)$/.test(value.image.repository),
      )
      .map(({ value }) => value.name);
    expect(covered).toEqual(engines);
  });

  it("holds back what must not come by itself", () => {
    const ruleOf = (name: string) =>
      config.packageRules.filter(({ matchPackageNames }) => matchPackageNames?.includes(name));
    expect(ruleOf("@pulumi/command").map(({ allowedVersions }) => allowedVersions)).toEqual(["<2"]);
    expect(ruleOf("typescript").map(({ allowedVersions }) => allowedVersions)).toEqual(["<7"]);
    expect(
      ruleOf("@biomejs/biome").map(({ dependencyDashboardApproval }) => dependencyDashboardApproval),
    ).toEqual([true]);
  });
});
