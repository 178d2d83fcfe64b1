import type { RealProgram } from "../program.ts";

export const operationsPrograms: readonly RealProgram[] = [
  {
    name: "restic",
    image: "docker.io/restic/restic",
    base: "debian",
    // The upstream image has ssh, too, for repositories on a server with SFTP.
    packages: ["openssh-client", "restic", "sqlite3"],
    entrypoint: ["/usr/bin/restic"],
  },
  {
    name: "python",
    image: "docker.io/library/python",
    base: "debian",
    // It brings Python, and is in the common root already.
    packages: ["python3-yaml"],
    command: ["python3"],
  },
  {
    // Not the upstream program, which is not to be had here: HAProxy, with the rules that the same variables say.
    name: "socket-proxy",
    image: "docker.io/wollomatic/socket-proxy",
    base: "debian",
    packages: ["haproxy"],
    command: ["haproxy", "-W", "-db", "-f", "/usr/local/etc/socket-proxy.cfg"],
    stopSignal: "SIGUSR1",
    health: ["nc", "-z", "127.0.0.1", "2375"],
    files: [{ path: "/usr/local/etc/socket-proxy.cfg", source: "entry/socket-proxy.cfg", mode: 0o644 }],
  },
  {
    // Stands for somebody's server off site, in the tests of backups.
    name: "sshd",
    base: "debian",
    packages: ["openssh-server"],
    users: { media: 1000 },
    command: ["/usr/sbin/sshd", "-D", "-e", "-f", "/etc/sshd/sshd_config"],
  },
  {
    // Stands for an object storage off site. Of the servers that can be built here this one is small, and refuses
    // requests that are not signed with its key.
    name: "s3",
    base: "scratch",
    packages: [],
    go: {
      module: "github.com/rclone/gofakes3",
      version: "v0.0.12",
      programs: { "./cmd/s3": "/usr/bin/s3" },
      overlay: "go/s3",
    },
    entrypoint: ["/usr/bin/s3"],
  },
];
