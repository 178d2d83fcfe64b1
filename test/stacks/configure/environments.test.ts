import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../stacks/catalog/load.ts";
import { type EnvironmentName, environmentNames } from "../../../stacks/catalog/record.ts";
import { loadEnvironments } from "../../../stacks/config/load.ts";
import type { Platform } from "../../../stacks/platform.ts";
import { projectRoot } from "../../fixtures/folders.ts";
import { found, platform, platformOf, service } from "../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { environments, stackConfig, stackText } from "../../fixtures/stackConfigs.ts";
import { filesOf } from "./fixtures.ts";

/** The whole catalogue in an environment, with variables of the stack. */
function catalogueIn(
  environment: EnvironmentName,
  variables: Record<string, string | number | boolean> = {},
) {
  const config = stackConfig({ environment, variables });
  return platformOf(loadCatalog(projectRoot, ["catalog"]), config, loadEnvironments(projectRoot));
}

/** Categories this list speaks for, and the exporters of databases and of the *arr family. */
const isListed = ({ category, name }: Platform["services"][number]) =>
  ["content", "requests", "streaming", "data", "medianest"].includes(category) ||
  /^(exportarr-.*|postgres-exporter|redis-exporter)$/.test(name);

/** Words of the environment and the command of each service, as `service VARIABLE`. */
function wordsOf(of: Platform): Map<string, string> {
  return new Map(
    of.services
      .filter(isListed)
      .flatMap(({ name, environment, command = [] }) => [
        ...Object.entries(environment).map(([variable, value]) => [`${name} ${variable}`, value] as const),
        ...command.map((word, index) => [`${name} command[${index}]`, word] as const),
      ]),
  );
}

/**
 * What differs between environments, and who gets it: every service of these categories that has such a setting and can
 * be told from outside. Plex, Emby, Audiobookshelf, Kavita, Calibre-Web, Mylar3 and Ombi keep their level in their own
 * settings; Elastic says to leave Elasticsearch's alone.
 */
const table: Record<string, readonly [development: string, staging: string, production: string]> = {
  "bazarr DYNACONF_GENERAL__DEBUG": ["true", "false", "false"],
  "exportarr-bazarr LOG_LEVEL": ["debug", "info", "warn"],
  "exportarr-lidarr LOG_LEVEL": ["debug", "info", "warn"],
  "exportarr-prowlarr LOG_LEVEL": ["debug", "info", "warn"],
  "exportarr-radarr LOG_LEVEL": ["debug", "info", "warn"],
  "exportarr-readarr LOG_LEVEL": ["debug", "info", "warn"],
  "exportarr-sonarr LOG_LEVEL": ["debug", "info", "warn"],
  "immich IMMICH_LOG_LEVEL": ["debug", "log", "warn"],
  "immich-machine-learning IMMICH_LOG_LEVEL": ["debug", "log", "warn"],
  "immich-machine-learning MACHINE_LEARNING_MODEL_TTL": ["60", "300", "3600"],
  "jellyfin CACHE_SIZE": ["", "", "10GB"],
  "jellyfin JELLYFIN_Serilog__MinimumLevel__Default": ["Debug", "Information", "Warning"],
  "jellyfin TRANSCODE_THREADS": ["", "", "8"],
  "lidarr LIDARR__LOG__LEVEL": ["debug", "info", "warn"],
  "medianest-backend LOG_LEVEL": ["debug", "info", "warn"],
  "meilisearch MEILI_LOG_LEVEL": ["debug", "info", "warn"],
  "navidrome ND_DEVENABLEPROFILER": ["true", "true", "false"],
  "navidrome ND_LOGLEVEL": ["debug", "info", "warn"],
  "overseerr LOG_LEVEL": ["debug", "info", "warn"],
  "postgres-exporter command[0]": ["--log.level=debug", "--log.level=info", "--log.level=warn"],
  "prowlarr PROWLARR__LOG__LEVEL": ["debug", "info", "warn"],
  "radarr RADARR__LOG__LEVEL": ["debug", "info", "warn"],
  "readarr READARR__LOG__LEVEL": ["debug", "info", "warn"],
  "redis-exporter REDIS_EXPORTER_LOG_LEVEL": ["debug", "info", "warning"],
  "seerr LOG_LEVEL": ["debug", "info", "warn"],
  "sonarr SONARR__LOG__LEVEL": ["debug", "info", "warn"],
};

