import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../stacks/catalog/load.ts";
import { Chooser } from "../../stacks/chooser.ts";
import { InputError } from "../../stacks/errors.ts";
import { resolvePlatform } from "../../stacks/resolve/index.ts";
import { projectRoot } from "../fixtures/folders.ts";
import { catalog, linkTo, linkToAny, listensOn } from "../fixtures/records.ts";
import { environments, stackConfig } from "../fixtures/stackConfigs.ts";

const records = catalog({
  app: { links: [linkTo("store")], conflicts: [{ service: "rival", reason: "both want the door" }] },
  copy: { replicaOf: "app" },
  rival: {},
  store: { limits: { memory: 100, cpus: 2 } },
  either: { links: [linkToAny(["rival", "store"], 80)] },
});
const chooserOf = (include: "all" | string[], exclude: string[] = []) =>
  new Chooser(records, stackConfig({ services: { include, exclude } }));

describe("choosing services", () => {
  it("brings along what a service requires", () => {
    const chooser = chooserOf(["rival"]);
    expect(chooser.joining(chooser.before, "app")).toEqual(["store"]);
    expect([...chooser.present(chooser.with(chooser.before, "app"))]).toEqual([
      ["app", []],
      ["rival", []],
      ["store", ["app"]],
    ]);
  });

  it("brings back what the config excludes when it is required, and only then", () => {
    const chooser = chooserOf(["rival"], ["store"]);
    expect([...chooser.with(chooser.before, "app")].sort()).toEqual(["app", "rival", "store"]);
    expect([...chooser.with(chooser.before, "either")].sort()).toEqual(["either", "rival"]);
  });

  it("takes out with a service those that cannot do without it, its copies too", () => {
    const chooser = chooserOf(["copy", "app", "store", "rival"]);
    expect(chooser.falling(chooser.before, "store")).toEqual(["app"]);
    expect([...chooser.without(chooser.before, "store")]).toEqual(["rival"]);
  });

  it("brings along what measures a service, which another than it does not take out", () => {
    const measured = catalog({
      app: { ports: listensOn(80) },
      collector: { roles: ["metrics"] },
      gauge: {
        ports: listensOn(9100),
        metrics: { port: 9100 },
        measures: "app",
        links: [linkTo("app"), linkTo("store")],
      },
      store: { ports: listensOn(80) },
    });
    const chooser = new Chooser(measured, stackConfig({ services: { include: ["collector"] } }));
    expect(chooser.joining(chooser.before, "app")).toEqual(["gauge", "store"]);
    const named = chooser.with(chooser.before, "app");
    for (const name of ["gauge", "store"]) expect(chooser.without(named, name)).toEqual(named);
    expect([...chooser.present(chooser.without(named, "app")).keys()]).toEqual(["collector"]);
  });

  it("finds a clash from both sides", () => {
    const chooser = chooserOf(["rival"]);
    const reason = "both want the door";
    expect(chooser.clashes(chooser.present(chooser.before), "app")).toEqual([{ service: "rival", reason }]);
    expect(chooser.clashes(new Map([["app", []]]), "rival")).toEqual([{ service: "app", reason }]);
  });

  it("adds up limits as the budget does, overrides too", () => {
    const config = stackConfig({ services: { include: ["app"] }, overrides: { app: { memory: 50 } } });
    const chooser = new Chooser(records, config);
    expect(chooser.totals(chooser.present(chooser.before))).toEqual({ memory: 150, cpus: 2.1, mostCpus: 2 });
  });

  it("says what the config has to say differently", () => {
    const chooser = chooserOf("all", ["rival"]);
    expect(chooser.change(new Set(["rival", "store"]))).toEqual({
      add: ["rival"],
      remove: ["app", "copy", "either"],
    });
  });
});

describe("whatever one chooses from the project's catalogue, in any order", () => {
  const whole = loadCatalog(projectRoot, ["catalog"]);
  const names = [...whole.keys()];

  it("is a stack that can be, with the services that were shown", () => {
    const steps = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom("all" as const, ["jellyfin"]), steps, (include, toggled) => {
        const chooser = new Chooser(whole, stackConfig({ services: { include } }));
        let named = chooser.before;
        for (const name of toggled)
          named = chooser.present(named).has(name) ? chooser.without(named, name) : chooser.with(named, name);
        if (named.size === 0) return;
        const services = {
          include: include === "all" ? include : [...named],
          exclude: include === "all" ? names.filter((name) => !named.has(name)) : [],
        };
        try {
          const platform = resolvePlatform(whole, stackConfig({ services }), environments(), {});
          expect(platform.services.map(({ name }) => name)).toEqual([...chooser.present(named).keys()]);
        } catch (error) {
          // Variables of the records are not this test's matter; what excludes what is.
          if (!(error instanceof InputError)) throw error;
          expect(error.message).not.toMatch(/excludes|cannot run together/);
        }
      }),
      { numRuns: 40 },
    );
  });
});
