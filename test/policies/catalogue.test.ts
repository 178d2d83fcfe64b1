import { describe, expect, it } from "vitest";
import { evaluate, policies } from "../../policies/pack.ts";
import { loadStack } from "../../stacks/load.ts";
import { checkProgram } from "../../targets/check/check.ts";
import { declareStack } from "../../targets/declare.ts";
import { declared, devStack, realStack } from "../components/fixtures.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { inEngine, withNulls } from "./engine.ts";
import { previewed } from "./preview.ts";
import { stackResources } from "./stacks.ts";

/** Every service that has a real image, as production. */
const wholeStack = () =>
  realStack({
    publish: { address: "0.0.0.0", offset: 0 },
    budget: { memory: 131_072, cpus: 16 },
    gpu: { vendor: "intel", renderGroup: 105 },
  });

describe.each(["dev", "staging", "prod"] as const)("the catalogue in %s", async (stack) => {
  const loaded = loadStack(projectRoot, stack);
  const report = checkProgram(projectRoot, loaded, await declareStack(projectRoot, loaded));

  it("breaks no mandatory policy, with the config that is checked in", () => {
    expect(report.refused).toEqual([]);
  });

  it("needs the exceptions it declares, and no others", () => {
    expect(
      report.exceptions.map(({ service, policy, reason }) => `${service}: ${policy}: ${reason}`),
    ).toMatchSnapshot();
    expect(report.advisory.filter(({ policy }) => policy === "unused-exceptions")).toEqual([]);
  });
});

describe.each([
  ["dev", () => devStack()],
  ["the whole catalogue with real images", () => wholeStack()],
] as const)("the first preview of %s", async (_, stack) => {
  const loaded = stack();
  const resources = await previewed(loaded);
  const verdicts = policies.map((policy) => ({ ...policy, ...inEngine(policy, resources) }));

  it("leaves undecided the VPN's id in networkMode and generated secrets in variables alone: what else policies read is plain", () => {
    const undecided = verdicts.flatMap(({ name, undecided = "" }) =>
      undecided
        .split(/, |\n/)
        .filter((input) => input !== "")
        .map(
          (input) => `${name}: ${input.replace(/^not known before the update: /, "").replace(/\.\d+ /, " ")}`,
        ),
    );
    const generated = new Set(
      loaded.platform.secrets.filter(({ source }) => source.kind !== "config").map(({ id }) => id),
    );
    const expected = loaded.platform.services.flatMap(({ name, through, secretVariables }) => [
      ...(through === undefined ? [] : [`host-namespaces: networkMode of ${name}`]),
      ...(secretVariables.some(({ secret }) => generated.has(secret))
        ? [`literal-credentials: envs of ${name}`]
        : []),
    ]);
    expect([...new Set(undecided)].sort()).toEqual(expected.sort());
  });

  it("breaks no mandatory policy", () => {
    const broken = verdicts.filter(({ level, messages }) => level === "mandatory" && messages.length > 0);
    expect(broken.map(({ name, messages }) => [name, messages])).toEqual([]);
  });

  it("is judged alike where a provider tells what is not set as null", () => {
    const planned = withNulls(resources, policies);
    const nulls = planned.filter(({ inputs }) => Object.values(inputs).includes(null));
    expect(nulls.length).toBe(resources.length);
    for (const verdict of verdicts) {
      const { name, messages, undecided } = verdict;
      expect(inEngine(verdict, planned), name).toEqual({ messages, undecided });
    }
  });
});

describe("development", () => {
  const relaxed = policies
    .filter(({ settings }) => settings?.relaxedIn !== undefined)
    .map(({ name }) => name);

  it("relaxes images, the data it throws away, and exceptions for what it does not run, and nothing else", () => {
    expect(relaxed.sort()).toEqual(["image-digest", "image-registry", "protected-data", "unused-exceptions"]);
  });

  it("would break these, and no other mandatory policy, as production", async () => {
    const resources = structuredClone(await stackResources("dev"));
    for (const { inputs } of resources) {
      for (const one of (inputs.labels ?? []) as { label: string; value: string }[])
        if (one.label === "ums.environment") one.value = "production";
    }
    const broken = evaluate(resources).violations.filter(({ level }) => level === "mandatory");
    expect([...new Set(broken.map(({ policy }) => policy))].sort()).toEqual(
      relaxed.filter((name) => name !== "unused-exceptions"),
    );
  });
});

describe("the whole catalogue with real images, as production", async () => {
  const loaded = wholeStack();
  const { violations, used } = evaluate((await declared(loaded)).resources);

  it("breaks no mandatory policy", () => {
    expect(violations.filter(({ level }) => level === "mandatory")).toEqual([]);
  });

  it("needs every exception of every record", () => {
    const declaredOnes = loaded.platform.services.flatMap(({ name, exceptions }) =>
      exceptions.map(({ policy }) => `${name}: ${policy}`),
    );
    expect(used.map(({ service, policy }) => `${service}: ${policy}`).sort()).toEqual(declaredOnes.sort());
  });
});
