import { describe, expect, it } from "vitest";
import { loadStackConfig } from "../../../stacks/config/load.ts";
import { folder } from "../../fixtures/folders.ts";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

/** What is wrong with a `Pulumi.dev.yaml` of this text. */
function wrong(text: string): string[] {
  return complaints(() => loadStackConfig(folder({ "Pulumi.dev.yaml": text }), "dev"));
}

/** `Pulumi.dev.yaml:line:column` of the words in the text. */
function at(text: string, words: string): string {
  const { line, column } = positionOf(text, words);
  return `Pulumi.dev.yaml:${line}:${column}`;
}

/** The smallest stack config's text with one text in place of another. */
function changed(from: string, to: string): string {
  const text = stackText();
  if (!text.includes(from)) throw new Error(`the test expects "${from}" in:\n${text}`);
  return text.replace(from, to);
}

describe("a stack's config", () => {
  it("is read from Pulumi.<stack>.yaml, and defaults are filled in", () => {
    const config = loadStackConfig(folder({ "Pulumi.dev.yaml": stackText() }), "dev");
    expect(config).toMatchObject({ stack: "dev", file: "Pulumi.dev.yaml", secretKeys: [] });
    expect(config.platform).toMatchObject({
      timezone: "Etc/UTC",
      services: { exclude: [] },
      network: { segments: "10.10.0.0/16", links: "10.32.0.0/15" },
      publish: { address: "0.0.0.0", offset: 0 },
      gpu: { vendor: "none" },
      health: { interval: 15 },
      overrides: {},
    });
  });

  it("is read from another file when one is given", () => {
    const root = folder({ "elsewhere/mine.yaml": stackText({ domain: "elsewhere.test" }) });
    const config = loadStackConfig(root, "dev", { file: "elsewhere/mine.yaml" });
    expect(config.platform.domain).toBe("elsewhere.test");
    expect(config.file).toBe("elsewhere/mine.yaml");
  });

  it("leaves the settings of others alone", () => {
    const text = `${stackText()}  docker:host: unix:///var/run/docker.sock\nencryptionsalt: v1:salt\n`;
    const config = loadStackConfig(folder({ "Pulumi.dev.yaml": text }), "dev");
    expect(config.encryptionSalt).toBe("v1:salt");
  });

  it("names its secrets sorted, and keeps their encrypted values", () => {
    const text = stackText({}, { secrets: ["plexClientId", "backupPassword"] });
    const config = loadStackConfig(folder({ "Pulumi.dev.yaml": text }), "dev");
    expect(config.secretKeys).toEqual(["backupPassword", "plexClientId"]);
    expect(config.encryptedSecrets).toEqual({ backupPassword: "v1:encrypted", plexClientId: "v1:encrypted" });
  });

  it("knows where its values are written", () => {
    const text = stackText({ budget: { memory: 1024, cpus: 2 } });
    const config = loadStackConfig(folder({ "Pulumi.dev.yaml": text }), "dev");
    expect(config.locate(["budget", "cpus"])).toEqual({
      file: "Pulumi.dev.yaml",
      ...positionOf(text, "cpus: 2"),
    });
  });
});

