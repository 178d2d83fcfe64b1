/** Series by selector, in promtool's notation: `0x40` is forty-one zeros, `0+1x40` counts up. A sample is 15 s. */
export type Series = Readonly<Record<string, string>>;

/** One alert: series with which it fires, with the labels it then has, and series with which it must not. */
export interface Case {
  alert: string;
  /** Further matchers, where other services have the alert, too. */
  of?: string;
  fires: { series: Series; at: string; labels: readonly Record<string, string>[] };
  quiet: { series: Series; at: string };
}

const sonarr = { service: "sonarr", segment: "media", category: "content" };
const traefik = { service: "traefik", segment: "dmz", category: "gateway" };
const gluetun = { service: "gluetun", segment: "downloads", category: "downloads" };
const prometheus = { service: "prometheus", segment: "admin", category: "monitoring" };
const availability = { severity: "critical", concern: "availability" };

/** A selector of a series. */
function series(name: string, labels: Record<string, string>): string {
  const inside = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return `${name}{${inside.join(",")}}`;
}

const id = "a".repeat(64);
const inEngine = (list: string, of = sonarr, container = id) =>
  series("up", { job: `docker/${list}`, container, ...of });
/** Every service of the stack but one runs and is healthy as far as a case looks: the one of the case is listed. */
const listed = { [inEngine("listed")]: "1x200" };
const running = { ...listed, [inEngine("running")]: "1x200" };
const healthy = { ...running, [inEngine("healthy")]: "1x200" };

const cgroup = `/system.slice/docker-${id}.scope`;
const cadvisor = { job: "cadvisor", service: "cadvisor", segment: "admin", category: "monitoring" };
const measured = (name: string, more: Record<string, string> = {}) =>
  series(name, { id: cgroup, ...cadvisor, ...more });
const GiB = 1024 ** 3;

const route = {
  job: "probe/routes",
  instance: "https://sonarr.media.localhost/",
  access: "user",
  checks: "sign-in",
  ...sonarr,
};
const certificate = { job: "probe/certificates", instance: "sonarr.media.localhost", ...sonarr };
const vpn = (checks: string) => series("probe_success", { job: "probe/vpn", checks, ...gluetun });
const disk = { instance: "node-exporter:9100", mountpoint: "/srv", fstype: "ext4" };
const host = (name: string) => series(name, { instance: "node-exporter:9100" });

/** An alert over one counter or gauge that keeps the series' labels. */
function plain(
  alert: string,
  selector: string,
  [bad, good]: [string, string],
  labels: Record<string, string>,
  at = "30m",
): Case {
  return {
    alert,
    fires: { series: { [selector]: bad }, at, labels: [labels] },
    quiet: { series: { [selector]: good }, at },
  };
}

