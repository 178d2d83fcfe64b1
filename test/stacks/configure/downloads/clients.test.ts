import { dirname } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { deriveSecret } from "../../../../components/secret/derive.ts";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, link, platformOf, service } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, type RecordFields } from "../../../fixtures/records.ts";
import { stackConfig } from "../../../fixtures/stackConfigs.ts";
import { filesOf, secretValue } from "../fixtures.ts";
import {
  fileOf,
  iniOf,
  library,
  manager,
  nzbget,
  sabnzbd,
  stackOf,
  torrents,
  transmission,
  vpn,
} from "./stack.ts";

const clients = { qbittorrent: torrents, transmission, sabnzbd, nzbget };
const settings = {
  qbittorrent: "/etc/qbittorrent/qBittorrent.conf",
  transmission: "/etc/transmission/settings.json",
  sabnzbd: "/etc/sabnzbd/sabnzbd.ini",
  nzbget: "/etc/nzbget/nzbget.conf",
} as const;
const names = Object.keys(clients) as (keyof typeof clients)[];

describe.each(["dev", "prod"])("the download clients of stack %s", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);
  const present = of.services.filter(({ name }) => name in clients);

  it("are there", () => {
    expect(present.map(({ name }) => name)).toContain("qbittorrent");
  });

  it("have no privilege, no folder in memory to start programs from, and no secret in a variable", () => {
    for (const { lifted, tmpfs, secretVariables } of present) {
      expect([...lifted, ...secretVariables, ...tmpfs.filter(({ exec }) => exec)]).toEqual([]);
    }
  });

  it("keep secrets in files that only they can read", () => {
    for (const { name, files } of [...present, service(of, "gluetun")]) {
      const secrets = of.secrets.filter(
        ({ id, source }) => source.kind !== "template" && id.startsWith(`${name}/`),
      );
      const values = secrets.map(({ id }) => secretValue(of, id));
      expect(values).not.toHaveLength(0);
      for (const { path, mode, content } of files) {
        if ("secret" in content) expect([path, mode]).toEqual([path, "0400"]);
        else expect(values.filter((value) => content.text.includes(value))).toEqual([]);
      }
    }
  });

  it("read nothing from a folder that they write to", () => {
    for (const { name, files, mounts } of present) {
      const written = mounts.map(({ path }) => path);
      const inside = files.map(({ path }) => dirname(path)).filter((path) => written.includes(path));
      expect([name, inside]).toEqual([name, []]);
    }
  });

  it("file what each application hands over where that application looks for it", () => {
    for (const { name } of present) {
      const text = [...filesOf(of, name)].map(([, content]) => content).join("\n");
      if (name === "transmission") continue;
      const handed = of.links
        .filter(({ provider }) => provider === name)
        .map(({ consumer }) => service(of, consumer));
      const folders = handed.flatMap(({ mounts }) => mounts.flatMap(({ folders: own = [] }) => own));
      const root = name === "qbittorrent" ? "torrents" : "usenet/complete";
      const own = folders.filter((folder) => dirname(folder) === root);
      expect(own).not.toHaveLength(0);
      for (const folder of own) {
        expect(text).toContain(
          name === "sabnzbd" ? `[[${folder.slice(root.length + 1)}]]` : `/data/${folder}`,
        );
      }
    }
  });
});

it("every client starts with the script that puts its settings together", () => {
  const of = platformOf(loadCatalog(projectRoot, ["catalog"]), stackConfig(), loadEnvironments(projectRoot));
  for (const { name, entrypoint = [], command } of names.map((name) => service(of, name))) {
    const [shell, script = ""] = entrypoint;
    expect([name, shell, filesOf(of, name).has(script)]).toEqual([name, "/bin/sh", true]);
    expect(command).not.toHaveLength(0);
  }
});

