import { describe, expect, it } from "vitest";
import { link, names, pairs, platform, platformOf } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { catalog, linkTo, linkToAny, listensOn, type RecordFields } from "../../fixtures/records.ts";
import { stackConfig } from "../../fixtures/stackConfigs.ts";

type Records = Record<string, RecordFields>;
type Services = { include?: "all" | string[]; exclude?: string[] };

const listening = { ports: listensOn(80) };
const choose = ({ include = "all", exclude = [] }: Services) => ({
  config: { services: { include, exclude } },
});
const chosen = (records: Records, services: Services) => platform(records, choose(services));
const wrong = (records: Records, services: Services) => complaints(() => chosen(records, services));

describe("the services of a stack", () => {
  const records = { alpha: {}, beta: {}, gamma: {} };

  it("are all of the catalogue", () => {
    expect(names(chosen(records, {}))).toEqual(["alpha", "beta", "gamma"]);
  });

  it("are those named, sorted", () => {
    expect(names(chosen(records, { include: ["gamma", "alpha"] }))).toEqual(["alpha", "gamma"]);
  });

  it("are all but those excluded", () => {
    expect(names(chosen(records, { exclude: ["beta"] }))).toEqual(["alpha", "gamma"]);
  });

  it.each([
    ["include", { include: ["alhpa"] }],
    ["exclude", { exclude: ["alhpa"] }],
  ])("that %s names and nobody knows are told with the one that was meant", (_, services) => {
    expect(wrong(records, services)).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: no service is called "alhpa", did you mean "alpha"\?$/,
      ),
    ]);
  });

  it("that overrides name and nobody knows are told", () => {
    const run = () => platform(records, { config: { overrides: { alhpa: { memory: 32 } } } });
    expect(complaints(run)).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: no service is called "alhpa", did you mean "alpha"\?$/,
      ),
    ]);
  });

  it("that are unknown are all told in one run", () => {
    expect(wrong(records, { include: ["one", "two"], exclude: ["three"] })).toHaveLength(3);
  });
});

describe("a required provider", () => {
  const records = {
    alpha: { links: [linkTo("beta")] },
    beta: { ...listening, links: [linkTo("gamma")] },
    gamma: listening,
  };

  it("is pulled into the stack, and so is what it requires", () => {
    expect(names(chosen(records, { include: ["alpha"] }))).toEqual(["alpha", "beta", "gamma"]);
  });

  it("that is pulled in is told with the chain that needs it", () => {
    expect(chosen(records, { include: ["alpha"] }).warnings).toEqual([
      { service: "beta", message: expect.stringMatching(/in the stack because alpha requires it$/) },
      { service: "gamma", message: expect.stringMatching(/in the stack because alpha -> beta requires it$/) },
    ]);
  });

  it("that was named anyway is not told", () => {
    expect(chosen(records, { include: ["alpha", "beta", "gamma"] }).warnings).toEqual([]);
  });

  it("that the config excludes is refused with the chain and the link's place", () => {
    expect(wrong(records, { include: ["alpha"], exclude: ["gamma"] })).toEqual([
      expect.stringMatching(
        /^catalog\/beta\.yaml:\d+:\d+: alpha -> beta requires "gamma", .*exclude "alpha" too$/,
      ),
    ]);
  });

  it("that is excluded together with its consumers is not missed", () => {
    expect(names(chosen(records, { exclude: ["alpha", "beta", "gamma"] }))).toEqual([]);
  });

  it("that no catalogue has is told with the one that was meant", () => {
    expect(wrong({ alpha: { links: [linkTo("bta")] }, beta: listening }, {})).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: links\[0\] names "bta", .*did you mean "beta"\?$/,
      ),
    ]);
  });

  it("may be the service whose network it lives in", () => {
    const through = { client: { through: "vpn" }, vpn: {} };
    expect(names(chosen(through, { include: ["client"] }))).toEqual(["client", "vpn"]);
    expect(wrong(through, { exclude: ["vpn"] })).toEqual([expect.stringMatching(/client requires "vpn"/)]);
  });
});

