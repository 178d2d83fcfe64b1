import { describe, expect, it } from "vitest";
import type { EnvironmentName } from "../../../stacks/catalog/record.ts";
import { platform, service } from "../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { type RecordFields, recordText } from "../../fixtures/records.ts";
import { environments, stackText } from "../../fixtures/stackConfigs.ts";

/** Development, staging that inherits it, and production, each with the given variables. */
function inheriting(
  base: Record<string, string>,
  development: Record<string, string>,
  staging: Record<string, string>,
) {
  return environments({
    base,
    environments: {
      development: { variables: development },
      staging: { inherits: "development", variables: staging },
      production: { variables: {} },
    },
  });
}

/** The variables of the only service, in an environment. */
function variables(
  fields: RecordFields,
  environment: EnvironmentName,
  input: Parameters<typeof platform>[1] = {},
) {
  const config = { ...input.config, environment };
  return service(
    platform({ alpha: fields }, { environments: inheriting({}, {}, {}), ...input, config }),
    "alpha",
  ).environment;
}

describe("template variables", () => {
  const layered = inheriting(
    { ONE: "base", TWO: "base", THREE: "base", FOUR: "base" },
    { TWO: "inherited", THREE: "inherited", FOUR: "inherited" },
    { THREE: "environment", FOUR: "environment" },
  );
  const fields: RecordFields = { environment: { ALL: "${ONE} ${TWO} ${THREE} ${FOUR}" } };
  const config = { variables: { FOUR: "stack" } };

  it("are overridden from base to inherited environment to environment to stack", () => {
    expect(variables(fields, "staging", { environments: layered, config })).toEqual({
      ALL: "base inherited environment stack",
    });
  });

  it("of an environment do not reach the one it inherits from", () => {
    expect(variables(fields, "development", { environments: layered })).toEqual({
      ALL: "base inherited inherited inherited",
    });
  });

  it("of an environment do not reach one that does not inherit it", () => {
    expect(variables(fields, "production", { environments: layered })).toEqual({
      ALL: "base base base base",
    });
  });

  it("include the stack, its domain and its time zone, which nothing overrides", () => {
    const config = {
      domain: "media.test",
      timezone: "Europe/Berlin",
      variables: { DOMAIN: "other", TZ: "other" },
    };
    expect(
      variables({ environment: { ALL: "${STACK} ${DOMAIN} ${TZ}" } }, "production", {
        config,
        stack: { stack: "home" },
      }),
    ).toEqual({ ALL: "home media.test Europe/Berlin" });
  });

  it("may be numbers and booleans", () => {
    const base = environments({ base: { COUNT: 3, FLAG: false } });
    expect(
      variables({ environment: { ALL: "${COUNT} ${FLAG}" } }, "production", { environments: base }),
    ).toEqual({ ALL: "3 false" });
  });

  it("reach no service that does not name them", () => {
    expect(variables({}, "staging", { environments: layered })).toEqual({});
  });
});

describe("a service's variables", () => {
  const everywhere = (value: string, ...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, value]));
  const fields: RecordFields = {
    environment: everywhere("service", "ONE", "TWO", "THREE", "FOUR", "FIVE"),
    environments: {
      all: everywhere("all", "TWO", "THREE", "FOUR", "FIVE"),
      development: everywhere("inherited", "THREE", "FOUR", "FIVE"),
      staging: everywhere("environment", "FOUR", "FIVE"),
      production: { SIX: "production" },
    },
  };
  const config = { overrides: { alpha: { environment: { FIVE: "override" } } } };

  it("are overridden from service to all to inherited environment to environment to the stack's override", () => {
    expect(variables(fields, "staging", { config })).toEqual({
      ONE: "service",
      TWO: "all",
      THREE: "inherited",
      FOUR: "environment",
      FIVE: "override",
    });
  });

  it("of another environment are left out", () => {
    expect(variables(fields, "production")).toEqual({
      ONE: "service",
      TWO: "all",
      THREE: "all",
      FOUR: "all",
      FIVE: "all",
      SIX: "production",
    });
  });

  it("are texts, sorted by name", () => {
    const of = variables({ environment: { Z: 1, A: true, M: "text" } }, "production");
    expect(Object.entries(of)).toEqual([
      ["A", "true"],
      ["M", "text"],
      ["Z", "1"],
    ]);
  });
});

