import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { findPulumi, PulumiEngine, selectStack } from "../../../cli/engines/pulumi.ts";
import { openSession, root } from "../../../cli/session.ts";
import { folder } from "../../fixtures/folders.ts";
import { stackText } from "../../fixtures/stackConfigs.ts";

const version = await findPulumi();

/** What marks a secret in a state, and one in plain text. */
const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe.skipIf(version === undefined)("what Pulumi keeps of a stack", { timeout: 300_000 }, () => {
  let home: string;
  beforeEach(() => {
    home = folder({ "stack.yaml": stackText({ services: { include: ["kavita"] } }) });
    vi.stubEnv("UMS_HOME", home);
    vi.stubEnv("PULUMI_HOME", join(home, "pulumi-home"));
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "a test passphrase");
  });

  const engine = new PulumiEngine(version ?? "");
  const context = () => {
    const { loaded, state } = openSession({ stack: "home", stackFile: join(home, "stack.yaml") });
    return { root, loaded, state };
  };

  it("is exported from a backend elsewhere, with its secrets encrypted", async () => {
    const backend = join(home, "elsewhere");
    mkdirSync(backend);
    vi.stubEnv("PULUMI_BACKEND_URL", `file://${backend}`);
    expect(await engine.exportState(context())).toBeUndefined();

    const stack = await selectStack(context());
    const exported = await stack.exportStack();
    const urn = (type: string, name: string) => `urn:pulumi:home::ums::${type}::${name}`;
    const key = {
      urn: urn("ums:test:Key", "key"),
      type: "ums:test:Key",
      custom: false,
      outputs: { value: { ...secret, plaintext: '"hush"' } },
    };
    await stack.importStack({
      ...exported,
      deployment: {
        ...exported.deployment,
        manifest: { time: "2027-01-01T00:00:00Z", magic: "", version: "" },
        resources: [
          {
            urn: urn("pulumi:pulumi:Stack", "ums-home"),
            type: "pulumi:pulumi:Stack",
            custom: false,
          },
          key,
        ],
      },
    });
    const text = (await engine.exportState(context())) ?? "";
    expect(JSON.parse(text).deployment.resources.map((one: { urn: string }) => one.urn)).toContain(key.urn);
    expect(text).toContain("ciphertext");
    expect(text).not.toContain("hush");
  });

  it("is not exported where it is kept beside the rest of the stack's state", async () => {
    vi.stubEnv("PULUMI_BACKEND_URL", undefined);
    await selectStack(context());
    expect(await engine.exportState(context())).toBeUndefined();
  });
});
