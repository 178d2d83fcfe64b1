import type { Outline } from "../layout.ts";
import { lines } from "../panels.ts";
import type { View } from "../view.ts";
import { routeLegend, servedBy, serviceRate } from "./gateway.ts";

/**
 * The library and how it is used. No media server of the catalogue tells Prometheus of its sessions, so what is watched
 * is shown as what the gateway carries for each; libraries, queues and indexers are panels of the exporters' records.
 */
export function mediaAnalytics(view: View): Omit<Outline, "uid"> {
  const streaming = view.categories
    .filter(({ name }) => name === "streaming" || name === "requests")
    .flatMap(({ services }) => services.filter(({ route }) => route));
  return {
    title: "Media Analytics",
    description: "The library, what is missing and queued, and how much is streamed and asked for.",
    sections:
      view.sources.prometheus && view.traefik && streaming.length > 0
        ? [
            {
              title: "Use",
              panels: [
                lines(
                  { title: "Streamed", unit: "Bps", description: "What the gateway sends for each service." },
                  [
                    {
                      expr: `sum by (exported_service) (rate(traefik_service_responses_bytes_total{${servedBy(streaming)}}[$__rate_interval]))`,
                      legend: routeLegend,
                    },
                  ],
                  { stacked: true },
                ),
                lines({ title: "Requests", unit: "reqps" }, [
                  { expr: serviceRate(streaming), legend: routeLegend },
                ]),
              ],
            },
          ]
        : [],
  };
}