describe.each(names)("%s", (name) => {
  const of = (records: Record<string, RecordFields> = {}, client: RecordFields = clients[name]) =>
    stackOf({ vpn, [name]: client, ...records });
  const port = clients[name].ports?.[0]?.port ?? 0;
  const consumer = (category: string): RecordFields => ({
    ...manager(name, category),
    links: [linkTo(name, port)],
  });

  it("says what is missing in its record, all of it at once", () => {
    const problems = complaints(() => of({}, { ...clients[name], secrets: [], volumes: [library()] }));
    expect(problems).toContainEqual(
      expect.stringMatching(new RegExp(`^catalog/${name}.yaml:\\d+:\\d+: ${name} needs a secret "`)),
    );
    expect(problems).toContainEqual(
      expect.stringMatching(/volumes|folders: \[(torrents|complete|incomplete)\]$/),
    );
  });

  it("has no category while no one hands it downloads, and one more for each who does", () => {
    const categories = (with_: Record<string, RecordFields>) =>
      ["badger", "otter", "watch"].filter((category) =>
        [...filesOf(of(with_), name).values()].some((text) => new RegExp(`\\b${category}\\b`).test(text)),
      );
    if (name === "transmission") return;
    expect(categories({})).toEqual([]);
    expect(categories({ a: consumer("badger") })).toEqual(["badger"]);
    expect(categories({ a: consumer("badger"), b: consumer("otter") })).toEqual(["badger", "otter"]);
    // A neighbour in the tunnel hands it nothing.
    expect(
      categories({
        a: consumer("badger"),
        other: { through: "vpn", volumes: [library("torrents/watch", "usenet/complete/watch")] },
      }),
    ).toEqual(["badger"]);
  });

  it("refuses a folder that no client can have as a category", () => {
    if (name === "transmission") return;
    const folder = name === "qbittorrent" ? 'torrents/a"b' : 'usenet/complete/a"b';
    const bad = { ...consumer("badger"), volumes: [library(folder)] };
    expect(complaints(() => of({ a: bad }))).toContainEqual(
      expect.stringMatching(
        /^catalog\/a\.yaml:\d+:\d+: the folder "a"b" of a is a category of its downloads: use letters, digits, '\.', '_' and '-'$/,
      ),
    );
  });

  it("gives the same bytes for the same input, whatever the order of records", () => {
    const a = filesOf(
      stackOf({
        vpn,
        [name]: clients[name],
        x: { number: 50, ...consumer("badger") },
        y: { number: 51, ...consumer("otter") },
      }),
      name,
    );
    const b = filesOf(
      stackOf({
        y: { number: 51, ...consumer("otter") },
        x: { number: 50, ...consumer("badger") },
        [name]: { number: 1, ...clients[name] },
        vpn: { number: 0, ...vpn },
      }),
      name,
    );
    expect([...b]).toEqual([...a]);
  });
});

describe("qBittorrent's settings", () => {
  const gateway: RecordFields = { roles: ["gateway"], ports: [{ port: 443, purpose: "web" }] };
  const sso: RecordFields = {
    roles: ["sso"],
    ports: [{ port: 9091, purpose: "web" }],
    route: { subdomain: "auth", port: 9091, access: "public", reason: "people sign in there" },
  };
  const platform = stackOf({ vpn, torrents, gateway, sso, a: manager("torrents", "one") });
  const ini = (path = "enforced", of = platform) =>
    iniOf(fileOf(of, "torrents", `${settings.qbittorrent}.${path}`));

  it("bind it to the tunnel, and to nothing where it does not live behind one", () => {
    expect(ini().get("BitTorrent/Session\\Interface")).toBe("tun0");
    expect(ini().get("BitTorrent/Session\\InterfaceName")).toBe("tun0");
    const { through, ...outside } = torrents;
    expect(ini("enforced", stackOf({ torrents: outside })).has("BitTorrent/Session\\Interface")).toBe(false);
  });

  it("say the same of the web interface where version 5.2 and where version 5.3 looks", () => {
    const all = [...ini()];
    const under = (prefix: string) =>
      new Map(
        all
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, value]) => [key.slice(prefix.length), value]),
      );
    expect(under("Preferences/WebUI\\")).toEqual(under("WebUI/"));
    expect(under("WebUI/").size).toBeGreaterThan(10);
  });

  it("have its password as a hash, and a key as qBittorrent makes them", () => {
    const value = (name: string) => secretValue(platform, `torrents/${name}`);
    const hash = deriveSecret("qbittorrent-pbkdf2", value("password"), value("salt"));
    expect(ini().get("WebUI/Password_PBKDF2")).toBe(`"${hash}"`);
    expect(ini().get("WebUI/APIKey")).toBe(value("api-key"));
    expect(value("api-key")).toMatch(/^qbt_[0-9a-f]{28}$/);
    expect(fileOf(platform, "torrents", `${settings.qbittorrent}.enforced`)).not.toContain(value("password"));
  });

  it("believe the gateway's address alone, and check names where addresses have no port in them", () => {
    expect(ini().get("WebUI/ReverseProxySupportEnabled")).toBe("true");
    expect(ini().get("WebUI/TrustedReverseProxiesList")).toBe(
      `"${link(platform, "gateway", "torrents").consumerAddress}"`,
    );
    expect(ini().get("WebUI/ServerDomains")).toBe('"torrents;torrents.media.localhost"');
    expect(ini().get("WebUI/HostHeaderValidation")).toBe("true");
    const offset = stackOf({ vpn, torrents, gateway, sso }, { config: { publish: { offset: 10_000 } } });
    expect(ini("enforced", offset).get("WebUI/HostHeaderValidation")).toBe("false");
  });

  it("know of no proxy without a gateway", () => {
    const { route, ...hidden } = torrents;
    const alone = ini("enforced", stackOf({ vpn, torrents: hidden }));
    expect(alone.get("WebUI/ReverseProxySupportEnabled")).toBe("false");
    expect(alone.get("WebUI/TrustedReverseProxiesList")).toBe('""');
  });
});

