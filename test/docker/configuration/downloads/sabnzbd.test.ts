import { afterEach, describe, expect, it } from "vitest";
import { secretValue } from "../../../stacks/configure/fixtures.ts";
import { noReal, realProgram } from "../real.ts";
import { downloadsPlatform, type Stage, stageOf, tunnelAddress } from "./stage.ts";

const why = await noReal(realProgram("sabnzbd"));
const platform = downloadsPlatform();
const key = secretValue(platform, "sabnzbd/api-key");
const nzbKey = secretValue(platform, "sabnzbd/nzb-key");

let stage: Stage;
afterEach(() => stage.dispose());

const api = (query: string) => `http://${stage.link.providerAddress}:8085/api?output=json&${query}`;
const status = async (query: string, ...words: string[]) => (await stage.ask([...words, api(query)])).status;
const read = async (query: string) =>
  JSON.parse((await stage.ask([api(`${query}&apikey=${key}`)])).body) as Record<string, unknown>;
const configured = async (section: string) =>
  ((await read(`mode=get_config&section=${section}`)) as { config: Record<string, unknown> }).config[section];

describe.skipIf(why)(`SABnzbd${why && ` (${why})`}`, () => {
  it("answers those with its key, from its links and under its own names alone", async () => {
    stage = await stageOf("sabnzbd");
    const running = await stage.start();
    expect(await status(`mode=queue&apikey=${key}`)).toBe(200);
    expect(await status("mode=queue")).toBe(403);
    expect(await status(`mode=queue&apikey=${nzbKey}`)).toBe(403);
    const named = (host: string) => status(`mode=queue&apikey=${key}`, "-H", `Host: ${host}`);
    expect(await named("sabnzbd:8085")).toBe(200);
    expect(await named("sabnzbd.media.localhost:20443")).toBe(200);
    expect(await named("evil.example.org")).toBe(403);
    // The gateway passes on who asks from outside.
    expect(await status(`mode=queue&apikey=${key}`, "-H", "X-Forwarded-For: 198.51.100.7")).toBe(200);
    const other = await running.exec([
      ...["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", tunnelAddress],
      `http://${tunnelAddress}:8085/api?mode=queue&output=json&apikey=${key}`,
    ]);
    expect(other.output).toBe("403");
    expect(await running.logs()).not.toContain("Essential modules are missing");
    await running.stop();
  });

  it("keeps what a person changed over a restart, and puts back what must hold", async () => {
    stage = await stageOf("sabnzbd");
    const held = {
      complete_dir: "/data/usenet/complete",
      download_dir: "/data/usenet/incomplete",
      host_whitelist: ["sabnzbd", "sabnzbd.media.localhost"],
      inet_exposure: 0,
    };
    const categories = [
      { name: "*", pp: "3" },
      ...["comics", "movies", "music", "tv"].map((name) => ({ name, dir: name, priority: -100 })),
    ];
    const first = await stage.start();
    expect(await configured("misc")).toMatchObject(held);
    expect(await configured("categories")).toMatchObject(categories);
    const notes = encodeURIComponent("first line\n[[tv]]\ndir = elsewhere");
    for (const query of [
      "mode=set_config&section=misc&keyword=bandwidth_perc&value=42",
      "mode=set_config&section=misc&keyword=host_whitelist&value=evil.example.org",
      "mode=set_config&section=misc&keyword=complete_dir&value=/config/elsewhere",
      "mode=set_config&section=categories&name=tv&dir=elsewhere&priority=1",
      "mode=set_config&section=categories&name=own&dir=own",
      `mode=set_config&section=servers&name=news&host=news.example.org&username=me&password=mine&notes=${notes}&enable=0`,
    ]) {
      expect(await status(`${query}&apikey=${key}`)).toBe(200);
    }
    expect(await configured("misc")).toMatchObject({ host_whitelist: ["evil.example.org"] });
    await first.stop();

    const second = await stage.start();
    expect(await configured("misc")).toMatchObject({ ...held, bandwidth_perc: 42 });
    const now = (await configured("categories")) as { name: string }[];
    expect(now.find(({ name }) => name === "tv")).toMatchObject({ dir: "tv", priority: 1 });
    expect(now.find(({ name }) => name === "own")).toMatchObject({ dir: "own" });
    expect(await configured("servers")).toMatchObject([
      { name: "news", username: "me", notes: decodeURIComponent(notes) },
    ]);
    await second.stop();
  });
});
