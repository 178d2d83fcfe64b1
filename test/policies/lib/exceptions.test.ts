import { describe, expect, it } from "vitest";
import { evaluate } from "../../../policies/pack.ts";
import { container, segment } from "../program.ts";

const excepted = (exceptions: unknown, inputs = {}) => [
  segment("media", "10.0.1.0/24"),
  container("prometheus"),
  container("app", inputs, {
    "ums.metrics": undefined,
    "ums.exceptions": typeof exceptions === "string" ? exceptions : JSON.stringify(exceptions),
  }),
];
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
