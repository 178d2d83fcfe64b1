import type { Outline, Section } from "../layout.ts";
import { lines, logLines, logRates, rows } from "../panels.ts";
import type { View } from "../view.ts";
import { requestRate, routeLegend, serverErrorShare, serviceRate } from "./gateway.ts";
import { up } from "./states.ts";

/** Levels that Loki finds in a line and that tell of an error (pkg/util/constants/levels.go of grafana/loki). */
const errorLevels = "error|critical|fatal";

/** What goes wrong, and where. */
export function errorAnalysis(view: View): Omit<Outline, "uid"> {
  return {
    title: "Error Analysis",
    description: "What goes wrong and where: at the gateway, in the logs and in what is measured.",
    sections: [
      ...(view.sources.prometheus && view.traefik ? gatewaySections(view) : []),
      ...(view.sources.loki ? logSections(view) : []),
      ...(view.sources.prometheus ? [measuring] : []),
    ],
  };
}

function gatewaySections({ categories, traefik }: View): Section[] {
  return [
    {
      title: "Gateway",
      panels: [
        lines({ title: "Server errors", unit: "percentunit", description: "Share of all requests." }, [
          { expr: serverErrorShare(), legend: "500 to 599" },
        ]),
        lines({ title: "Requests that fail", unit: "reqps" }, [
          { expr: requestRate("4..|5..", "code"), legend: "{{code}}" },
        ]),
      ],
    },
    ...categories.flatMap(({ title, services }): Section[] => {
      const routed = services.filter(({ name, route }) => route && name !== traefik?.name);
      if (routed.length === 0) return [];
      return [
        {
          title: `Routes: ${title}`,
          closed: true,
          panels: [
            lines({ title: "Server errors", unit: "reqps" }, [
              { expr: serviceRate(routed, "5.."), legend: routeLegend },
            ]),
            lines({ title: "Requests that are refused", unit: "reqps" }, [
              { expr: serviceRate(routed, "4.."), legend: routeLegend },
            ]),
          ],
        },
      ];
    }),
  ];
}

function logSections({ stack }: View): Section[] {
  const errors = `{stack="${stack}"} | detected_level=~"${errorLevels}"`;
  return [
    {
      title: "Logs",
      panels: [
        logRates({ title: "Errors in the logs, by service" }, [
          { expr: `sum by (service) (count_over_time(${errors} [$__auto]))`, legend: "{{service}}" },
        ]),
        logRates({ title: "Lines, by level" }, [
          {
            expr: `sum by (detected_level) (count_over_time({stack="${stack}"} [$__auto]))`,
            legend: "{{detected_level}}",
          },
        ]),
        logLines({ title: "The last errors" }, errors),
      ],
    },
  ];
}

const measuring: Section = {
  title: "Measuring",
  panels: [
    rows(
      { title: "Endpoints that cannot be read" },
      { expr: `${up()} == 0` },
      { labels: { service: "Service", instance: "Endpoint" }, value: "Up", ascending: true },
    ),
  ],
};
