import type { Draft } from "../draft.ts";
import type { Outline } from "../layout.ts";
import { bars, numbers, rows } from "../panels.ts";
import type { View } from "../view.ts";
import { backupPanels } from "./backups.ts";
import { requestRate, serverErrorShare } from "./gateway.ts";
import { up } from "./states.ts";

const day = 86_400;

/** Whether everything is well, on one page. */
export function systemOverview(view: View): Omit<Outline, "uid"> {
  return {
    title: "System Overview",
    description: "Whether everything is well: services, alerts, gateway, host and backups.",
    sections: view.sources.prometheus
      ? [
          { title: "Now", panels: [...serviceNumbers(view), ...edgeNumbers(view)] },
          { title: "Services and alerts", panels: [categoryBars(view), alertTable()] },
          { title: "Backups", panels: backupPanels(view) },
        ]
      : [],
  };
}

function serviceNumbers({ containers }: View): Draft[] {
  const missing = containers
    ? "count(ums_service_info unless on (service) ums_container_healthy) or vector(0)"
    : `count(${up()} == 0) or vector(0)`;
  const well = containers ? "count(count by (service) (ums_container_healthy))" : `count(${up()} == 1)`;
  return [
    numbers({ title: "Services that are well" }, [{ expr: well }]),
    numbers({ title: "Services that are not" }, [{ expr: missing }], { limits: { warn: 1, bad: 1 } }),
    numbers(
      { title: "Alerts", description: "Alerts that fire, by severity." },
      [{ expr: 'count by (severity) (ALERTS{alertstate="firing"})', legend: "{{severity}}" }],
      { limits: { warn: 1, bad: 1 }, none: "0" },
    ),
  ];
}

function edgeNumbers({ probes, traefik }: View): Draft[] {
  return [
    ...(probes.has("probe/routes")
      ? [
          numbers(
            { title: "Routes that do not answer" },
            [{ expr: 'count(probe_success{job="probe/routes"} == 0) or vector(0)' }],
            { limits: { warn: 1, bad: 1 } },
          ),
        ]
      : []),
    ...(probes.has("probe/certificates")
      ? [
          numbers(
            { title: "First certificate to end", unit: "s" },
            [{ expr: 'min(probe_ssl_earliest_cert_expiry{job="probe/certificates"} - time())' }],
            { limits: { warn: 14 * day, bad: 3 * day, low: true } },
          ),
        ]
      : []),
    ...(traefik
      ? [
          numbers({ title: "Requests", unit: "reqps" }, [{ expr: requestRate() }]),
          numbers({ title: "Server errors", unit: "percentunit" }, [{ expr: serverErrorShare() }], {
            limits: { warn: 0.01, bad: 0.05 },
            none: "0",
          }),
        ]
      : []),
  ];
}

function categoryBars({ containers }: View): Draft {
  const share = containers
    ? "(count by (category) (count by (category, service) (ums_container_healthy)) or count by (category) (ums_service_info) * 0) / on (category) count by (category) (ums_service_info)"
    : `avg by (category) (${up()})`;
  return bars(
    { title: "Share of services that are well", unit: "percentunit" },
    [{ expr: share, legend: "{{category}}" }],
    { max: 1, limits: { warn: 1, bad: 0.5, low: true } },
  );
}

function alertTable(): Draft {
  return rows(
    { title: "Alerts that fire" },
    { expr: 'ALERTS{alertstate="firing"}' },
    {
      labels: { severity: "Severity", alertname: "Alert", service: "Service", instance: "Instance" },
      value: "Firing",
    },
  );
}
