import { parser as logql } from "@grafana/lezer-logql";
import { parser as promql } from "@prometheus-io/lezer-promql";
import type { Dashboard, Panel, Target } from "../../../../../stacks/configure/monitoring/grafana/model.ts";
import type { Platform } from "../../../../../stacks/platform.ts";
import { filesOf } from "../../fixtures.ts";

/** The dashboards that Grafana is provisioned with, by their file's path. */
export function dashboardsOf(platform: Platform): Map<string, Dashboard> {
  const files = [...filesOf(platform, "grafana")].filter(([path]) => path.endsWith(".json"));
  return new Map(files.map(([path, text]) => [path, JSON.parse(text) as Dashboard]));
}

/** A dashboard's panels, those in closed sections too. */
export function panelsOf({ panels }: Dashboard): Panel[] {
  return panels.flatMap((element) => ("targets" in element ? [element] : element.panels));
}

/** An expression, and where it stands. */
export interface Expression {
  where: string;
  expr: string;
}

/** Expressions of all panels that ask a data source of one type, as Grafana sends them: its variables filled in. */
export function expressionsOf(
  dashboards: ReadonlyMap<string, Dashboard>,
  type: "prometheus" | "loki",
): Expression[] {
  return [...dashboards.values()].flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ title, targets }) =>
      targets
        .filter(({ datasource }) => datasource?.type === type)
        .map((target) => ({ where: `${dashboard.uid}: ${title}`, expr: asSent(target) })),
    ),
  );
}

/** Grafana replaces these by a time before it asks. */
function asSent({ expr }: Target): string {
  return expr.replaceAll(/\$__(rate_interval|range|auto)\b/g, "5m");
}

/** Parts of an expression that the language's own grammar does not understand; none in a right one. */
export function mistakes(language: "promql" | "logql", expr: string): string[] {
  const found: string[] = [];
  const tree = language === "promql" ? promql.parse(expr) : logql.parse(expr);
  tree.iterate({
    enter(node) {
      if (node.type.isError) found.push(`${node.from}: ${expr.slice(node.from, node.from + 20)}`);
    },
  });
  return found;
}

/** What a PromQL expression asks for: series by name, and every label that it names. */
export function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const metrics = new Set<string>();
  const labels = new Set<string>();
  promql.parse(expr).iterate({
    enter({ name, from, to, node }) {
      const text = expr.slice(from, to);
      if (name === "LabelName") labels.add(text);
      if (name === "Identifier" && node.parent?.name === "VectorSelector") metrics.add(text);
    },
  });
  return { metrics: [...metrics].sort(), labels: [...labels].sort() };
}