/** Lines of generated files that differ between environments. */
const lines: Record<string, readonly [development: string, staging: string, production: string]> = {
  "postgres /etc/postgres/postgresql.conf log_min_messages": ["'info'", "'notice'", "'warning'"],
  "postgres /etc/postgres/postgresql.conf track_io_timing": ["'on'", "'on'", ""],
  "postgres /etc/postgres/postgresql.conf shared_preload_libraries": [
    "'pg_stat_statements'",
    "'pg_stat_statements'",
    "",
  ],
  "immich-postgres /etc/postgres/postgresql.conf log_min_messages": ["'info'", "'notice'", "'warning'"],
  "immich-postgres /etc/postgres/postgresql.conf track_io_timing": ["'on'", "'on'", ""],
  "redis /etc/redis/redis.conf loglevel": ["debug", "notice", "warning"],
  "redis /etc/redis/redis.conf latency-monitor-threshold": ["100", "100", "0"],
  "medianest-redis /etc/redis/redis.conf loglevel": ["debug", "notice", "warning"],
  "medianest-nginx /etc/medianest/nginx.conf error_log": ["stderr info", "stderr notice", "stderr warn"],
};

describe("an environment's template variables reach", () => {
  const stacks = environmentNames.map((name) => catalogueIn(name));

  it("these variables of these services, and no others differ between environments", () => {
    const words = stacks.map(wordsOf);
    const names = [...new Set(words.flatMap((one) => [...one.keys()]))].sort();
    const found = names.flatMap((name) => {
      const values = words.map((one) => one.get(name) ?? "");
      return new Set(values).size > 1 ? [[name, values] as const] : [];
    });
    expect(Object.fromEntries(found)).toEqual(table);
  });

  it.each(Object.entries(lines))("%s", (where, expected) => {
    const [name = "", path = "", setting = ""] = where.split(" ");
    const values = stacks.map((of) => {
      const text = found(filesOf(of, name).get(path), path);
      return new RegExp(`^${setting} (?:= )?(.*?);?$`, "m").exec(text)?.[1] ?? "";
    });
    expect(values).toEqual(expected);
  });

  it("them all when the stack itself sets one", () => {
    const quiet = wordsOf(catalogueIn("production", { LOG_LEVEL: "error", CACHE_TTL: 7 }));
    const loud = wordsOf(catalogueIn("production", { LOG_LEVEL: "debug" }));
    for (const [name, [development]] of Object.entries(table)) {
      if (/CACHE_SIZE|TRANSCODE|PROFILER/.test(name)) continue;
      if (name.endsWith("MODEL_TTL")) {
        expect(quiet.get(name)).toBe("7");
        continue;
      }
      expect(loud.get(name), name).toBe(development);
      expect(quiet.get(name)?.toLowerCase(), name).toMatch(/error$|^false$/);
    }
  });
});

describe("a spelling", () => {
  const spelled = environments({
    base: { LEVEL: "loud" },
    spellings: {
      LEVEL_NUMBER: { of: "LEVEL", values: { loud: "9", soft: "1" } },
      NONE: { of: "OTHER", values: {} },
    },
  });
  const alpha = { environment: { LEVEL: "${LEVEL_NUMBER}" } };

  it("says a variable in other words", () => {
    const of = platform({ alpha }, { environments: spelled });
    expect(service(of, "alpha").environment.LEVEL).toBe("9");
    const config = { variables: { LEVEL: "soft" } };
    expect(service(platform({ alpha }, { environments: spelled, config }), "alpha").environment.LEVEL).toBe(
      "1",
    );
  });

  it("of a value it does not have is refused where the value is written", () => {
    const of = (variables: Record<string, string>, base: Record<string, string> = { LEVEL: "loud" }) =>
      complaints(() => platform({ alpha }, { environments: { ...spelled, base }, config: { variables } }));
    const { line, column } = positionOf(stackText({ variables: { LEVEL: "softt" } }), "LEVEL: softt");
    const place = `Pulumi.test.yaml:${line}:${column}`;
    expect(of({ LEVEL: "softt" })).toEqual([
      `${place}: the template variable LEVEL is "softt", did you mean "soft"?`,
    ]);
    expect(of({ LEVEL: "toString" })).toEqual([
      `${place}: the template variable LEVEL is "toString"; possible: loud, soft`,
    ]);
    expect(of({}, { LEVEL: "9" })).toEqual([
      'catalog/environments.yaml: the template variable LEVEL is "9"; possible: loud, soft',
    ]);
  });

  it("of a variable that no environment has is not there", () => {
    const beta = { environment: { NONE: "${NONE}" } };
    expect(complaints(() => platform({ beta }, { environments: spelled }))).toEqual([
      expect.stringContaining('there is no template variable "NONE"'),
    ]);
  });
});

it("the port of the gateway stands in addresses where it is not the standard one", () => {
  const alpha = { environment: { URL: "https://a.${DOMAIN}${URL_PORT}/" } };
  const urlOf = (offset: number) =>
    service(
      platform({ alpha }, { config: { domain: "media.test", publish: { address: "127.0.0.1", offset } } }),
      "alpha",
    ).environment.URL;
  expect([urlOf(0), urlOf(10_000)]).toEqual(["https://a.media.test/", "https://a.media.test:10443/"]);
});
