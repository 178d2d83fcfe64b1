import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { stackFileSchema } from "../../../stacks/config/schema.ts";
import { changeVersions } from "../../../stacks/config/versions.ts";
import { parseYaml } from "../../../stacks/yaml.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

const written = `# mine
config:
  ums:platform:
    domain: media.example.com # ours
    budget: {memory: 1024, cpus: 2}
  ums:secrets:
    smtpPassword:
      secure: v1:old # by hand
`;

describe("versions in a stack's config", () => {
  const first = { "app/key": { version: 2, since: "2027-06-30", previous: 1 } };

  it("are added on a line each, the day in quotes, and nothing else changes", () => {
    expect(changeVersions(written, { versions: first })).toBe(
      written.replace(
        "  ums:secrets",
        '    secretVersions:\n      app/key: {version: 2, since: "2027-06-30", previous: 1}\n  ums:secrets',
      ),
    );
  });

  it("leave nothing behind when they go", () => {
    const with1 = changeVersions(written, { versions: first });
    expect(changeVersions(with1, { versions: { "app/key": undefined } })).toBe(written);
    expect(changeVersions(written, { versions: { "app/key": undefined } })).toBe(written);
  });

  it("change beside others, and with an encrypted value", () => {
    const changed = changeVersions(changeVersions(written, { versions: first }), {
      versions: { smtpPassword: { version: 3 } },
      ciphertexts: { smtpPassword: "v1:new" },
    });
    const { config } = parse(changed) as { config: Record<string, Record<string, unknown>> };
    expect(config["ums:platform"]?.secretVersions).toEqual({ ...first, smtpPassword: { version: 3 } });
    expect(config["ums:secrets"]).toEqual({ smtpPassword: { secure: "v1:new" } });
    expect(changed).toContain("# ours");
  });

  it("are read back as they were written, and twice is once", () => {
    const entry = fc.record(
      {
        version: fc.integer({ min: 2, max: 900 }),
        since: fc.constantFrom("2026-01-01", "2027-12-31"),
        previous: fc.constant(1),
      },
      { requiredKeys: ["version"] },
    );
    const names = fc.constantFrom("a/b", "app-two/database-password", "smtpPassword");
    fc.assert(
      fc.property(fc.dictionary(names, entry), (versions) => {
        const text = changeVersions(stackText(), { versions });
        const result = parseYaml("Pulumi.test.yaml", text, stackFileSchema);
        expect(result.ok && result.yaml.value.config["ums:platform"].secretVersions).toEqual(versions);
        expect(changeVersions(text, { versions })).toBe(text);
      }),
    );
  });

  it.each([
    ["a name that is none", '"a/b/c": {version: 2}', "write service/secret or a key of ums:secrets"],
    ["the same version before", "a/b: {version: 2, previous: 2}", "the previous version is another one"],
    ["no day", "a/b: {version: 2, since: tomorrow}", "write a day as 2027-06-30"],
    ["no number", "a/b: {version: two}", "secretVersions"],
  ])("are refused: %s", (_, line, message) => {
    const text = written.replace("    budget", `    secretVersions:\n      ${line}\n    budget`);
    const result = parseYaml("Pulumi.test.yaml", text, stackFileSchema);
    const problems = result.ok ? [] : result.problems;
    const found = problems.find((problem) => problem.message.includes(message));
    expect(found?.place).toMatchObject({ file: "Pulumi.test.yaml", line: 6 });
  });

  it.each(["2027-06-30T00:00:00Z", "2027-06-30 00:00:00 +0000 UTC"])(
    "take a day as Pulumi hands one on that has no quotes: %s",
    (since) => {
      const text = changeVersions(stackText(), {
        versions: { "a/b": { version: 2, since } },
      });
      const result = parseYaml("Pulumi.test.yaml", text, stackFileSchema);
      expect(result.ok && result.yaml.value.config["ums:platform"].secretVersions["a/b"]?.since).toBe(
        "2027-06-30",
      );
    },
  );
});
