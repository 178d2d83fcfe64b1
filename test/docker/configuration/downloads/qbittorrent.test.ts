import { afterEach, describe, expect, it } from "vitest";
import { filesOf, secretValue } from "../../../stacks/configure/fixtures.ts";
import { noReal, realProgram } from "../real.ts";
import { downloadsPlatform, procAddress, type Stage, stageOf, tunnelAddress } from "./stage.ts";

const why = await noReal(realProgram("qbittorrent"));
const platform = downloadsPlatform();
const password = secretValue(platform, "qbittorrent/password");
const bearer = `Authorization: Bearer ${secretValue(platform, "qbittorrent/api-key")}`;
const files = filesOf(platform, "qbittorrent");
const magnet = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a";
const enforced = "/etc/qbittorrent/qBittorrent.conf.enforced";

let stage: Stage;
afterEach(() => stage.dispose());

const api = (path: string) => `http://${stage.link.providerAddress}:8080/api/v2/${path}`;
const status = async (...words: string[]) => (await stage.ask(words)).status;
const read = async (path: string): Promise<unknown> =>
  JSON.parse((await stage.ask(["-H", bearer, api(path)])).body);
const set = (preferences: object) =>
  status("-H", bearer, "--data-urlencode", `json=${JSON.stringify(preferences)}`, api("app/setPreferences"));
const signIn = (secret: string, ...more: string[]) =>
  status("-d", `username=admin&password=${secret}`, ...more, api("auth/login"));

describe.skipIf(why)(`qBittorrent${why && ` (${why})`}`, () => {
  it("lets in who has the password or the key, under its own names, and files torrents by category", async () => {
    stage = await stageOf("qbittorrent");
    const running = await stage.start();
    expect(await signIn(password)).toBeLessThan(300);
    expect(await signIn("wrong")).toBe(401);
    expect(await status("-H", bearer, api("app/version"))).toBe(200);
    expect(await status("-H", `${bearer}x`, api("app/version"))).toBe(403);
    expect(await status(api("app/version"))).toBe(403);
    const local = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"];
    const unsigned = await running.exec([...local, "http://127.0.0.1:8080/api/v2/app/version"]);
    expect(unsigned.output).toBe("403");

    const named = (host: string) => status("-H", bearer, "-H", `Host: ${host}`, api("app/version"));
    expect(await named("qbittorrent:8080")).toBe(200);
    expect(await named("qbittorrent.media.localhost")).toBe(200);
    expect(await named("evil.example.org")).toBe(401);

    // The gateway says who asks, and is believed: a guessed password bans the guesser alone.
    const from = (address: string) => ["-H", `X-Forwarded-For: ${address}`];
    for (let tries = 0; tries < 6; tries++) await signIn("wrong", ...from("198.51.100.7"));
    expect(await signIn(password, ...from("198.51.100.7"))).toBe(403);
    expect(await signIn(password, ...from("198.51.100.8"))).toBeLessThan(300);

    const categories = (await read("torrents/categories")) as Record<string, { savePath: string }>;
    expect(Object.keys(categories).sort()).toEqual(["comics", "movies", "music", "tv"]);
    const torrent = ["--data-urlencode", `urls=${magnet}`, "-d", "category=tv"];
    expect(await status("-H", bearer, ...torrent, api("torrents/add"))).toBeLessThan(300);
    // It answers before the torrent is there.
    await expect
      .poll(() => read("torrents/info"))
      .toMatchObject([{ category: "tv", save_path: "/data/torrents/tv" }]);
    await running.stop();
  });

  it("keeps what a person changed over a restart, and puts back what must hold", async () => {
    stage = await stageOf("qbittorrent");
    const kept = { max_ratio: 3.5, dl_limit: 1_048_576 };
    const undone = {
      current_network_interface: "lo",
      save_path: "/config/elsewhere",
      web_ui_host_header_validation_enabled: false,
      bypass_local_auth: true,
      web_ui_username: "someone",
    };
    const held = {
      auto_tmm_enabled: true,
      bypass_local_auth: false,
      current_network_interface: "tun0",
      lsd: false,
      save_path: "/data/torrents",
      upnp: false,
      web_ui_host_header_validation_enabled: true,
      web_ui_username: "admin",
    };
    const first = await stage.start();
    expect(await read("app/preferences")).toMatchObject({ ...held, max_ratio: 2 });
    expect(await set({ ...kept, ...undone })).toBe(200);
    const own = ["-d", "category=own&savePath=/data/torrents/own"];
    expect(await status("-H", bearer, ...own, api("torrents/createCategory"))).toBe(200);
    expect(await read("app/preferences")).toMatchObject({ ...kept, ...undone });
    await first.stop();

    const second = await stage.start();
    expect(await read("app/preferences")).toMatchObject({ ...kept, ...held });
    expect(await read("torrents/categories")).toMatchObject({
      own: { savePath: "/data/torrents/own" },
      tv: { savePath: "/data/torrents/tv" },
    });
    // As after a run that was killed while it wrote: the program takes the _new file for the newer one.
    const folder = "/config/qBittorrent";
    const unbind = `sed 's/^\\(Session.Interface\\)=.*/\\1=lo/' ${folder}/qBittorrent.conf >${folder}/qBittorrent_new.conf`;
    await second.exec(["sh", "-euc", `${unbind}; echo 'not json' >${folder}/categories.json`]);
    await second.stop();

    const third = await stage.start();
    expect(await read("app/preferences")).toMatchObject({ ...kept, ...held });
    expect(await read("torrents/categories")).toHaveProperty("tv");
    expect((await third.exec(["cat", `${folder}/categories.json.unreadable`])).output).toBe("not json\n");
    await third.stop();
  });
});

