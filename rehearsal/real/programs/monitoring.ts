import type { RealProgram } from "../program.ts";

export const monitoringPrograms: readonly RealProgram[] = [
  {
    name: "prometheus",
    image: "docker.io/prom/prometheus",
    base: "debian",
    packages: ["prometheus", "promtool"],
    entrypoint: ["/usr/bin/prometheus"],
    checker: ["promtool", "check", "config", "/etc/prometheus/prometheus.yml"],
  },
  {
    name: "alertmanager",
    image: "docker.io/prom/alertmanager",
    base: "debian",
    packages: ["prometheus-alertmanager"],
    entrypoint: ["/usr/bin/prometheus-alertmanager"],
    links: { "/usr/local/bin/alertmanager": "/usr/bin/prometheus-alertmanager" },
    checker: ["amtool", "check-config", "/etc/alertmanager/alertmanager.yml"],
  },
  {
    name: "node-exporter",
    image: "quay.io/prometheus/node-exporter",
    base: "debian",
    packages: ["prometheus-node-exporter"],
    // Debian switches a collector on that asks the init system.
    entrypoint: ["/usr/bin/prometheus-node-exporter", "--no-collector.systemd"],
    links: { "/usr/local/bin/node_exporter": "/usr/bin/prometheus-node-exporter" },
  },
  {
    name: "postgres-exporter",
    image: "quay.io/prometheuscommunity/postgres-exporter",
    base: "debian",
    packages: ["prometheus-postgres-exporter"],
    entrypoint: ["/usr/bin/prometheus-postgres-exporter"],
    links: { "/usr/local/bin/postgres_exporter": "/usr/bin/prometheus-postgres-exporter" },
  },
  {
    name: "redis-exporter",
    image: "docker.io/oliver006/redis_exporter",
    base: "debian",
    packages: ["prometheus-redis-exporter"],
    entrypoint: ["/usr/bin/prometheus-redis-exporter"],
    // The upstream image has nothing to probe with, so its record has no probe.
    health: ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9121/health"],
    links: { "/usr/local/bin/redis_exporter": "/usr/bin/prometheus-redis-exporter" },
  },
  {
    name: "blackbox-exporter",
    image: "docker.io/prom/blackbox-exporter",
    base: "debian",
    packages: ["prometheus-blackbox-exporter"],
    entrypoint: ["/usr/bin/prometheus-blackbox-exporter"],
    command: ["--config.file=/etc/blackbox_exporter/config.yml"],
    links: {
      "/usr/local/bin/blackbox_exporter": "/usr/bin/prometheus-blackbox-exporter",
    },
    checker: ["blackbox_exporter", "--config.check", "--config.file=/etc/blackbox_exporter/config.yml"],
  },
  {
    name: "loki",
    image: "docker.io/grafana/loki",
    base: "scratch",
    packages: [],
    go: {
      module: "github.com/grafana/loki/v3",
      version: "v3.7.6",
      programs: { "./cmd/loki": "/usr/bin/loki" },
      // A module in a folder of the same repository; the published one is taken instead.
      dropReplace: ["github.com/grafana/loki/pkg/push"],
    },
    entrypoint: ["/usr/bin/loki"],
    command: ["-config.file=/etc/loki/local-config.yaml"],
    checker: ["/usr/bin/loki", "-verify-config", "-config.file=/etc/loki/local-config.yaml"],
  },
  {
    // Alloy itself is too large to be built here; its parser knows the syntax, not the components.
    name: "alloy-check",
    base: "scratch",
    packages: [],
    go: {
      module: "github.com/grafana/alloy/syntax",
      version: "v0.1.0",
      programs: { "./cmd/alloy-check": "/usr/bin/alloy-check" },
      overlay: "go/alloy-check",
    },
    entrypoint: ["/usr/bin/alloy-check"],
    checker: ["/usr/bin/alloy-check", "/etc/alloy/config.alloy"],
  },
];
