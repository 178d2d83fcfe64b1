/** Jobs of Prometheus that are no endpoint of a service: what the engine lists, and probes. */
const otherJobs = "(docker|probe)/.+";

/** Whether the endpoints of services can be read: 1 or 0. */
export function up(category?: string): string {
  const of = category === undefined ? "" : `, category="${category}"`;
  return `up{job!~"${otherJobs}"${of}}`;
}
