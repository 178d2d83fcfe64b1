import type { PanelRecord } from "../../../../catalog/panels.ts";
import { compare } from "../../../../resolve/edges.ts";
import type { ConfigureContext } from "../../../context.ts";
import type { Draft, Limits } from "../draft.ts";
import type { Outline, Section } from "../layout.ts";
import { bars, lines, logLines, numbers, rows } from "../panels.ts";
import type { View } from "../view.ts";

/** Panels of records that are one: those with the same title under one heading. */
interface Merged {
  panel: PanelRecord;
  /** Whose panel gave it its form. */
  owner: string;
  queries: PanelRecord["queries"];
}

/** Adds the panels that records put on a dashboard, under headings of their own or those that are there. */
export function withRecordPanels(outline: Outline, view: View, context: ConfigureContext): Outline {
  const sections = new Map<string, Section>(outline.sections.map((section) => [section.title, section]));
  for (const { panel, queries } of mergedPanels(outline.uid, view, context)) {
    const section = sections.get(panel.section) ?? { title: panel.section, panels: [] };
    sections.set(panel.section, { ...section, panels: [...section.panels, draftOf(panel, queries)] });
  }
  return { ...outline, sections: [...sections.values()] };
}

function mergedPanels(dashboard: string, view: View, context: ConfigureContext): Merged[] {
  const merged = new Map<string, Merged>();
  for (const service of view.services) {
    const isMeasured = view.measured.includes(service);
    for (const [index, panel] of service.panels.entries()) {
      if (panel.dashboard !== dashboard) continue;
      if (panel.shows === "logs" ? !view.sources.loki : !isMeasured) continue;
      const key = JSON.stringify([panel.section, panel.title]);
      const first = merged.get(key);
      if (!first) {
        merged.set(key, { panel, owner: service.name, queries: panel.queries });
      } else if (formOf(panel) === formOf(first.panel) && !isSingle(panel)) {
        first.queries = [...first.queries, ...panel.queries.filter((query) => !has(first.queries, query))];
      } else {
        context.report({
          place: context.recordPlace(service.name, ["panels", index]),
          message: `panels[${index}]: ${first.owner} has a panel "${panel.title}" under "${panel.section}", too, and ${isSingle(panel) ? `a panel that shows ${panel.shows} has one query` : "in another form"}; choose another title`,
        });
      }
    }
  }
  return [...merged.values()].sort((a, b) => compare(a.panel.section, b.panel.section));
}

/** Records of the same program ask the same of all its instances. */
function has(queries: PanelRecord["queries"], { expr, legend }: PanelRecord["queries"][number]): boolean {
  return queries.some((known) => known.expr === expr && known.legend === legend);
}

function isSingle({ shows }: PanelRecord): boolean {
  return shows === "table" || shows === "logs";
}

/** Everything about a panel that panels which are one must have in common. */
function formOf({ queries: _, ...form }: PanelRecord): string {
  return JSON.stringify(Object.entries(form).sort());
}

function draftOf(panel: PanelRecord, queries: PanelRecord["queries"]): Draft {
  const { title, shows, max } = panel;
  const text = {
    title,
    ...(panel.description === undefined ? {} : { description: panel.description }),
    ...(panel.unit === undefined ? {} : { unit: panel.unit }),
  };
  const limits = limitsOf(panel);
  const named = queries.map(({ expr, legend }) => (legend === undefined ? { expr } : { expr, legend }));
  const scale = { ...(max === undefined ? {} : { max }), ...(limits ? { limits } : {}) };
  const [first = { expr: "" }] = named;
  switch (shows) {
    case "lines":
      return lines(text, named, scale);
    case "stack":
      return lines(text, named, { ...scale, stacked: true });
    case "bars":
      return bars(text, named, scale);
    case "numbers":
      return numbers({ ...text, width: Math.min(24, 4 * named.length) }, named, scale);
    case "table":
      return rows(text, first, {
        labels: panel.columns ?? {},
        value: "Value",
        ...(limits ? { limits } : {}),
      });
    case "logs":
      return logLines(text, first.expr);
  }
}

function limitsOf({ warn, bad }: PanelRecord): Limits | undefined {
  return warn === undefined || bad === undefined ? undefined : { warn, bad, low: bad < warn };
}
