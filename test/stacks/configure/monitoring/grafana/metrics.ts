/**
 * Metrics that the catalogue's programs are known to have, with their labels, as read in their sources at the versions
 * of the catalogue. Histograms are listed by the series that are asked for.
 */
export const metrics: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // prometheus/prometheus v3.14.0: docs/concepts/jobs_instances.md; rules/alerting.go; rules/group.go; tsdb; scrape/metrics.go
  prometheus: {
    up: [],
    scrape_duration_seconds: [],
    ALERTS: ["alertname", "alertstate", "severity", "concern"],
    prometheus_rule_evaluation_failures_total: ["rule_group"],
    prometheus_target_scrapes_sample_out_of_order_total: [],
    prometheus_tsdb_head_series: [],
    prometheus_tsdb_storage_blocks_bytes: [],
  },
  // prometheus/client_golang v1.24.1: prometheus/process_collector.go
  process: {
    process_resident_memory_bytes: [],
    process_cpu_seconds_total: [],
    process_start_time_seconds: [],
  },
  // prometheus/alertmanager v0.34.0: notify/metrics.go
  alertmanager: { alertmanager_notifications_failed_total: ["integration", "reason"] },
  // prometheus/blackbox_exporter v0.28.0: prober/handler.go, prober/http.go, prober/tcp.go; labels of the probe jobs
  blackbox: {
    probe_success: ["checks", "access"],
    probe_duration_seconds: ["checks", "access"],
    probe_http_status_code: ["checks", "access"],
    probe_ssl_earliest_cert_expiry: [],
  },
  // traefik/traefik v3.7.11: pkg/observability/metrics/prometheus.go; its label `service` is kept as exported_service
  traefik: {
    traefik_open_connections: ["entrypoint", "protocol"],
    traefik_entrypoint_requests_total: ["code", "method", "protocol", "entrypoint"],
    traefik_entrypoint_requests_tls_total: ["tls_version", "tls_cipher", "entrypoint"],
    traefik_entrypoint_request_duration_seconds_bucket: ["code", "method", "protocol", "entrypoint", "le"],
    traefik_service_requests_total: ["code", "method", "protocol", "exported_service"],
    traefik_service_request_duration_seconds_bucket: ["code", "method", "protocol", "exported_service", "le"],
    traefik_service_responses_bytes_total: ["code", "method", "protocol", "exported_service"],
  },
  // crowdsecurity/crowdsec v1.7.8: pkg/metrics/global.go, pkg/metrics/leaky.go
  crowdsec: {
    cs_active_decisions: ["reason", "origin", "action"],
    cs_alerts: ["reason"],
    cs_bucket_overflowed_total: ["name"],
    cs_parser_hits_ok_total: ["source", "type", "acquis_type"],
    cs_parser_hits_ko_total: ["source", "type", "acquis_type"],
  },
  // authelia/authelia 4.39: internal/metrics/prometheus.go
  authelia: {
    authelia_authn: ["success", "banned"],
    authelia_authn_passkey: ["success"],
    authelia_authn_second_factor: ["success", "banned", "type"],
    authelia_authz: ["code"],
  },
  // prometheus/node_exporter v1.12.1: collector/
  node: {
    node_cpu_seconds_total: ["cpu", "mode"],
    node_disk_read_bytes_total: ["device"],
    node_disk_written_bytes_total: ["device"],
    node_filesystem_avail_bytes: ["device", "fstype", "mountpoint"],
    node_filesystem_size_bytes: ["device", "fstype", "mountpoint"],
    node_load1: [],
    node_load15: [],
    node_memory_MemAvailable_bytes: [],
    node_memory_MemFree_bytes: [],
    node_memory_MemTotal_bytes: [],
    node_pressure_cpu_waiting_seconds_total: [],
    node_pressure_io_waiting_seconds_total: [],
    node_pressure_memory_waiting_seconds_total: [],
    node_vmstat_oom_kill: [],
  },
  // prometheus-community/postgres_exporter v0.20.1: collector/pg_stat_database.go, pg_database.go, pg_setting.go
  postgres: {
    pg_database_size_bytes: ["datname"],
    pg_settings_max_connections: [],
    pg_stat_database_blks_hit: ["datid", "datname"],
    pg_stat_database_blks_read: ["datid", "datname"],
    pg_stat_database_deadlocks: ["datid", "datname"],
    pg_stat_database_numbackends: ["datid", "datname"],
    pg_stat_database_xact_commit: ["datid", "datname"],
    pg_stat_database_xact_rollback: ["datid", "datname"],
  },
  // oliver006/redis_exporter: exporter/exporter.go
  redis: {
    redis_commands_processed_total: [],
    redis_evicted_keys_total: [],
    redis_keyspace_hits_total: [],
    redis_keyspace_misses_total: [],
    redis_memory_max_bytes: [],
    redis_memory_used_bytes: [],
    redis_rejected_connections_total: [],
  },
  // grafana/loki v3.7.6: pkg/loghttp/push/push.go, pkg/validation/validate.go
  loki: {
    loki_distributor_bytes_received_total: ["tenant", "retention_hours", "policy", "format"],
    loki_discarded_samples_total: ["reason", "tenant", "retention_hours", "policy", "format"],
  },
  // onedr0p/exportarr v2.3.0: internal/arr/collector/
  exportarr: {
    sonarr_series_total: [],
    sonarr_series_filesize_bytes: [],
    sonarr_episode_downloaded_total: [],
    sonarr_episode_missing_total: [],
    sonarr_queue_total: ["status", "download_status", "download_state"],
    sonarr_system_health_issues: ["source", "type", "message", "wikiurl"],
    radarr_movie_downloaded_total: [],
    radarr_movie_filesize_total: [],
    radarr_movie_missing_total: [],
    radarr_queue_total: ["status", "download_status", "download_state"],
    radarr_system_health_issues: ["source", "type", "message", "wikiurl"],
    lidarr_albums_missing_total: [],
    lidarr_artists_total: [],
    lidarr_artists_filesize_bytes: [],
    lidarr_songs_downloaded_total: [],
    lidarr_queue_total: ["status", "download_status", "download_state"],
    lidarr_system_health_issues: ["source", "type", "message", "wikiurl"],
    readarr_author_filesize_bytes: [],
    readarr_book_downloaded_total: [],
    readarr_book_missing_total: [],
    readarr_queue_total: ["status", "download_status", "download_state"],
    readarr_system_health_issues: ["source", "type", "message", "wikiurl"],
    bazarr_subtitles_wanted_total: [],
    bazarr_system_health_issues: ["object", "issue"],
    prowlarr_indexer_average_response_time_ms: ["indexer"],
    prowlarr_indexer_failed_queries_total: ["indexer"],
    prowlarr_indexer_grabs_total: ["indexer"],
    prowlarr_indexer_queries_total: ["indexer"],
    prowlarr_system_health_issues: ["source", "type", "message", "wikiurl"],
  },
  // navidrome/navidrome: core/metrics/prometheus.go
  navidrome: { db_model_totals: ["model"] },
  // What the copier reports of the backups.
  backup: {
    ums_backup_last_success_timestamp_seconds: ["class", "repository"],
    ums_backup_last_exit_code: ["class", "repository"],
    ums_restore_drill_last_exit_code: ["class", "repository"],
  },
};

/** Labels that every target has. */
export const targetLabels = ["job", "instance", "service", "segment", "category"];