describe("a wrong stack config is told with its place", () => {
  it("an unknown key, with the one that was meant", () => {
    const text = changed("domain:", "domian:");
    expect(wrong(text)).toEqual([
      expect.stringMatching(/domain is missing/),
      `${at(text, "domian")}: config.ums:platform has the unknown key "domian", did you mean "domain"?`,
    ]);
  });

  it("a wrong value, with the one that was meant", () => {
    const text = changed("environment: development", "environment: developement");
    expect(wrong(text)).toEqual([
      `${at(text, "environment: dev")}: config.ums:platform.environment is "developement", did you mean "development"?`,
    ]);
  });

  it("a wrong type", () => {
    const text = changed("cpus: 64", "cpus: many");
    expect(wrong(text)).toEqual([
      `${at(text, "cpus")}: config.ums:platform.budget.cpus is "many", expected number`,
    ]);
  });

  it("an unknown class of storage, with the one that was meant", () => {
    const text = stackText({ storage: { medai: { kind: "local" } } as never });
    expect(wrong(text)).toEqual([
      `${at(text, "medai")}: config.ums:platform.storage has the unknown key "medai", did you mean "media"?`,
    ]);
  });

  it("several at once", () => {
    const text = changed("images: rehearsal", "images: rehersal").replace("cpus: 64", "cpus: 0");
    expect(wrong(text)).toHaveLength(2);
  });

  it("no ums:platform at all", () => {
    expect(wrong("config: {}\n")).toEqual([expect.stringContaining("config.ums:platform is missing")]);
  });

  it.each<[string, Parameters<typeof stackText>[0], string]>([
    ["a domain with a scheme", { domain: "https://media.test" }, "not a domain name"],
    ["a domain of one label", { domain: "media" }, "not a domain name"],
    [
      "an address that is no network",
      { network: { segments: "10.10.0.1/16" } },
      "write a network as 10.10.0.0/16",
    ],
    ["a host name to publish on", { publish: { address: "localhost" } }, "publish.address"],
    ["a service name in capitals", { services: { include: ["Sonarr"] } }, "include[0]: not a service name"],
    ["a relative bind folder", { storage: { media: { kind: "bind", path: "srv" } } }, "storage.media.path"],
    ["Intel without its render group", { gpu: { vendor: "intel" } }, "Intel and AMD need renderGroup"],
    ["AMD without its render group", { gpu: { vendor: "amd" } }, "Intel and AMD need renderGroup"],
    ["a time zone with a space", { timezone: "Europe/New York" }, "not a time zone"],
    [
      "an override with half a digest",
      { overrides: { a: { image: { repository: "a", tag: "1", digest: "sha256:12" } } } },
      "overrides.a.image.digest",
    ],
  ])("%s", (_, fields, told) => {
    expect(wrong(stackText(fields))).toEqual([expect.stringMatching(/^Pulumi\.dev\.yaml:\d+:\d+: /)]);
    expect(wrong(stackText(fields))[0]).toContain(told);
  });

  it("Intel with its render group is right", () => {
    expect(wrong(stackText({ gpu: { vendor: "intel", renderGroup: 104 } }))).toEqual([]);
  });

  describe("a secret in plain text, without repeating it,", () => {
    const withSecrets = (written: string) =>
      `${stackText().replace(/ {2}ums:secrets: .*\n/, "")}  ums:secrets:${written}\n`;

    it("and how to set it", () => {
      expect(wrong(withSecrets("\n    plexClientId: hunter2"))).toEqual([
        expect.stringMatching(
          /^Pulumi\.dev\.yaml:\d+:5: config\.ums:secrets\.plexClientId: .*pulumi config set --secret --path 'ums:secrets\.<name>'/,
        ),
      ]);
    });

    it.each([
      ["in place of all secrets", " hunter2"],
      ["in a list", "\n    - hunter2"],
      ["as a list", "\n    plexClientId: [hunter2]"],
      ["as a mapping", "\n    plexClientId: {hunter2: hunter2}"],
      ["in place of the encrypted one", "\n    plexClientId: {secure: [hunter2]}"],
      ["beside the encrypted one", "\n    plexClientId: {secure: x, hunter2: hunter2}"],
      ["under a wrong name", "\n    plex-id: hunter2"],
      ["that starts like an alias", "\n    plexClientId: *hunter2"],
      ["that starts like a block of text", "\n    plexClientId: |hunter2"],
      ["that starts like a tag", "\n    plexClientId: !e!hunter2 x"],
      ["with a backslash", '\n    plexClientId: "\\unter2"'],
      ["with more behind it", '\n    plexClientId: "x" hunter2'],
    ])("%s", (_, written) => {
      const told = wrong(withSecrets(written));
      expect(told).not.toEqual([]);
      expect(told.join("\n")).not.toContain("unter2");
    });

    it("where the settings around it are no mapping", () => {
      const told = wrong("config:\n  - ums:secrets: {plexClientId: hunter2}\n");
      expect(told).toEqual(["Pulumi.dev.yaml:1:1: config is a list, expected object"]);
    });
  });
});

describe("a stack that is not there", () => {
  it("is told with the one that was meant", () => {
    const root = folder({ "Pulumi.staging.yaml": stackText() });
    expect(complaints(() => loadStackConfig(root, "stagging"))).toEqual([
      'Pulumi.stagging.yaml does not exist, so there is no stack "stagging", did you mean "staging"?',
    ]);
  });

  it("is told with those that are", () => {
    const root = folder({
      "Pulumi.dev.yaml": stackText(),
      "Pulumi.prod.yaml": stackText(),
      "Pulumi.yaml": "name: ums",
    });
    expect(complaints(() => loadStackConfig(root, "experiment"))).toEqual([
      expect.stringMatching(/stacks here: dev, prod$/),
    ]);
  });

  it("is told where there is none", () => {
    expect(complaints(() => loadStackConfig(folder(), "dev"))).toEqual([
      expect.stringMatching(/stacks here: none$/),
    ]);
  });
});

it.each(["Dev", "1dev", "dev_one", "a".repeat(22)])(
  "the stack name %s is refused: it becomes part of names",
  (stack) => {
    const root = folder({ [`Pulumi.${stack}.yaml`]: stackText() });
    expect(complaints(() => loadStackConfig(root, stack))).toEqual([
      expect.stringContaining(`the stack name "${stack}"`),
    ]);
  },
);

describe("a value that comes from the engine", () => {
  const root = () => folder({ "Pulumi.dev.yaml": stackText({ domain: "file.test" }) });
  const engineValue = (domain: string) => ({
    environment: "development",
    images: "rehearsal",
    domain,
    services: { include: "all" },
    budget: { memory: 1_000_000, cpus: 64 },
  });

  it("wins over the file", () => {
    const config = loadStackConfig(root(), "dev", { engineValue: engineValue("engine.test") });
    expect(config.platform.domain).toBe("engine.test");
  });

  it("keeps the file's places when it is the same", () => {
    const config = loadStackConfig(root(), "dev", { engineValue: engineValue("file.test") });
    expect(config.locate(["domain"]).line).toBeGreaterThan(1);
  });

  it("is checked too", () => {
    expect(complaints(() => loadStackConfig(root(), "dev", { engineValue: engineValue("nowhere") }))).toEqual(
      ["ums:platform.domain: not a domain name"],
    );
  });

  it("has no place in the file when it is another", () => {
    const config = loadStackConfig(root(), "dev", { engineValue: engineValue("engine.test") });
    expect(config.locate(["domain"])).toEqual({ file: "Pulumi.dev.yaml" });
  });
});
