import { describe, expect, it } from "vitest";
import { evaluate, policies } from "../../../policies/pack.ts";
import { dockerTypes, type RegisteredResource } from "../../../targets/resources.ts";
import { found } from "../../fixtures/platforms.ts";
import { inEngine, type Reported, unknown } from "../engine.ts";
import { container, segment } from "../program.ts";

const excepted = (exceptions: unknown, inputs = {}) => [
  segment("media", "10.0.1.0/24"),
  container("prometheus"),
  container("app", inputs, {
    "ums.metrics": undefined,
    "ums.exceptions": typeof exceptions === "string" ? exceptions : JSON.stringify(exceptions),
  }),
];
const policyOf = (name: string) =>
  found(
    policies.find((one) => one.name === name),
    name,
  );
const silent: Reported = { messages: [], undecided: undefined };
const of = (resources: Parameters<typeof evaluate>[0], policy: string) =>
  evaluate(resources).violations.filter((one) => one.policy === policy);

describe("an exception", () => {
  it.each([
    [[{ policy: "privileged" }], "app: the exception from privileged has no reason"],
    [[{ policy: "privileged", reason: " " }], "app: the exception from privileged has no reason"],
    [
      [{ policy: "privilege", reason: "typo here" }],
      'app: the exception names the unknown policy "privilege"',
    ],
    [
      [{ policy: "privileged", reason: "old one", until: "2020-01-31" }],
      "app: the exception from privileged ended on 2020-01-31",
    ],
    [
      [{ policy: "privileged", reason: "no date", until: "soon" }],
      'app: the exception from privileged ends on "soon", which is no date',
    ],
    [
      [{ policy: "exceptions", reason: "all of them" }],
      'app: the exception names the unknown policy "exceptions"',
    ],
    ["{", "app: the label ums.exceptions cannot be read"],
    ['{"policy":"privileged"}', "app: the label ums.exceptions cannot be read"],
  ])("%j is a violation itself, and excuses nothing", (exceptions, problem) => {
    const resources = excepted(exceptions, { privileged: true });
    const [flaw, ...others] = of(resources, "exceptions");
    expect(flaw?.message).toMatch(problem);
    expect(flaw?.level).toBe("mandatory");
    expect(others).toEqual([]);
    expect(of(resources, "privileged")).toHaveLength(1);
    expect(evaluate(resources).used).toEqual([]);
  });

  it("takes one service out of one policy, until its last day, and is listed", () => {
    const exception = { policy: "privileged", reason: "it has to", until: "2099-01-31" };
    const resources = excepted([exception], { privileged: true, restart: "always" });
    const { violations, used } = evaluate(resources);
    expect(violations.map(({ policy }) => policy)).toEqual(["restart-policy", "unwatched-services"]);
    expect(used).toEqual([{ service: "app", ...exception }]);
  });

  it("is needed under the settings the pack has, which the engine tells of no other policy", () => {
    const large = { memory: 12_000, memorySwap: 12_000 };
    const resources = excepted([{ policy: "limit-budget", reason: "it indexes all media" }], large);
    const ofConfig = (config: Parameters<typeof evaluate>[1]) => {
      const { violations, used } = evaluate(resources, config);
      return [violations.map(({ policy }) => policy), used.map(({ policy }) => policy)];
    };
    expect(ofConfig({ "limit-budget": { memory: 8192 } })).toEqual([
      ["unwatched-services"],
      ["limit-budget"],
    ]);
    expect(ofConfig({})).toEqual([["unused-exceptions", "unwatched-services"], []]);
    expect(inEngine(policyOf("unused-exceptions"), resources)).toEqual(silent);
  });

  it("is not called unneeded where its policy could not be decided", () => {
    const fromHost = [{ policy: "host-namespaces", reason: "it watches the host" }];
    const unneeded = ["app: its exception from host-namespaces is not needed; remove it from the record"];
    const other = container("other", { networkMode: unknown });
    const unused = (inputs: object) =>
      inEngine(policyOf("unused-exceptions"), [...excepted(fromHost, inputs), other]);
    expect(unused({ networkMode: unknown })).toEqual(silent);
    expect(unused({})).toEqual({ ...silent, messages: unneeded });
    // Of a policy over the whole stack, what is not known of another service may matter.
    const fromSegments = excepted([{ policy: "foreign-segment", reason: "it is on both" }]);
    const elsewhere = (name: string) => container("other", { networksAdvanced: [{ name }] });
    const unusedIn = (name: string) =>
      inEngine(policyOf("unused-exceptions"), [...fromSegments, elsewhere(name)]).messages;
    expect(unusedIn(unknown)).toEqual([]);
    expect(unusedIn("test-media")).toHaveLength(1);
  });

  it("is warned of when nothing needs it", () => {
    const resources = excepted([{ policy: "privileged", reason: "it had to" }]);
    expect(of(resources, "unused-exceptions")).toEqual([
      expect.objectContaining({
        level: "advisory",
        message: "app: its exception from privileged is not needed; remove it from the record",
      }),
    ]);
  });
});

