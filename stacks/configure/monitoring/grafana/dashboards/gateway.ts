import type { Service } from "../../../../platform.ts";

/**
 * Traefik names the services of its file provider name@file, and calls the label `service`, which Prometheus keeps as
 * `exported_service` beside its own.
 */
export const routeLegend = "{{exported_service}}";

/** Matches the requests that Traefik hands on to some services. */
export function servedBy(services: readonly Service[]): string {
  return `exported_service=~"(${services.map(({ name }) => name).join("|")})@file"`;
}

/** Requests a second that arrive, by whatever is asked for. */
export function requestRate(code?: string, by?: string): string {
  const of = code === undefined ? "" : `{code=~"${code}"}`;
  const group = by === undefined ? "" : ` by (${by})`;
  return `sum${group} (rate(traefik_entrypoint_requests_total${of}[$__rate_interval]))`;
}

/** Share of requests that are answered with a status of 500 or more. */
export function serverErrorShare(): string {
  return `${requestRate("5..")} / ${requestRate()}`;
}

/** Requests a second that services answer. */
export function serviceRate(services: readonly Service[], code?: string): string {
  const of = code === undefined ? "" : `, code=~"${code}"`;
  return `sum by (exported_service) (rate(traefik_service_requests_total{${servedBy(services)}${of}}[$__rate_interval]))`;
}

/** Seconds in which a share of a service's requests is answered. */
export function serviceQuantile(quantile: number, services: readonly Service[]): string {
  return `histogram_quantile(${quantile}, sum by (le, exported_service) (rate(traefik_service_request_duration_seconds_bucket{${servedBy(services)}}[$__rate_interval])))`;
}