describe("an optional provider", () => {
  const records = { alpha: { links: [linkTo("beta", 80, { required: false })] }, beta: listening };

  it("is not pulled in", () => {
    expect(names(chosen(records, { include: ["alpha"] }))).toEqual(["alpha"]);
    expect(pairs(chosen(records, { include: ["alpha"] }))).toEqual([]);
  });

  it("is used when it is there", () => {
    const both = chosen(records, {});
    expect(pairs(both)).toEqual(["alpha -> beta"]);
    expect(link(both, "alpha", "beta").required).toBe(false);
  });

  it("that no catalogue has is told all the same", () => {
    expect(wrong({ alpha: { links: [linkTo("nobody", 80, { required: false })] } }, {})).toHaveLength(1);
  });
});

describe("any of several providers", () => {
  const records = { alpha: { links: [linkToAny(["beta", "gamma"], 80)] }, beta: listening, gamma: listening };

  it("is the first where none is named", () => {
    expect(names(chosen(records, { include: ["alpha"] }))).toEqual(["alpha", "beta"]);
  });

  it("is the one that is named", () => {
    expect(names(chosen(records, { include: ["alpha", "gamma"] }))).toEqual(["alpha", "gamma"]);
    expect(names(chosen(records, { include: ["gamma", "alpha"] }))).toEqual(["alpha", "gamma"]);
  });

  it("is the next one where the first is excluded", () => {
    expect(names(chosen(records, { include: ["alpha"], exclude: ["beta"] }))).toEqual(["alpha", "gamma"]);
  });

  it("are all linked where all are there", () => {
    expect(pairs(chosen(records, {}))).toEqual(["alpha -> beta", "alpha -> gamma"]);
  });

  it("is refused where all are excluded", () => {
    expect(wrong(records, { include: ["alpha"], exclude: ["beta", "gamma"] })).toEqual([
      expect.stringContaining('alpha requires "beta" or "gamma"'),
    ]);
  });

  it("is not pulled in where it is optional", () => {
    const optional = {
      ...records,
      alpha: { links: [linkToAny(["beta", "gamma"], 80, { required: false })] },
    };
    expect(names(chosen(optional, { include: ["alpha"] }))).toEqual(["alpha"]);
  });

  it("may include one no catalogue has, which is told", () => {
    const typo = { ...records, alpha: { links: [linkToAny(["beta", "gama"], 80)] } };
    expect(wrong(typo, {})).toEqual([
      expect.stringContaining('names "gama", which is in no catalogue, did you mean "gamma"?'),
    ]);
  });

  it("are the same whatever the order of the config's list", () => {
    const more = { ...records, delta: { links: [linkTo("gamma")] } };
    const one = names(chosen(more, { include: ["delta", "alpha"] }));
    const other = names(chosen(more, { include: ["alpha", "delta"] }));
    expect(other).toEqual(one);
    expect(one).toEqual(["alpha", "delta", "gamma"]);
  });

  it("are chosen one after the other, so that one choice may serve the next", () => {
    const more = {
      ...records,
      delta: { links: [linkToAny(["gamma", "beta"], 80)] },
      epsilon: { ...listening, links: [linkTo("gamma")] },
    };
    expect(names(chosen(more, { include: ["delta", "alpha"] }))).toEqual(["alpha", "beta", "delta"]);
    const pulls = { ...more, beta: { ...listening, links: [linkTo("epsilon")] } };
    expect(names(chosen(pulls, { include: ["delta", "alpha"] }))).toEqual([
      "alpha",
      "beta",
      "delta",
      "epsilon",
      "gamma",
    ]);
  });
});

describe("what measures a service", () => {
  const records = {
    alpha: listening,
    beta: listening,
    collector: { roles: ["metrics"] },
    gauge: {
      ports: listensOn(9100),
      metrics: { port: 9100 },
      measures: "alpha",
      links: [linkTo("alpha")],
    },
  } satisfies Records;

  it("is in every stack that has it and something that collects, and it is told why", () => {
    const of = chosen(records, { include: ["alpha", "collector"] });
    expect(names(of)).toEqual(["alpha", "collector", "gauge"]);
    expect(of.warnings).toEqual([
      {
        service: "gauge",
        message: "gauge is in the stack because it measures alpha; services.exclude leaves it out",
      },
    ]);
    expect(pairs(of)).toEqual(["collector -> gauge", "gauge -> alpha"]);
  });

  it("is not where one of the two is missing", () => {
    expect(names(chosen(records, { include: ["alpha"] }))).toEqual(["alpha"]);
    expect(names(chosen(records, { include: ["beta", "collector"] }))).toEqual(["beta", "collector"]);
  });

  it("is left out by its name", () => {
    const of = chosen(records, { include: ["alpha", "collector"], exclude: ["gauge"] });
    expect(names(of)).toEqual(["alpha", "collector"]);
    expect(of.warnings).toEqual([]);
  });

  it("comes where another requires what it measures, too, and with what it requires itself", () => {
    const more = {
      ...records,
      gamma: { links: [linkTo("alpha")] },
      gauge: { ...records.gauge, links: [linkTo("alpha"), linkTo("delta")] },
      delta: listening,
      // And so does what measures that.
      second: { ...records.gauge, measures: "delta", links: [linkTo("delta")] },
    };
    const of = chosen(more, { include: ["gamma", "collector"] });
    expect(names(of)).toEqual(["alpha", "collector", "delta", "gamma", "gauge", "second"]);
  });

  it("that is named anyway is not told", () => {
    expect(chosen(records, {}).warnings).toEqual([]);
  });
});

