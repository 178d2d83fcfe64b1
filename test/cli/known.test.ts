import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { decrypted, knownSecrets } from "../../cli/engines/known.ts";
import { openSession, root, type Session } from "../../cli/session.ts";
import { containersOf } from "../../targets/compose/render.ts";
import { declareStack } from "../../targets/declare.ts";
import { SecretStore } from "../../targets/inProcess/secretStore.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { folder } from "../fixtures/folders.ts";
import { found } from "../fixtures/platforms.ts";

const platform = {
  environment: "development",
  images: "rehearsal",
  domain: "media.localhost",
  services: { include: ["keyholder"] },
  budget: { memory: 16_384, cpus: 16 },
  catalogs: [join(import.meta.dirname, "..", "targets", "drift", "catalog")],
};

describe("the embedded engine's secrets", () => {
  let session: Session;
  let program: DeclaredProgram;
  let store: SecretStore;

  beforeEach(async () => {
    const home = folder({ "stack.yaml": stringify({ config: { "ums:platform": platform } }) });
    vi.stubEnv("UMS_HOME", home);
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "right");
    session = openSession({ stack: "dev", stackFile: join(home, "stack.yaml") });
    program = await declareStack(root, session.loaded);
    store = SecretStore.open(session.state.secretsPath, "right");
  }, 60_000);
  afterEach(() => vi.unstubAllEnvs());

  async function variable(): Promise<{ line: string | undefined; why: string }> {
    const { inputsOf, why } = await knownSecrets(session, program, "compose");
    const container = containersOf(program, false).find(({ name }) => name === "keyholder-container");
    const { envs = [] } = inputsOf(found(container, "keyholder")) ?? {};
    return { line: envs.find((line) => line.startsWith("KEY=")), why };
  }

  it("are its store's", async () => {
    const resource = program.resources.find(({ name }) => name === "keyholder_key-bytes");
    const value = store.valueOf(found(resource, "the secret"));
    store.save();
    expect((await variable()).line).toBe(`KEY=${value}`);
  });

  it("are not made where there are none yet", async () => {
    store.save();
    const { line, why } = await variable();
    expect(line).toContain("[ums-secret ");
    expect(why).toBe("no value was made for them yet (npx ums up)");
    expect(SecretStore.open(session.state.secretsPath, "right").values()).toEqual([]);
  });

  it("are unknown without the store, the passphrase, or an undamaged store, and it is said why", async () => {
    expect(await variable()).toEqual({ line: undefined, why: `${session.state.secretsPath} is not there` });
    store.save();
    vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "wrong");
    expect((await variable()).why).toContain("the passphrase is wrong");
    writeFileSync(session.state.secretsPath, "{}");
    expect((await variable()).why).toContain("is not a secret store");
  });
});

describe("a state's secrets", () => {
  const signature = "4dabf18193072939515e22adb298388d";
  const secret = (value: unknown) => ({
    [signature]: "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  });

  it("are taken out of their wrappers, which may be around a whole list", () => {
    expect(
      decrypted({
        envs: secret(["A=b", "C=d"]),
        uploads: [{ file: "/x", content: secret("text") }],
        memory: 64,
        none: null,
      }),
    ).toEqual({ envs: ["A=b", "C=d"], uploads: [{ file: "/x", content: "text" }], memory: 64, none: null });
  });

  it("are nothing where the state is still encrypted", () => {
    const sealed = { [signature]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };
    expect(decrypted({ envs: sealed })).toEqual({ envs: undefined });
  });
});
