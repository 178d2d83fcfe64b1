import type { RealProgram } from "../program.ts";

/** LinuxServer's images name their configuration volume so. The records start the programs themselves. */
const configFolder = { HOME: "/config", XDG_CONFIG_HOME: "/config", XDG_DATA_HOME: "/config" };

export const downloadPrograms: readonly RealProgram[] = [
  {
    name: "qbittorrent",
    image: "lscr.io/linuxserver/qbittorrent",
    base: "debian",
    // LinuxServer's base image has jq; Gluetun's, whose hooks run beside it, has wget.
    packages: ["jq", "qbittorrent-nox/trixie-backports", "wget"],
    command: ["/app/qbittorrent-nox"],
    environment: configFolder,
    links: { "/app/qbittorrent-nox": "/usr/bin/qbittorrent-nox" },
  },
  {
    name: "transmission",
    image: "docker.io/linuxserver/transmission",
    base: "debian",
    packages: ["jq", "transmission-daemon/trixie-backports", "wget"],
    command: ["/usr/bin/transmission-daemon", "--foreground"],
  },
  {
    name: "sabnzbd",
    image: "ghcr.io/home-operations/sabnzbd",
    base: "debian",
    // The release's own rarfile and sabctools are too old for it, and it does not start to download without unrar.
    packages: [
      "python3-rarfile/trixie-backports",
      "python3-sabctools/trixie-backports",
      "sabnzbdplus/trixie-backports",
      "unrar",
    ],
    command: ["/entrypoint.sh"],
    links: { "/usr/bin/unrar": "/usr/bin/unrar-nonfree" },
    files: [{ path: "/entrypoint.sh", source: "entry/sabnzbd.sh", mode: 0o755 }],
  },
  {
    name: "nzbget",
    image: "lscr.io/linuxserver/nzbget",
    base: "debian",
    packages: ["nzbget"],
    command: ["/app/nzbget/nzbget", "--server"],
    links: {
      "/app/nzbget/nzbget": "/usr/bin/nzbget",
      "/app/nzbget/share/nzbget/nzbget.conf": "/usr/share/nzbget/nzbget.conf",
    },
  },
];
