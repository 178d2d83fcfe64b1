import type { Service } from "../../../platform.ts";
import type { ConfigureContext, GeneratedFile } from "../../context.ts";
import { labelsOf } from "../reached.ts";

/** An entry of `scrape_configs`. */
export interface ScrapeJob {
  job_name: string;
  [field: string]: unknown;
}

/** A service whose metrics the collector reads. */
type Measured = Service & { metrics: NonNullable<Service["metrics"]> };

/** A job for every endpoint of the records, named after the service; a further endpoint is `service/endpoint`. */
export function scrapeJobs(collector: Service, context: ConfigureContext): ScrapeJob[] {
  return measured(collector, context).flatMap((service) => {
    const { metrics } = service;
    const host = context.hostOf(collector.name, service.name);
    const endpoints = [
      { job: service.name, port: metrics.port, path: metrics.path },
      ...(metrics.also ?? []).map(({ name, port, path }) => ({ job: `${service.name}/${name}`, port, path })),
    ];
    return endpoints.map(
      ({ job, port, path }): ScrapeJob => ({
        job_name: job,
        metrics_path: path,
        ...(metrics.honorLabels ? { honor_labels: true } : {}),
        ...(tokenOf(service, collector, context)
          ? { authorization: { credentials_file: tokenPath(service) } }
          : {}),
        static_configs: [{ targets: [`${host}:${port}`], labels: labelsOf(service) }],
      }),
    );
  });
}

/** The tokens that endpoints want, each in a file of its own. */
export function credentialFiles(collector: Service, context: ConfigureContext): GeneratedFile[] {
  return measured(collector, context).flatMap((service) => {
    const token = tokenOf(service, collector, context);
    return token ? [{ path: tokenPath(service), text: [{ secret: token.id }] }] : [];
  });
}

function measured({ name }: Service, context: ConfigureContext): Measured[] {
  return context.services.filter(
    (service): service is Measured => service.metrics !== undefined && context.reaches(name, service.name),
  );
}

function tokenOf({ name, metrics }: Measured, collector: Service, context: ConfigureContext) {
  return metrics.bearer === undefined ? undefined : context.secret(collector.name, name, metrics.bearer);
}

function tokenPath({ name }: Service): string {
  return `/run/secrets/metrics/${name}`;
}
