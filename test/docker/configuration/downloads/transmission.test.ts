import { afterEach, describe, expect, it } from "vitest";
import { secretValue } from "../../../stacks/configure/fixtures.ts";
import { noReal, realProgram } from "../real.ts";
import { downloadsPlatform, type Stage, stageOf, tunnelAddress } from "./stage.ts";

const why = await noReal(realProgram("transmission"));
const password = secretValue(downloadsPlatform(), "transmission/password");

let stage: Stage;
afterEach(() => stage.dispose());

const url = () => `http://${stage.link.providerAddress}:9091/transmission/rpc`;
const signedIn = ["-u", `admin:${password}`];

/** Status and body of a call, with the number that the first answer gives along. */
async function call(words: readonly string[], body: object = { method: "session-get" }) {
  const first = await stage.ask([...words, url()]);
  const session = /X-Transmission-Session-Id: (\S+)/.exec(first.headers)?.[1];
  if (first.status !== 409 || session === undefined) return first;
  return stage.ask([
    ...words,
    "-H",
    `X-Transmission-Session-Id: ${session}`,
    "-d",
    JSON.stringify(body),
    url(),
  ]);
}

async function session(): Promise<unknown> {
  const { body } = await call(signedIn);
  return (JSON.parse(body) as { arguments: unknown }).arguments;
}

describe.skipIf(why)(`Transmission${why && ` (${why})`}`, () => {
  it("lets in who has the password, from its links alone", async () => {
    stage = await stageOf("transmission");
    const running = await stage.start();
    expect((await call(signedIn)).status).toBe(200);
    expect((await call(["-u", "admin:wrong"])).status).toBe(401);
    expect((await call([])).status).toBe(401);
    const other = await running.exec([
      ...["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", ...signedIn],
      ...["--interface", tunnelAddress, `http://${tunnelAddress}:9091/transmission/rpc`],
    ]);
    expect(other.output).toBe("403");
    expect((await running.exec(["cat", "/config/settings.json"])).output).not.toContain(password);
    expect(await running.logs()).not.toContain("Couldn't watch");
    await running.stop();
  });

  it("keeps what a person changed over a restart, and puts back what must hold", async () => {
    stage = await stageOf("transmission");
    const held = {
      "download-dir": "/data/torrents",
      "lpd-enabled": false,
      "peer-port": 51413,
      "port-forwarding-enabled": false,
    };
    const first = await stage.start();
    expect(await session()).toMatchObject({ ...held, seedRatioLimit: 2, seedRatioLimited: true });
    const change = {
      seedRatioLimit: 3.5,
      "speed-limit-down": 77,
      "download-dir": "/config/elsewhere",
      "lpd-enabled": true,
      "peer-port": 60000,
    };
    expect((await call(signedIn, { method: "session-set", arguments: change })).status).toBe(200);
    expect(await session()).toMatchObject(change);
    await first.stop();

    const second = await stage.start();
    expect(await session()).toMatchObject({ ...held, seedRatioLimit: 3.5, "speed-limit-down": 77 });
    expect((await call([])).status).toBe(401);
    await second.stop();
  });
});