export const cases: readonly Case[] = [
  {
    alert: "ServiceDown",
    fires: {
      series: {
        [series("up", { job: "immich", ...sonarr })]: "1x200",
        [series("up", { job: "immich/jobs", ...sonarr })]: "0x200",
      },
      at: "10m",
      labels: [{ ...sonarr, ...availability }],
    },
    // A probe that fails says nothing of the prober; a short outage is none.
    quiet: {
      series: {
        [series("up", { job: "probe/routes", ...sonarr })]: "0x200",
        [series("up", { job: "sonarr", ...sonarr })]: "1x20 0x15 1x100",
      },
      at: "9m",
    },
  },
  {
    // The engine lists others, and not this one.
    alert: "ServiceDown",
    of: 'service="sonarr"',
    fires: {
      series: { [inEngine("listed", gluetun)]: "1x200" },
      at: "10m",
      labels: [{ ...sonarr, ...availability }],
    },
    quiet: { series: running, at: "10m" },
  },
  {
    // While the engine cannot be asked, nothing is said of its containers.
    alert: "ServiceDown",
    of: 'service="sonarr"',
    fires: { series: listed, at: "10m", labels: [{ ...sonarr, ...availability }] },
    quiet: { series: {}, at: "10m" },
  },
  {
    alert: "ServiceUnhealthy",
    fires: { series: running, at: "10m", labels: [{ ...sonarr, ...availability }] },
    quiet: { series: healthy, at: "10m" },
  },
  {
    alert: "RestartLoop",
    fires: { series: listed, at: "10m", labels: [{ ...sonarr, ...availability }] },
    quiet: {
      series: { ...running, [measured("container_start_time_seconds")]: "100x40 700x100" },
      at: "20m",
    },
  },
  {
    alert: "RestartLoop",
    fires: {
      series: { ...running, [measured("container_start_time_seconds")]: "100+60x200" },
      at: "15m",
      labels: [{ ...sonarr, ...availability }],
    },
    quiet: { series: { ...running, [measured("container_start_time_seconds")]: "100x200" }, at: "15m" },
  },
  {
    alert: "HighMemoryUsage",
    fires: {
      series: { ...running, [measured("container_memory_working_set_bytes")]: `${0.95 * GiB}x200` },
      at: "10m",
      labels: [{ ...sonarr, severity: "warning", concern: "capacity" }],
    },
    quiet: {
      series: { ...running, [measured("container_memory_working_set_bytes")]: `${0.85 * GiB}x200` },
      at: "10m",
    },
  },
  {
    alert: "HighCPUUsage",
    fires: {
      // 14.4 s of 15 s on each of two processors.
      series: {
        ...running,
        [measured("container_cpu_usage_seconds_total", { cpu: "cpu00" })]: "0+14.4x200",
        [measured("container_cpu_usage_seconds_total", { cpu: "cpu01" })]: "0+14.4x200",
      },
      at: "20m",
      labels: [{ ...sonarr, severity: "warning", concern: "capacity" }],
    },
    quiet: {
      series: { ...running, [measured("container_cpu_usage_seconds_total", { cpu: "cpu00" })]: "0+14.4x200" },
      at: "20m",
    },
  },
  plain(
    "RouteDown",
    series("probe_success", route),
    ["0x100", "1x100"],
    { ...route, ...availability },
    "10m",
  ),
  plain(
    "SignInMissing",
    series("probe_http_status_code", route),
    ["200x100", "401x100"],
    { ...route, severity: "critical", concern: "security" },
    "5m",
  ),
  {
    // No answer at all is no sign-in that is missing.
    alert: "SignInMissing",
    fires: {
      series: { [series("probe_http_status_code", route)]: "302x100" },
      at: "5m",
      labels: [{ ...route, severity: "critical", concern: "security" }],
    },
    quiet: { series: { [series("probe_http_status_code", route)]: "0x100" }, at: "5m" },
  },
  plain(
    "CertificateExpiring",
    series("probe_ssl_earliest_cert_expiry", certificate),
    [`${10 * 86_400}x300`, `${20 * 86_400}x300`],
    { ...certificate, severity: "warning", concern: "security" },
    "65m",
  ),
  {
    alert: "CertificateExpiring",
    fires: {
      series: { [series("probe_ssl_earliest_cert_expiry", certificate)]: `${2 * 86_400}x300` },
      at: "65m",
      labels: ["critical", "warning"].map((severity) => ({ ...certificate, severity, concern: "security" })),
    },
    quiet: {
      series: { [series("probe_ssl_earliest_cert_expiry", certificate)]: `${10 * 86_400}x2` },
      at: "65m",
    },
  },
  plain("CertificateInvalid", series("probe_success", certificate), ["0x200", "1x200"], {
    ...certificate,
    severity: "warning",
    concern: "security",
  }),
  {
    alert: "VpnDown",
    fires: {
      series: {
        [inEngine("listed", gluetun)]: "1x100",
        [inEngine("running", gluetun)]: "1x100",
        [vpn("address")]: "1x100",
      },
      at: "5m",
      labels: [{ ...gluetun, ...availability }],
    },
    quiet: {
      series: {
        [inEngine("listed", gluetun)]: "1x100",
        [inEngine("running", gluetun)]: "1x100",
        [inEngine("healthy", gluetun)]: "1x100",
        [vpn("address")]: "1x100",
      },
      at: "5m",
    },
  },
  {
    alert: "VpnDown",
    fires: { series: { [vpn("address")]: "0x100" }, at: "5m", labels: [{ ...gluetun, ...availability }] },
    quiet: { series: { [vpn("address")]: "1x100" }, at: "5m" },
  },
  {
    alert: "VpnAddressLeaked",
    fires: {
      series: { [vpn("address")]: "1x100", [vpn("leak")]: "0x100" },
      at: "1m",
      labels: [{ job: "probe/vpn", checks: "leak", ...gluetun, severity: "critical", concern: "security" }],
    },
    // While the VPN has no address, nothing is said of it.
    quiet: { series: { [vpn("address")]: "0x100", [vpn("leak")]: "0x100" }, at: "1m" },
  },
  plain(
    "BackupFailed",
    series("ums_backup_last_exit_code", { service: "sonarr", class: "config-daily" }),
    ["3x20", "0x20"],
    { service: "sonarr", class: "config-daily", severity: "critical", concern: "backup" },
    "1m",
  ),
  plain(
    "BackupRepositoryUnsound",
    series("ums_backup_maintenance_last_exit_code", { repository: "local" }),
    ["1x20", "0x20"],
    { repository: "local", severity: "critical", concern: "backup" },
    "1m",
  ),
  plain(
    "RestoreDrillFailed",
    series("ums_restore_drill_last_exit_code", { service: "sonarr", class: "config-daily" }),
    ["1x20", "0x20"],
    { service: "sonarr", class: "config-daily", severity: "critical", concern: "backup" },
    "1m",
  ),
  ...(
    [
      ["database-hourly", 2 * 3600],
      ["config-daily", 26 * 3600],
      ["media-weekly", 8 * 86_400],
    ] as const
  ).map(([name, seconds]) =>
    // promtool's clock begins at 0.
    plain(
      "BackupLate",
      series("ums_backup_last_success_timestamp_seconds", { service: "sonarr", class: name }),
      [`${-seconds}x20`, `${-seconds + 300}x20`],
      { service: "sonarr", class: name, severity: "critical", concern: "backup" },
      "1m",
    ),
  ),
  {
    alert: "BackupMissing",
    of: 'service="postgres"',
    fires: {
      series: {},
      at: "125m",
      labels: [
        {
          service: "postgres",
          segment: "data",
          category: "data",
          class: "database-hourly",
          severity: "critical",
          concern: "backup",
        },
      ],
    },
    quiet: {
      series: {
        [series("ums_backup_last_success_timestamp_seconds", {
          service: "postgres",
          class: "database-hourly",
        })]: "0x600",
      },
      at: "125m",
    },
  },
  plain(
    "DiskFilling",
    series("node_filesystem_avail_bytes", disk),
    ["9x200", "11x200"],
    { ...disk, severity: "warning", concern: "capacity" },
    "40m",
  ),
  {
    // A fifth is left, and at this pace it is gone within the day.
    alert: "DiskFilling",
    fires: {
      series: { [series("node_filesystem_avail_bytes", disk)]: "24-0.01x200" },
      at: "40m",
      labels: [{ ...disk, severity: "warning", concern: "capacity" }],
    },
    quiet: { series: { [series("node_filesystem_avail_bytes", disk)]: "24-0.001x200" }, at: "40m" },
  },
  plain(
    "DiskFull",
    series("node_filesystem_avail_bytes", disk),
    ["3x100", "5x100"],
    { ...disk, severity: "critical", concern: "capacity" },
    "10m",
  ),
  plain(
    "InodesRunningOut",
    series("node_filesystem_files_free", disk),
    ["4x200", "6x200"],
    { ...disk, severity: "warning", concern: "capacity" },
    "40m",
  ),
  plain(
    "HostMemoryLow",
    host("node_memory_MemAvailable_bytes"),
    ["4x100", "6x100"],
    { instance: "node-exporter:9100", severity: "warning", concern: "capacity" },
    "15m",
  ),
  plain(
    "OutOfMemoryKill",
    host("node_vmstat_oom_kill"),
    ["0x20 1x20", "1x40"],
    { instance: "node-exporter:9100", severity: "warning", concern: "capacity" },
    "8m",
  ),
  plain(
    "PostgresUnreachable",
    series("pg_up", prometheus),
    ["0x100", "1x100"],
    { ...prometheus, ...availability },
    "5m",
  ),
  plain(
    "PostgresConnectionsRunningOut",
    series("pg_stat_database_numbackends", { datname: "sonarr", ...prometheus }),
    ["90x100", "80x100"],
    { ...prometheus, severity: "warning", concern: "capacity" },
    "10m",
  ),
  plain(
    "RedisUnreachable",
    series("redis_up", prometheus),
    ["0x100", "1x100"],
    { ...prometheus, ...availability },
    "5m",
  ),
  plain(
    "RedisConnectionsRefused",
    series("redis_rejected_connections_total", prometheus),
    ["0+1x100", "7x100"],
    { ...prometheus, severity: "warning", concern: "capacity" },
    "5m",
  ),
  {
    alert: "GatewayErrors",
    fires: {
      series: {
        [series("traefik_service_requests_total", {
          code: "200",
          exported_service: "sonarr@file",
          ...traefik,
        })]: "0+8x200",
        [series("traefik_service_requests_total", {
          code: "502",
          exported_service: "sonarr@file",
          ...traefik,
        })]: "0+2x200",
      },
      at: "20m",
      labels: [{ ...traefik, exported_service: "sonarr@file", severity: "warning", concern: "availability" }],
    },
    quiet: {
      series: {
        [series("traefik_service_requests_total", {
          code: "200",
          exported_service: "sonarr@file",
          ...traefik,
        })]: "0+19x200",
        [series("traefik_service_requests_total", {
          code: "502",
          exported_service: "sonarr@file",
          ...traefik,
        })]: "0+1x200",
      },
      at: "20m",
    },
  },
  {
    alert: "AddressesBanned",
    fires: {
      series: {
        [series("cs_active_decisions", { origin: "crowdsec", reason: "probing", ...traefik })]: "1x20",
      },
      at: "1m",
      labels: [{ ...traefik, reason: "probing", severity: "info", concern: "security" }],
    },
    quiet: {
      series: {
        [series("cs_active_decisions", { origin: "CAPI", reason: "probing", ...traefik })]: "9000x20",
      },
      at: "1m",
    },
  },
  plain(
    "AttackWave",
    series("cs_active_decisions", { origin: "crowdsec", reason: "probing", ...traefik }),
    ["20x20", "19x20"],
    { ...traefik, severity: "warning", concern: "security" },
    "1m",
  ),
  plain(
    "LoginFailures",
    series("authelia_authn", { success: "false", banned: "false", ...traefik }),
    ["0+1x40", "0+0.1x40"],
    { ...traefik, severity: "warning", concern: "security" },
    "10m",
  ),
  {
    // Wrong passwords and wrong codes count together; right ones do not.
    alert: "LoginFailures",
    fires: {
      series: {
        [series("authelia_authn", { success: "false", banned: "false", ...traefik })]: "0+0.2x40",
        [series("authelia_authn_second_factor", {
          success: "false",
          banned: "false",
          type: "totp",
          ...traefik,
        })]: "0+0.2x40",
      },
      at: "10m",
      labels: [{ ...traefik, severity: "warning", concern: "security" }],
    },
    quiet: {
      series: {
        [series("authelia_authn", { success: "true", banned: "false", ...traefik })]: "0+1x40",
        [series("authelia_authn_second_factor", {
          success: "false",
          banned: "false",
          type: "totp",
          ...traefik,
        })]: "0+0.2x40",
      },
      at: "10m",
    },
  },
  {
    // A burst makes the series: it begins with all of it. Ten minutes later it is over.
    alert: "LoginFailures",
    fires: {
      series: {
        [series("authelia_authn", { success: "false", banned: "false", ...traefik })]: "_x20 6x60",
        [series("authelia_authn_second_factor", {
          success: "false",
          banned: "false",
          type: "totp",
          ...traefik,
        })]: "_x20 6x60",
      },
      at: "8m",
      labels: [{ ...traefik, severity: "warning", concern: "security" }],
    },
    quiet: {
      series: { [series("authelia_authn", { success: "false", banned: "false", ...traefik })]: "_x20 20x60" },
      at: "17m",
    },
  },
  plain(
    "LoginBanned",
    series("authelia_authn", { success: "false", banned: "true", ...traefik }),
    ["0x20 1x20", "5x60"],
    { ...traefik, severity: "warning", concern: "security" },
    "12m",
  ),
  {
    // The first one makes the series.
    alert: "LoginBanned",
    fires: {
      series: { [series("authelia_authn", { success: "false", banned: "true", ...traefik })]: "_x20 1x20" },
      at: "8m",
      labels: [{ ...traefik, severity: "warning", concern: "security" }],
    },
    quiet: {
      series: { [series("authelia_authn", { success: "false", banned: "true", ...traefik })]: "_x20 1x60" },
      at: "17m",
    },
  },
  plain(
    "RuleFailing",
    series("prometheus_rule_evaluation_failures_total", { rule_group: "g", ...prometheus }),
    ["0+1x100", "4x100"],
    { rule_group: "g", ...prometheus, severity: "warning", concern: "availability" },
    "15m",
  ),
  plain(
    "AlertsUndelivered",
    series("prometheus_notifications_dropped_total", { alertmanager: "a", ...prometheus }),
    ["0+1x100", "4x100"],
    { ...prometheus, ...availability },
    "15m",
  ),
  plain(
    "DiscoveryFailing",
    series("prometheus_sd_refresh_failures_total", { mechanism: "docker", ...prometheus }),
    ["0+1x200", "4x200"],
    { ...prometheus, mechanism: "docker", severity: "warning", concern: "availability" },
  ),
  plain(
    "NotificationsFailing",
    series("alertmanager_notifications_failed_total", {
      integration: "email",
      reason: "other",
      ...prometheus,
    }),
    ["0+1x200", "4x200"],
    { ...prometheus, integration: "email", ...availability },
  ),
  plain(
    "LogsLost",
    series("loki_write_dropped_entries_total", { reason: "ingester_error", host: "loki", ...prometheus }),
    ["0+1x200", "4x200"],
    { ...prometheus, reason: "ingester_error", severity: "warning", concern: "availability" },
  ),
];

/** What expressions divide by, in every case. */
export const beside: Series = {
  [series("node_filesystem_size_bytes", disk)]: "100x300",
  [series("node_filesystem_files", disk)]: "100x300",
  [host("node_memory_MemTotal_bytes")]: "100x300",
  [series("pg_settings_max_connections", prometheus)]: "100x300",
};
