import type { Draft } from "../draft.ts";
import type { Outline, Section } from "../layout.ts";
import { lines, numbers, rows } from "../panels.ts";
import type { View } from "../view.ts";
import { requestRate, routeLegend, serviceRate } from "./gateway.ts";

/** Who knocks, who is turned away, and what is open that should not be. */
export function securityEvents(view: View): Omit<Outline, "uid"> {
  return {
    title: "Security Events",
    description:
      "Refused requests, failed sign-ins, banned addresses, and routes that are open or badly certified.",
    sections: view.sources.prometheus
      ? [
          { title: "Now", panels: [alerts(), ...openRoutes(view), ...badCertificates(view)] },
          ...(view.traefik ? [refused(view)] : []),
        ]
      : [],
  };
}

function alerts(): Draft {
  return rows(
    { title: "Security alerts that fire", height: 6 },
    { expr: 'ALERTS{alertstate="firing", concern="security"}' },
    { labels: { severity: "Severity", alertname: "Alert", instance: "Instance" }, value: "Firing" },
  );
}

function openRoutes({ probes }: View): Draft[] {
  if (!probes.has("probe/routes")) return [];
  return [
    numbers(
      { title: "Routes without their sign-in", width: 6, height: 6 },
      [
        {
          expr: 'count(probe_http_status_code{job="probe/routes", checks="sign-in"} > 0 < 400) or vector(0)',
        },
      ],
      { limits: { warn: 1, bad: 1 } },
    ),
  ];
}

function badCertificates({ probes }: View): Draft[] {
  if (!probes.has("probe/certificates")) return [];
  return [
    numbers(
      { title: "Certificates browsers refuse", width: 6, height: 6 },
      [{ expr: 'count(probe_success{job="probe/certificates"} == 0) or vector(0)' }],
      { limits: { warn: 1, bad: 1 } },
    ),
  ];
}

function refused({ routed, traefik }: View): Section {
  const behind = routed.filter(({ name }) => name !== traefik?.name);
  return {
    title: "Gateway",
    panels: [
      lines(
        {
          title: "Requests that are refused",
          unit: "reqps",
          description: "401, 403: not signed in, or banned. 413: too large. 429: too many.",
        },
        [{ expr: requestRate("401|403|413|429", "code"), legend: "{{code}}" }],
      ),
      lines({ title: "Refused by services themselves", unit: "reqps" }, [
        { expr: serviceRate(behind, "401|403|429"), legend: routeLegend },
      ]),
      lines({ title: "Connections by TLS version", unit: "reqps" }, [
        {
          expr: "sum by (tls_version) (rate(traefik_entrypoint_requests_tls_total[$__rate_interval]))",
          legend: "{{tls_version}}",
        },
      ]),
    ],
  };
}
