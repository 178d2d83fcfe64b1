import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";
import { reached } from "../reached.ts";
import type { ScrapeJob } from "./scrape.ts";

/**
 * What the engine is asked, by the filters of its container list (Docker Engine API, ContainerList). `running` is
 * without containers that restart. A container without a health check, or in its start period, counts as healthy.
 */
const lists: Readonly<Record<"listed" | "running" | "healthy", Record<string, string[]>>> = {
  listed: {},
  running: { status: ["running"] },
  healthy: { health: ["healthy", "none", "starting"] },
};

/** Seconds between questions, and between samples of what was answered. */
const interval = "30s";

/** A selector that selects nothing: Prometheus answers with an empty page. */
const nothing = '{__name__="none"}';

/**
 * The stack's containers as the engine lists them, read through the socket proxy: a target for each, by its id, service,
 * segment and category. No container is called. What is scraped is an empty page of Prometheus itself, so `up` says no
 * more than that the engine named the container. It ties cAdvisor's control groups, which carry nothing but the id, to
 * services, and is the one source for health checks, which no exporter of the catalogue reads.
 *
 * A container in another one's network namespace is found only in lists that the other one is in, too. So states are
 * asked for in the affirmative: when a VPN is unhealthy, so are the clients behind it.
 */
export function containerJobs(collector: Service, context: ConfigureContext): ScrapeJob[] {
  const engine = reached(collector, context, ({ roles }) => roles.includes("socket-proxy"));
  const own = collector.metrics?.port ?? collector.route?.port;
  if (!engine || own === undefined) return [];
  return Object.entries(lists).map(([list, filters]) => ({
    job_name: `docker/${list}`,
    scrape_interval: interval,
    metrics_path: "/federate",
    params: { "match[]": [nothing] },
    docker_sd_configs: [
      {
        host: `tcp://${engine.address}`,
        refresh_interval: interval,
        filters: Object.entries({ label: [`ums.stack=${context.stack}`], ...filters }).map(
          ([name, values]) => ({ name, values }),
        ),
      },
    ],
    relabel_configs: [
      // One-shot containers, which write files, belong to no service.
      { source_labels: ["__meta_docker_container_label_ums_service"], regex: ".+", action: "keep" },
      { source_labels: ["__meta_docker_container_label_ums_service"], target_label: "service" },
      { source_labels: ["__meta_docker_container_label_ums_segment"], target_label: "segment" },
      ...categories(context).map(({ category, regex }) => ({
        source_labels: ["service"],
        regex,
        target_label: "category",
        replacement: category,
      })),
      { source_labels: ["__meta_docker_container_id"], target_label: "container" },
      { source_labels: ["__meta_docker_container_name"], regex: "/(.+)", target_label: "instance" },
      { target_label: "__address__", replacement: `127.0.0.1:${own}` },
    ],
  }));
}

/** Containers carry no category: the services of each as a pattern. */
function categories({ services }: ConfigureContext): { category: string; regex: string }[] {
  return [...new Set(services.map(({ category }) => category))].sort().map((category) => ({
    category,
    regex: services
      .filter((service) => service.category === category)
      .map(({ name }) => name)
      .join("|"),
  }));
}
