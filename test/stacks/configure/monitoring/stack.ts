import { parse } from "yaml";
import { z } from "zod";
import type { Platform } from "../../../../stacks/platform.ts";
import { found, type PlatformInput, platform } from "../../../fixtures/platforms.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf } from "../fixtures.ts";

const optional = { required: false, ordered: false };

/** A whole monitoring under names that no record of the catalogue has: generators find each other by what records say. */
export const watchers: Readonly<Record<string, RecordFields>> = {
  watcher: {
    category: "monitoring",
    segment: "admin",
    roles: ["metrics"],
    configure: "prometheus",
    ports: listensOn(9090),
    metrics: { port: 9090 },
    links: [
      linkTo("pager", 9093, optional),
      linkTo("prober", 9115, optional),
      linkTo("engine", 2375, optional),
    ],
  },
  pager: { segment: "admin", configure: "alertmanager", ports: listensOn(9093) },
  prober: {
    segment: "admin",
    configure: "blackbox",
    ports: listensOn(9115),
    links: [linkTo("door", 8443, optional), linkTo("tunnel", 8000, optional)],
  },
  engine: { segment: "admin", roles: ["socket-proxy"], ports: listensOn(2375) },
  door: { segment: "dmz", category: "gateway", roles: ["gateway"], ports: listensOn(8443) },
};

/** A VPN that tells its address with a key. */
export const tunnel: RecordFields = {
  segment: "downloads",
  category: "downloads",
  roles: ["vpn"],
  ports: listensOn(8000),
  secrets: [{ name: "key", generate: "hex" }],
  publicAddress: { port: 8000, path: "/ip", header: "X-Key", secret: "key" },
};

/** The monitoring and more records; a name given as undefined is left out, and so are the monitoring's links to it. */
export function watched(
  more: Readonly<Record<string, RecordFields | undefined>> = {},
  input: PlatformInput = {},
): Platform {
  const all = { ...watchers, ...more };
  const records = Object.entries(all).flatMap(([name, record]) => {
    if (record === undefined) return [];
    const { links = [], ...rest } = record;
    const known = links.filter(({ provider }) => provider === undefined || all[provider] !== undefined);
    return [[name, { ...rest, links: name in watchers ? known : links }] as const];
  });
  return platform(Object.fromEntries(records), input);
}

const labels = z.record(z.string(), z.string());
const prometheusSchema = z.object({
  global: z.looseObject({ scrape_interval: z.string(), external_labels: labels }),
  rule_files: z.array(z.string()),
  alerting: z
    .object({
      alertmanagers: z.array(
        z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
      ),
    })
    .optional(),
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      static_configs: z.array(z.object({ targets: z.array(z.string()), labels })).default([]),
    }),
  ),
});
export type PrometheusConfig = z.output<typeof prometheusSchema>;
export type Job = PrometheusConfig["scrape_configs"][number];

/** The service a generator configures. */
export function configured(of: Platform, generator: string): string {
  return found(
    of.services.find(({ configure }) => configure === generator),
    generator,
  ).name;
}

export function fileOf(of: Platform, generator: string, path: string): string {
  return found(filesOf(of, configured(of, generator)).get(path), path);
}

export function prometheus(of: Platform): PrometheusConfig {
  return prometheusSchema.parse(parse(fileOf(of, "prometheus", "/etc/prometheus/prometheus.yml")));
}

export function job(of: Platform, name: string): Job {
  return found(
    prometheus(of).scrape_configs.find(({ job_name }) => job_name === name),
    `the job ${name}`,
  );
}

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string().optional(),
          record: z.string().optional(),
          expr: z.string(),
          for: z.string().optional(),
          labels: labels.optional(),
          annotations: labels.optional(),
        }),
      ),
    }),
  ),
});
export type Rule = z.output<typeof rulesSchema>["groups"][number]["rules"][number];

/** Every rule of both files. */
export function rules(of: Platform): Rule[] {
  return ["platform", "services"].flatMap((name) => {
    const text = fileOf(of, "prometheus", `/etc/prometheus/rules/${name}.yml`);
    return rulesSchema.parse(parse(text)).groups.flatMap((group) => group.rules);
  });
}

export function alerts(of: Platform, name?: string): Rule[] {
  return rules(of).filter(({ alert }) => alert !== undefined && (name === undefined || alert === name));
}
