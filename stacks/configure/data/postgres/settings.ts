import { dirname } from "node:path/posix";
import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";
import { logLevel, profiles } from "../../logLevel.ts";
import { linesText } from "../../text.ts";
import type { Account } from "../accounts.ts";

/** Folder of the generated files. */
export const folder = "/etc/postgres";

/** Where the image's entrypoint writes settings of its own, if it does: its record then has a tmpfs there. */
const imageSettings = "/etc/postgresql/postgresql.conf";

/** PostgreSQL's own default of superuser_reserved_connections, and as many for the probe, dumps and a person. */
const reserved = 3;
const spare = 7;

/** Seconds after which a segment goes to the archive though it is not full: what a lost disk costs at most. */
const archiveTimeout = 300;

/** A setting as it stands in postgresql.conf. */
type Setting = readonly [name: string, value: string | number | boolean];

/**
 * Settings of the server: room for every account's connections, memory shares of the container's limit, its own rules of
 * who may connect, and the write-ahead log archived where the record has a volume for it.
 */
export function settingsText(service: Service, context: ConfigureContext, accounts: readonly Account[]) {
  const settings: Setting[] = [
    ["listen_addresses", "*"],
    ["hba_file", `${folder}/pg_hba.conf`],
    ["password_encryption", "scram-sha-256"],
    ...memorySettings(service.limits.memory, accounts),
    ...archiveSettings(service, context),
    ...logSettings(context),
    ...(profiles(context) ? profiling(service) : []),
  ];
  return linesText([
    `# Where initdb left off: locale, text search and time zone.`,
    `include_if_exists = ${literal(`${dataFolder(service)}/postgresql.conf`)}`,
    ...(hasImageSettings(service)
      ? [
          "# The image's own: extensions that must be loaded.",
          `include_if_exists = ${literal(imageSettings)}`,
        ]
      : []),
    ...settings.map(([name, value]) => `${name} = ${literal(value)}`),
  ]);
}

/** Rules of who may connect: the superuser on the socket alone, everyone else with a password. First match counts. */
export const hbaText = linesText([
  "# type database user address method",
  "# The superuser and base backups: from inside the container, by the name the operating system gives.",
  "local all postgres peer",
  "local replication postgres peer",
  "host all postgres all reject",
  "host all all all scram-sha-256",
]);

/**
 * Connections, and what they and the caches may use of the container's memory. 25% for shared buffers is what
 * PostgreSQL's manual starts from (runtime-config-resource); a sixteenth for maintenance, which up to three workers of
 * autovacuum take at once; a quarter for sorts, of which one connection in ten is taken to do one at a time.
 */
function memorySettings(limit: number, accounts: readonly Account[]): Setting[] {
  const connections = reserved + spare + accounts.reduce((sum, { account }) => sum + account.connections, 0);
  const share = (part: number, least: number, most: number) =>
    `${Math.max(least, Math.min(most, Math.floor(limit / part)))}MB`;
  return [
    ["max_connections", connections],
    ["superuser_reserved_connections", reserved],
    ["shared_buffers", share(4, 16, 8192)],
    // What of the tables the planner may take to be in memory: shared buffers and as much of the system's cache.
    ["effective_cache_size", share(2, 32, 65536)],
    ["maintenance_work_mem", share(16, 16, 1024)],
    ["work_mem", share((4 * connections) / 10, 4, 64)],
  ];
}

function archiveSettings(service: Service, context: ConfigureContext): Setting[] {
  if (archiveFolder(service, context) === undefined) return [["archive_mode", "off"]];
  return [
    ["wal_level", "replica"],
    ["wal_compression", "on"],
    ["archive_mode", "on"],
    ["archive_command", `/bin/sh ${folder}/archive.sh "%p" "%f"`],
    ["archive_timeout", archiveTimeout],
  ];
}

function logSettings(context: ConfigureContext): Setting[] {
  return [
    ["log_destination", "stderr"],
    ["logging_collector", "off"],
    ["log_line_prefix", "%m [%p] %q%u@%d "],
    // No statement in the log: they hold people's data.
    ["log_statement", "none"],
    ["log_min_duration_statement", -1],
    // Its levels below info are for its developers: thousands of lines at a checkpoint.
    [
      "log_min_messages",
      logLevel(context, { debug: "info", info: "notice", warning: "warning", error: "error" }),
    ],
  ];
}

/** Times of reads and writes, and of statements where no image loads libraries of its own: the list cannot be added to. */
function profiling(service: Service): Setting[] {
  return [
    ["track_io_timing", "on"],
    ...(hasImageSettings(service) ? [] : [["shared_preload_libraries", "pg_stat_statements"] as const]),
  ];
}

/** Extensions of the maintenance database. */
export function maintenanceExtensions(service: Service, context: ConfigureContext): string[] {
  return profiles(context) && !hasImageSettings(service) ? ["pg_stat_statements"] : [];
}

function hasImageSettings({ tmpfs }: Service): boolean {
  return tmpfs.some(({ path }) => path === dirname(imageSettings));
}

function dataFolder({ environment }: Service): string {
  return environment.PGDATA ?? "/var/lib/postgresql/data";
}

/** Path of the record's volume `archive`. */
export function archiveFolder({ name, mounts }: Service, { stack }: ConfigureContext): string | undefined {
  return mounts.find(({ volume }) => volume === `${stack}-${name}_archive`)?.path;
}

/** A value as postgresql.conf takes it: quotes around text, doubled inside. */
function literal(value: Setting[1]): string {
  return typeof value === "number" ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
}
