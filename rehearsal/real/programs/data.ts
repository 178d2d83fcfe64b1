import type { RealProgram } from "../program.ts";

/** Folder of the server's and the client's commands, which Debian keeps off PATH. */
const postgresBin = "/usr/lib/postgresql/17/bin";

export const dataPrograms: readonly RealProgram[] = [
  {
    name: "postgres",
    image: "docker.io/library/postgres",
    base: "debian",
    packages: ["postgresql-17"],
    entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
    command: ["postgres"],
    environment: {
      LANG: "C.UTF-8",
      PGDATA: "/var/lib/postgresql/data",
      PATH: `/usr/local/sbin:/usr/local/bin:${postgresBin}:/usr/sbin:/usr/bin:/sbin:/bin`,
    },
    stopSignal: "SIGINT",
    // Of the Alpine image and of Debian's. The server refuses to run under an id without a name.
    users: { postgres: 70, "postgres-debian": 999 },
    files: [{ path: "/usr/local/bin/docker-entrypoint.sh", source: "entry/postgres.sh", mode: 0o755 }],
  },
  {
    name: "redis",
    image: "docker.io/library/redis",
    base: "debian",
    packages: ["redis-server"],
    command: ["redis-server"],
  },
];
