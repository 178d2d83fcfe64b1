import type { Draft } from "../draft.ts";
import type { Outline, Section } from "../layout.ts";
import { rows, states } from "../panels.ts";
import type { CategoryView, View } from "../view.ts";
import { backupPanels } from "./backups.ts";
import { up } from "./states.ts";

/** The state of every service, by category. */
export function serviceHealth(view: View): Omit<Outline, "uid"> {
  return {
    title: "Service Health",
    description:
      "The state of every service over time, by category: its container, its metrics and its route.",
    sections: view.sources.prometheus
      ? [
          ...view.categories.map(
            (category): Section => ({
              title: category.title,
              panels: categoryPanels(category, view),
            }),
          ),
          { title: "Restarts and certificates", panels: [restarts(view), ...certificates(view)] },
          { title: "Backups", closed: true, panels: backupPanels(view) },
        ]
      : [],
  };
}

function categoryPanels({ name, services }: CategoryView, view: View): Draft[] {
  const listed = (of: readonly { title: string }[]) => `${of.map(({ title }) => title).join(", ")}.`;
  const measured = services.filter((service) => view.measured.includes(service));
  const routed = view.probes.has("probe/routes") ? services.filter(({ route }) => route) : [];
  const half = (of: readonly unknown[], others: readonly unknown[]) => ({
    width: others.length > 0 ? 12 : 24,
    height: Math.max(4, 2 + Math.ceil(of.length * 0.8)),
  });
  const health = view.containers
    ? {
        of: services,
        title: "Health",
        expr: `max by (service) (ums_container_healthy{category="${name}"} or on (service) ums_service_info{category="${name}"} * 0)`,
      }
    : { of: measured, title: "Metrics can be read", expr: `min by (service) (${up(name)})` };
  return [
    ...(health.of.length > 0
      ? [
          states({ title: health.title, description: listed(health.of), ...half(health.of, routed) }, [
            { expr: health.expr, legend: "{{service}}" },
          ]),
        ]
      : []),
    ...(routed.length > 0
      ? [
          states({ title: "Route answers", description: listed(routed), ...half(routed, health.of) }, [
            {
              expr: `min by (service) (probe_success{job="probe/routes", category="${name}"})`,
              legend: "{{service}}",
            },
          ]),
        ]
      : []),
  ];
}

/** Series that cAdvisor's record keeps: when each service's container started. */
const containerStarts = "service:container_start_time_seconds:max";

function restarts(view: View): Draft {
  const ofContainers = view.containers && view.records(containerStarts);
  const starts = ofContainers ? containerStarts : "process_start_time_seconds";
  return rows(
    {
      title: "Restarts in a day",
      ...(ofContainers ? {} : { description: "Of programs that tell when they started." }),
    },
    { expr: `sum by (service) (changes(${starts}[1d])) > 0` },
    { labels: { service: "Service" }, value: "Restarts" },
  );
}

function certificates({ probes }: View): Draft[] {
  if (!probes.has("probe/certificates")) return [];
  return [
    rows(
      { title: "Certificates, the first to end first", unit: "s" },
      { expr: 'probe_ssl_earliest_cert_expiry{job="probe/certificates"} - time()' },
      {
        labels: { instance: "Host", service: "Service" },
        value: "Ends in",
        ascending: true,
        limits: { warn: 14 * 86_400, bad: 3 * 86_400, low: true },
      },
    ),
  ];
}
