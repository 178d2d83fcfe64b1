import type { RealProgram } from "../program.ts";

export const operationsPrograms: readonly RealProgram[] = [
  {
    name: "restic",
    image: "docker.io/restic/restic",
    base: "debian",
    packages: ["restic", "sqlite3"],
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
];
