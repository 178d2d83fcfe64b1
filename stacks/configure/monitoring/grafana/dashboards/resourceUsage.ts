import type { Draft } from "../draft.ts";
import type { Outline, Section } from "../layout.ts";
import { bars, lines } from "../panels.ts";
import type { CategoryView, View } from "../view.ts";

/** Series that cAdvisor's record keeps: what containers use, by service. */
const memoryUsed = "service:container_memory_working_set_bytes:sum";
const processorsUsed = "service:container_cpu_usage_seconds:rate5m";

/** Series that the records' limits are kept as. */
const memoryLimit = "ums_service_memory_limit_bytes";
const processorLimit = "ums_service_cpu_limit_cores";

/** What is used, and how much is left. */
export function resourceUsage(view: View): Omit<Outline, "uid"> {
  return {
    title: "Resource Usage",
    description: "Memory, processors and disks: what is used, and how much of the declared limits is left.",
    sections: view.sources.prometheus
      ? [
          { title: "By category", panels: categoryPanels(view) },
          ...view.categories.map(
            (category): Section => ({
              title: category.title,
              closed: true,
              panels: servicePanels(category, view),
            }),
          ),
          { title: "Programs that tell it themselves", closed: true, panels: processPanels },
        ]
      : [],
  };
}

function categoryPanels(view: View): Draft[] {
  const used = (title: string, series: string, unit: string) =>
    isMeasured(series, view)
      ? [
          lines({ title, unit }, [{ expr: `sum by (category) (${series})`, legend: "{{category}}" }], {
            stacked: true,
          }),
        ]
      : [];
  return [
    ...used("Memory", memoryUsed, "bytes"),
    ...used("Processors", processorsUsed, "none"),
    bars(
      { title: "Memory that is promised", unit: "bytes", description: "The sum of the declared limits." },
      [{ expr: `sum by (category) (${memoryLimit})`, legend: "{{category}}" }],
    ),
    bars(
      { title: "Processors that are promised", unit: "none", description: "The sum of the declared limits." },
      [{ expr: `sum by (category) (${processorLimit})`, legend: "{{category}}" }],
    ),
  ];
}

function servicePanels({ name, services }: CategoryView, view: View): Draft[] {
  const limits = services
    .map((one) => `${one.title}: ${one.limits.memory} MiB, ${one.limits.cpus} processors`)
    .join("; ");
  const share = (title: string, series: string, limit: string) =>
    isMeasured(series, view)
      ? [
          lines(
            { title, unit: "percentunit", description: `${limits}.` },
            [{ expr: `${series}{category="${name}"} / ${limit}`, legend: "{{service}}" }],
            { max: 1, limits: { warn: 0.75, bad: 0.9 } },
          ),
        ]
      : [];
  return [
    ...share("Memory, of the limit", memoryUsed, memoryLimit),
    ...share("Processors, of the limit", processorsUsed, processorLimit),
  ];
}

/** cAdvisor's series are tied to services by the engine's list of containers. */
function isMeasured(series: string, view: View): boolean {
  return view.containers && view.records(series);
}

const processPanels: readonly Draft[] = [
  lines({ title: "Memory", unit: "bytes" }, [
    { expr: "sum by (service) (process_resident_memory_bytes)", legend: "{{service}}" },
  ]),
  lines({ title: "Processors", unit: "none" }, [
    { expr: "sum by (service) (rate(process_cpu_seconds_total[$__rate_interval]))", legend: "{{service}}" },
  ]),
];