describe("Transmission's settings", () => {
  const platform = stackOf({
    vpn,
    transmission,
    a: { ...manager("transmission", "one"), links: [linkTo("transmission", 9091)] },
  });
  const json = JSON.parse(fileOf(platform, "transmission", `${settings.transmission}.enforced`)) as Record<
    string,
    unknown
  >;

  it("let in its links' addresses and the loopback's, with a password that stands there as a hash", () => {
    expect(json["rpc-whitelist"]).toBe(`127.0.0.1,${link(platform, "a", "transmission").consumerAddress}`);
    const value = (name: string) => secretValue(platform, `transmission/${name}`);
    expect(json["rpc-password"]).toBe(deriveSecret("transmission-sha1", value("password"), value("salt")));
    expect(json).toMatchObject({ "rpc-authentication-required": true, "rpc-whitelist-enabled": true });
  });

  it("watch a folder when its record makes one", () => {
    const defaults = (of: typeof platform) =>
      JSON.parse(fileOf(of, "transmission", `${settings.transmission}.defaults`)) as Record<string, unknown>;
    expect(defaults(platform)).not.toHaveProperty("watch-dir");
    const watching = stackOf({
      vpn,
      transmission: { ...transmission, volumes: [library("torrents/watch")] },
    });
    expect(defaults(watching)).toMatchObject({
      "watch-dir": "/data/torrents/watch",
      "watch-dir-enabled": true,
    });
  });
});

describe("SABnzbd's settings", () => {
  const platform = stackOf({
    vpn,
    sabnzbd,
    a: { ...manager("sabnzbd", "one"), links: [linkTo("sabnzbd", 8085)] },
  });
  const ini = (of = platform) => iniOf(fileOf(of, "sabnzbd", `${settings.sabnzbd}.enforced`));

  it("name the hosts and addresses it is reached under", () => {
    expect(ini().get("misc/host_whitelist")).toBe("sabnzbd, news.media.localhost,");
    expect(ini().get("misc/local_ranges")).toBe(`${link(platform, "a", "sabnzbd").consumerAddress},`);
    expect(service(platform, "sabnzbd").environment).toMatchObject({ SABNZBD__PORT: "8085" });
  });

  it("have two keys, and folders below the library's", () => {
    expect(ini().get("misc/api_key")).toBe(secretValue(platform, "sabnzbd/api-key"));
    expect(ini().get("misc/nzb_key")).toBe(secretValue(platform, "sabnzbd/nzb-key"));
    expect(ini().get("misc/complete_dir")).toBe("/data/usenet/complete");
    expect(ini().get("misc/download_dir")).toBe("/data/usenet/incomplete");
    expect(ini().get("categories/one/dir")).toBe("one");
  });

  it("log what the stack's variable says", () => {
    const level = (LOG_LEVEL: string) =>
      ini(stackOf({ vpn, sabnzbd }, { config: { variables: { LOG_LEVEL } } })).get("logging/log_level");
    expect(["debug", "info", "warning", "error"].map(level)).toEqual(["2", "1", "0", "-1"]);
  });
});

it("NZBGet's settings let no address in without the password", () => {
  const platform = stackOf({ vpn, nzbget });
  const ini = iniOf(fileOf(platform, "nzbget", `${settings.nzbget}.enforced`));
  expect(ini.get("AuthorizedIP")).toBe("");
  expect(ini.get("ControlPassword")).toBe(secretValue(platform, "nzbget/password"));
  expect(found(ini.get("ControlPort"), "port")).toBe("6789");
});