describe.skipIf(why)("qBittorrent and the tunnel", () => {
  /** Files with which it is bound to no interface. */
  const unbound = new Map(files).set(
    enforced,
    (files.get(enforced) ?? "").replace(/^Session.Interface(Name)?=tun0\n/gm, ""),
  );

  /** True when the client called a tracker that listens where the gateway is, within so many seconds. */
  async function callsTracker(seconds: number): Promise<boolean> {
    const listens = "grep -q ':1B39 ' /proc/net/tcp /proc/net/tcp6";
    await stage.atCaller(`nc -lk -p 6969 >/tmp/calls 2>&1 & until ${listens}; do sleep 0.2; done`);
    const tracker = encodeURIComponent(`http://${stage.link.consumerAddress}:6969/announce`);
    await status("-H", bearer, "--data-urlencode", `urls=${magnet}&tr=${tracker}`, api("torrents/add"));
    const calls = await stage.atCaller(
      `for i in $(seq ${seconds}); do sleep 1; grep -qs announce /tmp/calls && break; done; cat /tmp/calls`,
    );
    return calls.includes("/announce");
  }

  it("listens for peers on the tunnel alone", async () => {
    stage = await stageOf("qbittorrent");
    const running = await stage.start();
    await expect.poll(() => stage.listeners(6881)).toEqual([procAddress(tunnelAddress)]);
    await running.stop();
  });

  it("listens nowhere and calls no one while there is no tunnel", async () => {
    stage = await stageOf("qbittorrent", { tunnel: false });
    const running = await stage.start();
    expect(await callsTracker(15)).toBe(false);
    expect(await stage.listeners(6881)).toEqual([]);
    await running.stop();
  });

  it("would call past the tunnel if it were not bound to it", async () => {
    stage = await stageOf("qbittorrent", { tunnel: false });
    const running = await stage.start(unbound);
    await expect.poll(() => stage.listeners(6881)).not.toEqual([]);
    expect(await callsTracker(60)).toBe(true);
    await running.stop();
  });
});