describe("a template", () => {
  const filled = (text: string) =>
    variables({ environment: { KEY: text } }, "production", { config: { domain: "media.test" } }).KEY;

  it.each([
    ["one ${DOMAIN}", "one media.test"],
    ["${DOMAIN}${DOMAIN}", "media.testmedia.test"],
    ["$${DOMAIN}", "${DOMAIN}"],
    ["$${DOMAIN} ${DOMAIN}", "${DOMAIN} media.test"],
    ["$$${DOMAIN}", "$${DOMAIN}"],
    ["$${anything at all}", "${anything at all}"],
    ["$DOMAIN", "$DOMAIN"],
    ["${DOMAIN", "${DOMAIN"],
    ["a$b$$c", "a$b$$c"],
  ])("%s becomes %s", (text, result) => {
    expect(filled(text)).toBe(result);
  });

  it("is filled in once: a value's own ${ is left alone", () => {
    const config = { variables: { OUTER: "${INNER}", INNER: "x" } };
    expect(variables({ environment: { KEY: "${OUTER}" } }, "production", { config })).toEqual({
      KEY: "${INNER}",
    });
  });

  it("is filled in in files, commands and entry points, too", () => {
    const of = service(
      platform({
        alpha: {
          files: [{ path: "/etc/a/b", content: "at ${DOMAIN}\n" }],
          command: ["serve", "--at=${DOMAIN}"],
          entrypoint: ["/bin/${STACK}"],
        },
      }),
      "alpha",
    );
    expect(of.files).toEqual([{ path: "/etc/a/b", mode: "0444", content: { text: "at media.localhost\n" } }]);
    expect(of.command).toEqual(["serve", "--at=media.localhost"]);
    expect(of.entrypoint).toEqual(["/bin/test"]);
  });

  it("with an unknown variable is refused with the one that was meant, and how to write a literal", () => {
    expect(complaints(() => filled("${DOMIAN}"))).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: there is no template variable "DOMIAN", did you mean "DOMAIN"\?; write \$\$\{ for a literal \$\{$/,
      ),
    ]);
  });

  it("with an unknown variable is told where it is written", () => {
    const records = {
      alpha: { command: ["a", "${NOBODY}"], files: [{ path: "/etc/a/b", content: "${NOBODY}" }] },
    };
    const lines = complaints(() => platform(records)).map((line) => Number(line.split(":")[1]));
    expect(new Set(lines).size).toBe(2);
  });

  it("with one nothing is near names all there are", () => {
    expect(complaints(() => filled("${QUITE_ANOTHER}"))).toEqual([
      expect.stringContaining("; possible: DOMAIN, STACK, TZ, URL_PORT;"),
    ]);
  });

  it("in an override of another service is not looked at", () => {
    const input = {
      config: {
        overrides: { beta: { environment: { KEY: "${NOBODY}" } } },
        services: { include: ["alpha"] },
      },
    };
    expect(complaints(() => platform({ alpha: {}, beta: {} }, input))).toEqual([]);
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "with the unknown variable %s is refused",
    (name) => {
      expect(complaints(() => filled(`\${${name}}`))).toEqual([
        expect.stringContaining(`there is no template variable "${name}"`),
      ]);
    },
  );

  it("in the stack config's override is told at the stack's config", () => {
    const input = { config: { overrides: { alpha: { environment: { KEY: "${NOBODY}" } } } } };
    const line = positionOf(stackText(input.config), "KEY:").line;
    expect(complaints(() => platform({ alpha: {} }, input))).toEqual([
      expect.stringMatching(
        new RegExp(`^Pulumi\\.test\\.yaml:${line}:\\d+: there is no template variable "NOBODY"`),
      ),
    ]);
  });

  it.each(["all", "development"] as const)("in the override for %s is told there", (layer) => {
    const fields: RecordFields = {
      environment: { KEY: "x" },
      environments: { [layer]: { KEY: "${NOBODY}" } },
    };
    const [told = ""] = complaints(() => platform({ alpha: fields }));
    expect(told).toContain("NOBODY");
    const { line } = positionOf(recordText({ number: 0, ...fields, name: "alpha" }), "KEY: ${NOBODY}");
    expect(told).toMatch(new RegExp(`^catalog/alpha\\.yaml:${line}:`));
  });
});