describe.each([
  [
    "exceptions",
    excepted([{ policy: "privileged" }]),
    "app: the exception from privileged has no reason; complete, renew or remove it in the record; this rule has no exceptions",
  ],
  [
    "unused-exceptions",
    excepted([{ policy: "privileged", reason: "it had to" }]),
    "app: its exception from privileged is not needed; remove it from the record",
  ],
])("%s in the engine", (name, bad, message) => {
  const judge = (resources: readonly RegisteredResource[]) => inEngine(policyOf(name), resources);
  const app = (labels: unknown) => [container("app", { labels })];
  const own = found(bad.at(-1), "app").inputs.labels as { label: string }[];

  it("refuses what it refuses in this process", () => {
    expect(of(bad, name).map((one) => one.message)).toEqual([message]);
    expect(judge(bad)).toEqual({ messages: [message], undecided: undefined });
  });

  it("lets a record without exceptions pass", () => {
    expect(judge([segment("media", "10.0.1.0/24"), container("app")])).toEqual(silent);
  });

  it("leaves a resource of another type alone", () => {
    const type = dockerTypes.volume;
    expect(judge(bad.map((one) => ({ ...one, type })))).toEqual(silent);
  });

  it("says what it could not decide", () => {
    const undecided = (path: string) => ({
      messages: [],
      undecided: `not known before the update: ${path} of ${path === "labels" ? "test-app" : "app"}`,
    });
    expect(judge(app(unknown))).toEqual(undecided("labels"));
    const index = own.findIndex(({ label }) => label === "ums.exceptions");
    const labels = own.map((one, at) => (at === index ? { ...one, value: unknown } : one));
    expect(judge(app(labels))).toEqual(undecided(`labels.${index}.value`));
  });
});

describe("the config", () => {
  const privileged = [
    segment("media", "10.0.1.0/24"),
    container("prometheus", { privileged: true, memory: 512 }),
  ];

  it("changes levels, settings, or turns a policy off", () => {
    const levels = (config: Parameters<typeof evaluate>[1]) =>
      evaluate(privileged, config).violations.map(({ policy, level }) => `${level} ${policy}`);
    expect(levels({})).toEqual(["mandatory privileged"]);
    expect(levels({ privileged: "advisory" })).toEqual(["advisory privileged"]);
    expect(levels({ privileged: "disabled" })).toEqual([]);
    expect(levels({ privileged: "disabled", "limit-budget": { memory: 256 } })).toEqual([
      "mandatory limit-budget",
    ]);
  });

  it.each([
    [{ privilege: "disabled" } as const, "there is no policy privilege"],
    [{ "limit-budget": { memroy: 1 } }, "limit-budget has no setting memroy"],
    [{ "limit-budget": { memory: "1" } }, "limit-budget.memory must be of type number"],
  ])("is refused when it names what is not there: %j", (config, message) => {
    expect(() => evaluate(privileged, config)).toThrow(message);
  });
});
