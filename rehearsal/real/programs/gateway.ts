import type { RealProgram } from "../program.ts";

export const gatewayPrograms: readonly RealProgram[] = [
  {
    name: "haproxy",
    image: "docker.io/library/haproxy",
    base: "debian",
    packages: ["haproxy"],
    command: ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
    stopSignal: "SIGUSR1",
    checker: ["haproxy", "-c", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
  },
  {
    name: "nginx",
    image: "docker.io/library/nginx",
    base: "debian",
    // The upstream image has the module for scripts, too.
    packages: ["libnginx-mod-http-js", "nginx"],
    command: ["nginx", "-g", "daemon off;"],
    stopSignal: "SIGQUIT",
    checker: ["nginx", "-t", "-c", "/etc/nginx/nginx.conf"],
  },
  {
    name: "traefik",
    image: "docker.io/library/traefik",
    base: "scratch",
    packages: [],
    go: {
      module: "github.com/traefik/traefik/v3",
      version: "v3.7.11",
      programs: { "./cmd/traefik": "/usr/local/bin/traefik" },
      variables: { "github.com/traefik/traefik/v3/pkg/version.Version": "3.7.11" },
      // Two modules that its repository replaces by a folder and by a fork.
      overlay: "go/traefik",
      replace: {
        "github.com/abbot/go-http-auth":
          "github.com/containous/go-http-auth@v0.4.1-0.20200324110947-a37a7636d23e",
      },
    },
    entrypoint: ["/usr/local/bin/traefik"],
  },
  {
    name: "crowdsec",
    image: "docker.io/crowdsecurity/crowdsec",
    base: "debian",
    // Debian's own is too old to read logs over TCP from the Docker API; its hub of parsers and scenarios is taken.
    packages: ["crowdsec", "python3-yaml"],
    moved: { "/etc/crowdsec": "/usr/share/crowdsec/etc" },
    go: {
      module: "github.com/crowdsecurity/crowdsec",
      version: "v1.7.8",
      programs: { "./cmd/crowdsec": "/usr/local/bin/crowdsec", "./cmd/crowdsec-cli": "/usr/local/bin/cscli" },
      // The database driver that is written in Go, and names looked up without the C library.
      tags: ["sqlite_modernc", "netgo", "osusergo", "expr_debug"],
      variables: { "github.com/crowdsecurity/go-cs-lib/version.Version": "v1.7.8" },
    },
    entrypoint: ["/bin/bash", "/docker_start.sh"],
    files: [
      { path: "/docker_start.sh", source: "entry/crowdsec.sh", mode: 0o755 },
      { path: "/usr/local/lib/crowdsec-hub.py", source: "entry/crowdsec-hub.py", mode: 0o644 },
    ],
  },
  {
    // The server needs a module for OpenID Connect that is not to be had everywhere; its configuration's checks do not,
    // nor does its database.
    name: "authelia-check",
    base: "debian",
    packages: [],
    go: {
      module: "github.com/authelia/authelia/v4",
      version: "v4.39.20",
      programs: {
        "./cmd/authelia-check": "/usr/bin/authelia-check",
        "./cmd/authelia-storage": "/usr/local/bin/authelia",
      },
      remove: ["^(docs|web)$", "^internal/(oidc|webauthn)/(?!const\\.go$)"],
      cut: {
        "internal/storage/provider.go":
          '\\t"authelia.com/provider/oauth2/storage"\\n|\\tstorage\\.Transactional\\n',
        // What makes rows of requests and requests of rows.
        "internal/model/oidc.go":
          '\\t(?:"context"|"encoding/json"|oauthelia2 "[^"]+")\\n|func [^\\n]*oauthelia2\\.[\\s\\S]*?\\n}\\n|type \\w+ interface {\\s+oauthelia2[\\s\\S]*?\\n}\\n',
        "internal/oidc/const.go":
          '\\t"net/http"\\n|\\n\\toauthelia2 "[^"]+"|\\nvar \\(\\n\\tErrEffectiveIssuer[\\s\\S]*?\\n\\)',
      },
      overlay: "go/authelia-check",
    },
    command: ["/usr/bin/authelia-check"],
    files: [{ path: "/app/entrypoint.sh", source: "entry/authelia.sh", mode: 0o755 }],
    checker: ["/usr/bin/authelia-check", "config", "/config/configuration.yml"],
  },
  {
    // No record's image is this one: wg-easy's brings much more. WireGuard runs in user space, whatever the kernel has.
    name: "wireguard",
    base: "debian",
    packages: ["iproute2", "iptables", "wireguard-tools"],
    go: {
      module: "golang.zx2c4.com/wireguard",
      version: "v0.0.0-20260522210424-ecfc5a8d5446",
      programs: { ".": "/usr/local/bin/wireguard-go" },
    },
    command: ["wg", "show"],
    // Which one it is, a package's script decides; wg-easy's image has this.
    links: { "/usr/sbin/iptables": "/usr/sbin/iptables-legacy" },
    environment: { WG_QUICK_USERSPACE_IMPLEMENTATION: "wireguard-go" },
  },
];
