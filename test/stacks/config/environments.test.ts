import { describe, expect, it } from "vitest";
import { loadEnvironments } from "../../../stacks/config/load.ts";
import { templateVariables } from "../../../stacks/resolve/environment.ts";
import { folder, projectRoot } from "../../fixtures/folders.ts";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { stackConfig } from "../../fixtures/stackConfigs.ts";

const path = "catalog/environments.yaml";

function wrong(text: string): string[] {
  return complaints(() => loadEnvironments(folder({ [path]: text })));
}

describe("the project's environments", () => {
  const variablesOf = (environment: "development" | "staging" | "production") =>
    templateVariables(loadEnvironments(projectRoot), stackConfig({ environment }), () => {});

  it.each([
    ["development", "debug", "60"],
    ["staging", "info", "300"],
    ["production", "warning", "3600"],
  ] as const)("%s logs at %s and caches for %s s", (environment, LOG_LEVEL, CACHE_TTL) => {
    expect(variablesOf(environment)).toMatchObject({ LOG_LEVEL, CACHE_TTL });
  });

  it("staging inherits from development", () => {
    expect(loadEnvironments(projectRoot).environments.staging.inherits).toBe("development");
    expect(variablesOf("staging").ENABLE_PROFILING).toBe(variablesOf("development").ENABLE_PROFILING);
  });

  it("production is not profiled", () => {
    expect(variablesOf("production").ENABLE_PROFILING).toBe("false");
  });
});

describe("wrong environments are told with their place", () => {
  it("an unknown parent, with the one that was meant", () => {
    const text =
      "base: {}\nenvironments:\n  development: {variables: {}}\n  staging: {inherits: developmnt, variables: {}}\n  production: {variables: {}}\n";
    expect(wrong(text)).toEqual([
      `${path}:4:13: environments.staging.inherits is "developmnt", did you mean "development"?`,
    ]);
  });

  it("one that is left out", () => {
    const text = "base: {}\nenvironments:\n  development: {variables: {}}\n  staging: {variables: {}}\n";
    expect(wrong(text)).toEqual([expect.stringMatching(/^catalog\/environments\.yaml:2:1: .*production/)]);
  });

  it("those that inherit from each other", () => {
    const text = `base: {}
environments:
  development: {inherits: staging, variables: {}}
  staging: {inherits: development, variables: {}}
  production: {variables: {}}
`;
    const { line, column } = positionOf(text, "inherits: staging");
    expect(wrong(text)).toContain(`${path}:${line}:${column}: development inherits from itself`);
  });

  it("one that inherits from itself", () => {
    const text =
      "base: {}\nenvironments:\n  development: {variables: {}}\n  staging: {variables: {}}\n  production: {inherits: production, variables: {}}\n";
    expect(wrong(text)).toEqual([`${path}:5:16: production inherits from itself`]);
  });

  it("a file that is not there", () => {
    expect(complaints(() => loadEnvironments(folder()))).toEqual([
      `${path}: the file is not there, or is a link to one that is not`,
    ]);
  });

  it("a folder in its place", () => {
    const root = folder({ [`${path}/a.yaml`]: "" });
    expect(complaints(() => loadEnvironments(root))).toEqual([`${path}: the file cannot be read (EISDIR)`]);
  });
});
