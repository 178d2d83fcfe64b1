import type { ServiceRecord } from "../../../catalog/record.ts";
import type { Service } from "../../../platform.ts";
import { categoryTitles } from "../../categories.ts";
import type { ConfigureContext } from "../../context.ts";
import { containerJobs } from "../prometheus/containers.ts";
import { probeJobs } from "../prometheus/probes.ts";
import { type Reached, reached } from "../reached.ts";
import type { DataSourceKind } from "./model.ts";

/** Services of one category, as the dashboards group them. */
export interface CategoryView {
  name: ServiceRecord["category"];
  title: string;
  services: readonly Service[];
}

/** What the dashboards can show of a stack: the sources Grafana asks, and what these know. */
export interface View {
  stack: string;
  sources: Readonly<Record<DataSourceKind, Reached | undefined>>;
  categories: readonly CategoryView[];
  services: readonly Service[];
  /** Services of whose own metrics there are samples. */
  measured: readonly Service[];
  routed: readonly Service[];
  /** The engine's lists of containers are collected. */
  containers: boolean;
  /** Names of the jobs that probe. */
  probes: ReadonlySet<string>;
  /** The gateway, where its metrics are Traefik's. */
  traefik: Service | undefined;
  /** Backups are made, and their ages reported. */
  backups: boolean;
  /** True where a record of the stack keeps a series under this name. */
  records(series: string): boolean;
}

/** Where Grafana finds its data: the services that its record links it to. */
export function sourcesOf(grafana: Service, context: ConfigureContext): View["sources"] {
  const source = (generator: NonNullable<Service["configure"]>) =>
    reached(grafana, context, ({ configure }) => configure === generator);
  return { prometheus: source("prometheus"), loki: source("loki"), alertmanager: source("alertmanager") };
}

export function viewOf(grafana: Service, context: ConfigureContext): View {
  const { services } = context;
  const sources = sourcesOf(grafana, context);
  const collector = sources.prometheus?.service;
  const measured = services.filter(
    ({ name, metrics }) => metrics !== undefined && collector && context.reaches(collector.name, name),
  );
  return {
    stack: context.stack,
    sources,
    categories: Object.entries(categoryTitles)
      .map(([name, title]) => ({
        name: name as CategoryView["name"],
        title,
        services: services.filter(({ category }) => category === name),
      }))
      .filter((category) => category.services.length > 0),
    services,
    measured,
    routed: services.filter(({ route }) => route !== undefined),
    containers: collector !== undefined && containerJobs(collector, context).length > 0,
    probes: new Set(collector ? probeJobs(collector, context).map(({ job_name }) => job_name) : []),
    traefik: measured.find(({ roles, configure }) => roles.includes("gateway") && configure === "traefik"),
    backups: measured.some(({ roles }) => roles.includes("copier")),
    records: (series) =>
      services.some(({ rules }) => rules.some((rule) => "record" in rule && rule.record === series)),
  };
}
