import { afterEach, describe, expect, it } from "vitest";
import { secretValue } from "../../../stacks/configure/fixtures.ts";
import { noReal, realProgram } from "../real.ts";
import { downloadsPlatform, type Stage, stageOf } from "./stage.ts";

const why = await noReal(realProgram("nzbget"));
const password = secretValue(downloadsPlatform(), "nzbget/password");

let stage: Stage;
afterEach(() => stage.dispose());

const url = (method: string) => `http://${stage.link.providerAddress}:6789/jsonrpc/${method}`;
const signedIn = ["-u", `admin:${password}`];

async function call(method: string, params: unknown[] = []): Promise<unknown> {
  const body = JSON.stringify({ method, params });
  const answer = await stage.ask([...signedIn, "-d", body, url("").slice(0, -1)]);
  return (JSON.parse(answer.body) as { result: unknown }).result;
}

async function options(): Promise<Map<string, string>> {
  const list = (await call("config")) as { Name: string; Value: string }[];
  return new Map(list.map(({ Name, Value }) => [Name, Value]));
}

/** Folders of the categories by their names. */
async function categories(): Promise<Record<string, string | undefined>> {
  const all = await options();
  return Object.fromEntries(
    [...all].flatMap(([name, value]) => {
      const number = /^Category(\d+)\.Name$/.exec(name)?.[1];
      return number === undefined ? [] : [[value, all.get(`Category${number}.DestDir`)]];
    }),
  );
}

describe.skipIf(why)(`NZBGet${why && ` (${why})`}`, () => {
  it("keeps what a person changed over a restart, and puts back what must hold", async () => {
    stage = await stageOf("nzbget");
    const first = await stage.start();
    const status = async (...words: string[]) => (await stage.ask([...words, url("version")])).status;
    expect(await status(...signedIn)).toBe(200);
    expect(await status("-u", "admin:wrong")).toBe(401);
    expect(await status("-u", "nzbget:tegbzn6789")).toBe(401);
    expect(await status()).toBe(401);
    const local = await first.exec([
      ...["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:6789/jsonrpc/version"],
    ]);
    expect(local.output).toBe("401");
    const folders = Object.fromEntries(
      ["comics", "movies", "music", "tv"].map((name) => [name, `/data/usenet/complete/${name}`]),
    );
    expect(await categories()).toEqual(folders);

    const own = [...((await call("loadconfig")) as { Name: string; Value: string }[])];
    const changes = new Map([
      ["KeepHistory", "77"],
      ["DestDir", "/config/elsewhere"],
      ["AuthorizedIP", "127.0.0.1"],
      ["Category2.DestDir", "/config/elsewhere"],
      ["Category2.Unpack", "no"],
      ["Category5.Name", "Own"],
      ["Category5.DestDir", "/data/usenet/complete/own"],
      ["Server1.Host", "news.example.org"],
      ["Server1.Active", "no"],
    ]);
    const changed = [
      ...own.filter(({ Name }) => !changes.has(Name)),
      ...[...changes].map(([Name, Value]) => ({ Name, Value })),
    ];
    expect(await call("saveconfig", [changed])).toBe(true);
    await first.stop();

    const second = await stage.start();
    const now = await options();
    expect(
      Object.fromEntries(
        ["KeepHistory", "DestDir", "InterDir", "AuthorizedIP", "Server1.Host"].map((name) => [
          name,
          now.get(name),
        ]),
      ),
    ).toEqual({
      KeepHistory: "77",
      DestDir: "/data/usenet/complete",
      InterDir: "/data/usenet/incomplete",
      AuthorizedIP: "",
      "Server1.Host": "news.example.org",
    });
    expect(await categories()).toEqual({ ...folders, Own: "/data/usenet/complete/own" });
    expect([...now].filter(([name, value]) => name.endsWith(".Unpack") && value === "no")).toHaveLength(1);
    expect(await status("-u", "admin:wrong")).toBe(401);
    await second.stop();
  });
});
