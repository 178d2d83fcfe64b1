import type { Outline, Section } from "../layout.ts";
import { lines } from "../panels.ts";
import type { View } from "../view.ts";
import { requestRate, routeLegend, serviceQuantile, serviceRate } from "./gateway.ts";

/** How fast everything answers. */
export function performance(view: View): Omit<Outline, "uid"> {
  return {
    title: "Performance",
    description:
      "How fast and how often services answer, as the gateway sees it, and how the databases keep up.",
    sections: view.sources.prometheus
      ? [...(view.traefik ? gatewaySections(view) : []), ...probeSections(view), scraping]
      : [],
  };
}

function gatewaySections({ categories, traefik }: View): Section[] {
  const quantile = (share: number) => ({
    expr: `histogram_quantile(${share}, sum by (le) (rate(traefik_entrypoint_request_duration_seconds_bucket[$__rate_interval])))`,
    legend: `${share * 100} %`,
  });
  return [
    {
      title: "Gateway",
      panels: [
        lines(
          {
            title: "Time to answer",
            unit: "s",
            description: "The time in which that share of requests is answered.",
          },
          [quantile(0.5), quantile(0.95), quantile(0.99)],
        ),
        lines({ title: "Requests by status", unit: "reqps" }, [
          { expr: requestRate(undefined, "code"), legend: "{{code}}" },
        ]),
        lines({ title: "Open connections" }, [
          { expr: "sum by (entrypoint) (traefik_open_connections)", legend: "{{entrypoint}}" },
        ]),
      ],
    },
    ...categories.flatMap(({ title, services }, index): Section[] => {
      const routed = services.filter(({ name, route }) => route && name !== traefik?.name);
      if (routed.length === 0) return [];
      return [
        {
          title: `Routes: ${title}`,
          closed: index > 0,
          panels: [
            lines({ title: "95 % are answered in", unit: "s" }, [
              { expr: serviceQuantile(0.95, routed), legend: routeLegend },
            ]),
            lines({ title: "Requests", unit: "reqps" }, [{ expr: serviceRate(routed), legend: routeLegend }]),
          ],
        },
      ];
    }),
  ];
}

function probeSections({ probes }: View): Section[] {
  if (!probes.has("probe/routes")) return [];
  return [
    {
      title: "Routes as a visitor meets them",
      panels: [
        lines({ title: "Time to answer, by category", unit: "s" }, [
          { expr: 'max by (category) (probe_duration_seconds{job="probe/routes"})', legend: "{{category}}" },
        ]),
        lines({ title: "The ten slowest", unit: "s" }, [
          {
            expr: 'topk(10, max by (service) (probe_duration_seconds{job="probe/routes"}))',
            legend: "{{service}}",
          },
        ]),
      ],
    },
  ];
}

const scraping: Section = {
  title: "Measuring",
  closed: true,
  panels: [
    lines({ title: "The ten slowest endpoints", unit: "s" }, [
      { expr: "topk(10, max by (job) (scrape_duration_seconds))", legend: "{{job}}" },
    ]),
  ],
};
