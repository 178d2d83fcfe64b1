import type { Platform } from "../../../../stacks/platform.ts";
import { found, type PlatformInput, platform } from "../../../fixtures/platforms.ts";
import { linkTo, type RecordFields } from "../../../fixtures/records.ts";
import { environments } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../fixtures.ts";

type Volume = NonNullable<RecordFields["volumes"]>[number];

/** The library as a service mounts it, with folders in it. */
export const library = (...folders: string[]): Volume => ({
  name: "data",
  shared: true,
  class: "media",
  path: "/data",
  access: "write",
  folders,
});

const tcp = (port: number) => ({ port, purpose: "web interface" });
const peers = (port: number) => [
  { port, purpose: "peers" },
  { port, protocol: "udp" as const, purpose: "peers" },
];

/** A VPN as the catalogue's. */
export const vpn: RecordFields = {
  configure: "gluetun",
  roles: ["vpn"],
  segment: "downloads",
  ports: [tcp(8000)],
  egress: { reason: "a test needs it" },
  secrets: [{ name: "control-key", generate: "hex" }],
};

export const torrents: RecordFields = {
  configure: "qbittorrent",
  segment: "downloads",
  through: "vpn",
  ports: [tcp(8080), ...peers(6881)],
  route: { subdomain: "torrents", port: 8080, access: "admin" },
  volumes: [library("torrents")],
  secrets: [
    { name: "password", generate: "password" },
    { name: "salt", generate: "hex" },
    { name: "api-key-characters", generate: "hex", length: 14 },
    { name: "api-key", template: `qbt_\${secret:api-key-characters}` },
  ],
};

export const transmission: RecordFields = {
  configure: "transmission",
  segment: "downloads",
  through: "vpn",
  ports: [tcp(9091), ...peers(51413)],
  volumes: [library("torrents")],
  secrets: [
    { name: "password", generate: "password" },
    { name: "salt", generate: "hex" },
  ],
};

const usenet: RecordFields = {
  segment: "downloads",
  through: "vpn",
  volumes: [library("usenet/complete", "usenet/incomplete")],
};

export const sabnzbd: RecordFields = {
  ...usenet,
  configure: "sabnzbd",
  ports: [tcp(8085)],
  route: { subdomain: "news", port: 8085, access: "admin" },
  secrets: [
    { name: "api-key", generate: "hex", length: 16 },
    { name: "nzb-key", generate: "hex", length: 16 },
  ],
};

export const nzbget: RecordFields = {
  ...usenet,
  configure: "nzbget",
  ports: [tcp(6789)],
  secrets: [{ name: "password", generate: "password" }],
};

/** Hands downloads to a client, and files them under a category. */
export const manager = (client: string, category: string): RecordFields => ({
  links: [linkTo(client, 8080)],
  volumes: [library(`media/${category}`, `torrents/${category}`, `usenet/complete/${category}`)],
});

/** The stack of these records, with a template variable for the log. */
export function stackOf(
  records: Readonly<Record<string, RecordFields>>,
  input: PlatformInput = {},
): Platform {
  return platform(records, {
    environments: environments({ base: { LOG_LEVEL: "info" } }),
    ...input,
  });
}

export function fileOf(of: Platform, service: string, path: string): string {
  return found(filesOf(of, service).get(path), path);
}

/** Keys of an INI file by section/key; sections inside others as outer/inner/key. */
export function iniOf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let section: string[] = [];
  for (const line of text.split("\n")) {
    const [, open = "", name = ""] = /^(\[+)([^\]]*)\]+$/.exec(line) ?? [];
    if (open) section = [...section.slice(0, open.length - 1), name];
    else if (line.includes("=")) {
      const [key = "", ...value] = line.split("=");
      values.set([...section, key].join("/"), value.join("="));
    }
  }
  return values;
}
