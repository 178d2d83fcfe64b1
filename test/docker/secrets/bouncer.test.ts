import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { noReal, realProgram } from "../configuration/real.ts";
import { SecretStage } from "./stage.ts";

const missing = inject("noCompose") || (await noReal(realProgram("crowdsec")));
const key = "crowdsec/bouncer-key-traefik";

describe.skipIf(missing)("the key of CrowdSec's bouncer", () => {
  let stage: SecretStage;
  beforeAll(async () => {
    stage = new SecretStage("umsrot3", "compose", {
      octet: 168,
      offset: 23000,
      include: ["crowdsec", "traefik"],
    });
    const up = await stage.run("up", ["--engine", "compose", "--real", "crowdsec,socket-proxy"]);
    expect(up.exitCode, up.stderr).toBe(0);
  });
  afterAll(() => stage.dispose());

  /** What CrowdSec answers to who asks with a key. */
  const ask = async (value: string) => {
    const address = "http://127.0.0.1:8080/v1/decisions";
    const words = [
      "curl",
      "-s",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      "-H",
      `X-Api-Key: ${value}`,
      address,
    ];
    return (await stage.exec("crowdsec", words)).output;
  };

  it("is registered under another name when it is rotated, and the old one is deleted", async () => {
    const old = await stage.reveal(key);
    expect(await ask(old)).toBe("200");
    const run = await stage.rotate(key);
    expect(run.exitCode, run.stderr).toBe(0);
    const now = await stage.reveal(key);
    expect(await ask(now)).toBe("200");
    expect(await ask(old)).toBe("403");
    expect(await stage.file("traefik", "/run/secrets/crowdsec_bouncer_key")).toBe(now);
    const { output } = await stage.exec("crowdsec", ["cscli", "bouncers", "list", "-o", "json"]);
    expect(output).toContain('"traefik_v2"');
    expect(output).not.toContain('"traefik"');
  });
});
