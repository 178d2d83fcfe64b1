import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { logLevel } from "../logLevel.ts";
import { yamlText } from "../text.ts";

/** Day from which the index has this form. Loki wants one that is past; it never moves, or old lines could not be read. */
const schemaFrom = "2024-01-01";

/**
 * Loki as one process with its data in its own volume: index and chunks on the file system, one copy of each, and old
 * lines deleted by the compactor.
 */
export function configureLoki(service: Service, context: ConfigureContext): Configuration {
  const folder = service.mounts.find(({ readOnly }) => !readOnly)?.path ?? "/loki";
  const { retentionDays } = context.settings.logs;
  const document = {
    // No tenants: who may ask is decided by the links.
    auth_enabled: false,
    analytics: { reporting_enabled: false },
    server: {
      http_listen_port: service.health.http?.port ?? 3100,
      // Its parts call each other over gRPC inside the one process.
      grpc_listen_address: "127.0.0.1",
      log_level: logLevel(context, { debug: "debug", info: "info", warning: "warn", error: "error" }),
    },
    common: {
      path_prefix: folder,
      instance_addr: "127.0.0.1",
      replication_factor: 1,
      ring: { kvstore: { store: "inmemory" } },
      storage: { filesystem: { chunks_directory: `${folder}/chunks`, rules_directory: `${folder}/rules` } },
    },
    schema_config: {
      configs: [
        {
          from: schemaFrom,
          store: "tsdb",
          object_store: "filesystem",
          schema: "v13",
          index: { prefix: "index_", period: "24h" },
        },
      ],
    },
    compactor: {
      working_directory: `${folder}/compactor`,
      retention_enabled: true,
      delete_request_store: "filesystem",
    },
    limits_config: { retention_period: `${retentionDays * 24}h` },
  };
  return { files: [{ path: "/etc/loki/local-config.yaml", text: yamlText(document) }] };
}