describe("conflicts", () => {
  const records = {
    alpha: { conflicts: [{ service: "beta", reason: "both want the same device" }] },
    beta: {},
  };

  it("are refused with their reason", () => {
    expect(wrong(records, {})).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha and beta cannot run together: both want the same device$/,
      ),
    ]);
  });

  it("are none where one of the two is excluded", () => {
    expect(wrong(records, { exclude: ["beta"] })).toEqual([]);
    expect(wrong(records, { exclude: ["alpha"] })).toEqual([]);
  });

  it("with a service that no catalogue has are told", () => {
    const typo = { alpha: { conflicts: [{ service: "bta", reason: "both want it" }] }, beta: {} };
    expect(wrong(typo, {})).toEqual([
      expect.stringContaining('conflicts[0] names "bta", which is in no catalogue'),
    ]);
  });

  it("arise with a service that is pulled in, too", () => {
    const pulled = { ...records, beta: listening, gamma: { links: [linkTo("beta")] } };
    expect(wrong(pulled, { include: ["alpha", "gamma"] })).toEqual([
      expect.stringContaining("cannot run together"),
    ]);
  });
});

describe("a retired service", () => {
  it("is told with its successor", () => {
    const records = {
      old: { lifecycle: { status: "retired", successor: "next" } },
      next: {},
    } satisfies Records;
    expect(chosen(records, { include: ["old"] }).warnings).toEqual([
      expect.objectContaining({ service: "old", message: "old is retired: its successor is next" }),
    ]);
  });

  it("is told with its note where it has no successor", () => {
    const records = {
      old: { lifecycle: { status: "retired", note: "nothing came after it" } },
    } satisfies Records;
    expect(chosen(records, {}).warnings).toEqual([
      expect.objectContaining({ service: "old", message: "old is retired: nothing came after it" }),
    ]);
  });

  it("is refused with a successor that no catalogue has", () => {
    const records = {
      old: { lifecycle: { status: "retired", successor: "nxt" } },
      next: {},
    } satisfies Records;
    expect(wrong(records, {})).toEqual([
      expect.stringMatching(
        /^catalog\/old\.yaml:\d+:\d+: the successor "nxt" is in no catalogue, did you mean "next"\?$/,
      ),
    ]);
  });

  it("that is active has no warning", () => {
    expect(chosen({ alpha: {} }, {}).warnings).toEqual([]);
  });
});

it("everything that is wrong is told in one run, over several files", () => {
  const records = catalog({
    alpha: { links: [linkTo("nobody")], environment: { KEY: "${NOBODY}" } },
    beta: { limits: { memory: 16, cpus: 9 }, image: { repository: "docker.io/library/none", tag: "1" } },
  });
  const config = stackConfig({ images: "real", budget: { memory: 64, cpus: 8 }, overrides: { gamma: {} } });
  const told = complaints(() => platformOf(records, config));
  expect(told.map((line) => line.split(":")[0]).sort()).toEqual([
    "Pulumi.test.yaml",
    "catalog/alpha.yaml",
    "catalog/alpha.yaml",
    "catalog/beta.yaml",
    "catalog/beta.yaml",
  ]);
});

it("one problem is told once, though the text runs into it twice", () => {
  expect(complaints(() => platform({ alpha: { environment: { KEY: "${NOBODY} ${NOBODY}" } } }))).toHaveLength(
    1,
  );
});
