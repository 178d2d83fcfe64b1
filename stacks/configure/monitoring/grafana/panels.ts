import type * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type * as logs from "@grafana/grafana-foundation-sdk/logs";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import {
  colours,
  type Draft,
  draft,
  type Limits,
  lettered,
  metric,
  type PanelText,
  type Query,
} from "./draft.ts";
import { dataSource, type Json, type Target } from "./model.ts";

const series = { width: 12, height: 8 };
const number = { width: 4, height: 4 };

/** Lines over time. With `max`, a share of it; with `stacked`, parts of a whole. */
export function lines(
  { title, description, unit, width = series.width, height = series.height }: PanelText,
  queries: readonly Query[],
  { max, stacked = false, limits }: { max?: number; stacked?: boolean; limits?: Limits } = {},
): Draft {
  const options: Json<timeseries.Options> = {
    legend: { displayMode: "table", placement: "right", showLegend: true, calcs: ["lastNotNull"] },
    tooltip: { mode: "multi", sort: "desc" },
  };
  return draft(
    "timeseries",
    { title, description, width, height },
    {
      options,
      targets: queries.map((query) => metric(query, "range")),
      defaults: {
        unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        ...colours(limits),
        custom: {
          drawStyle: "line",
          lineWidth: 1,
          fillOpacity: stacked ? 20 : 5,
          showPoints: "never",
          spanNulls: false,
          stacking: { mode: stacked ? "normal" : "none", group: "A" },
          thresholdsStyle: { mode: limits ? "dashed" : "off" },
        },
      },
    },
  );
}

/** One number a query, as it is now. */
export function numbers(
  { title, description, unit, width = number.width, height = number.height }: PanelText,
  queries: readonly Query[],
  { limits, none }: { limits?: Limits; none?: string } = {},
): Draft {
  const options: Json<stat.Options> = {
    graphMode: "none",
    colorMode: "value",
    justifyMode: "auto",
    textMode: "auto",
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: "standard",
    orientation: "auto",
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  };
  return draft(
    "stat",
    { title, description, width, height },
    {
      options,
      targets: queries.map((query) => metric(query, "instant")),
      defaults: { unit, noValue: none, ...colours(limits) },
    },
  );
}

/** A bar for every series, as it is now. */
export function bars(
  { title, description, unit, width = series.width, height = series.height }: PanelText,
  queries: readonly Query[],
  { max, limits }: { max?: number; limits?: Limits } = {},
): Draft {
  const options: Json<bargauge.Options> = {
    displayMode: "basic",
    valueMode: "color",
    namePlacement: "left",
    showUnfilled: true,
    sizing: "auto",
    minVizWidth: 8,
    minVizHeight: 16,
    maxVizHeight: 300,
    orientation: "horizontal",
    legend: { displayMode: "hidden", placement: "bottom", showLegend: false, calcs: [] },
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  };
  return draft(
    "bargauge",
    { title, description, width, height },
    {
      options,
      targets: queries.map((query) => metric(query, "instant")),
      defaults: { unit, min: 0, ...(max === undefined ? {} : { max }), ...colours(limits) },
    },
  );
}

/** A row for every series whose values are states: 1 is up, 0 is down. */
export function states(
  { title, description, width = 24, height = series.height }: PanelText,
  queries: readonly Query[],
): Draft {
  const options: Json<statetimeline.Options> = {
    showValue: "never",
    rowHeight: 0.8,
    mergeValues: true,
    alignValue: "left",
    legend: { displayMode: "list", placement: "bottom", showLegend: false, calcs: [] },
    tooltip: { mode: "single", sort: "none" },
  };
  return draft(
    "state-timeline",
    { title, description, width, height },
    {
      options,
      targets: queries.map((query) => metric(query, "range")),
      defaults: {
        color: { mode: "thresholds" },
        custom: { fillOpacity: 70, lineWidth: 0 },
        mappings: [
          {
            type: "value",
            options: {
              0: { text: "down", color: "red", index: 1 },
              1: { text: "up", color: "green", index: 0 },
            },
          },
        ],
        ...colours({ warn: 1, bad: 0, low: true }),
      },
    },
  );
}

/** A line for every series, with its labels as columns and its value last. */
export function rows(
  { title, description, unit, width = series.width, height = series.height }: PanelText,
  query: Query,
  {
    labels,
    value,
    ascending = false,
    limits,
  }: { labels: Readonly<Record<string, string>>; value: string; ascending?: boolean; limits?: Limits },
): Draft {
  const options: Json<table.Options> = {
    frameIndex: 0,
    showHeader: true,
    cellHeight: "sm",
    sortBy: [{ displayName: value, desc: !ascending }],
  };
  const columns = Object.entries(labels);
  const drafted = draft(
    "table",
    { title, description, width, height },
    {
      options,
      targets: [metric(query, "table")],
      defaults: {
        unit,
        ...colours(limits),
        custom: { align: "auto", ...(limits ? { cellOptions: { type: "color-text" } } : {}) },
      },
    },
  );
  drafted.panel.transformations = [
    {
      id: "filterFieldsByName",
      options: { include: { names: [...columns.map(([label]) => label), "Value"] } },
    },
    {
      id: "organize",
      options: {
        indexByName: Object.fromEntries(
          [...columns.map(([label]) => label), "Value"].map((name, at) => [name, at]),
        ),
        renameByName: { ...labels, Value: value },
      },
    },
  ];
  return drafted;
}

/** Log lines, the newest first. */
export function logLines({ title, description, width = 24, height = 12 }: PanelText, expr: string): Draft {
  const options: Json<logs.Options> = {
    showTime: true,
    showLabels: false,
    showCommonLabels: false,
    showLogContextToggle: false,
    wrapLogMessage: true,
    prettifyLogMessage: false,
    enableLogDetails: true,
    sortOrder: "Descending",
    dedupStrategy: "none",
  };
  return draft(
    "logs",
    { title, description, width, height },
    {
      options,
      targets: [
        { datasource: dataSource("loki"), editorMode: "code", expr, maxLines: 200, queryType: "range" },
      ],
      defaults: {},
    },
  );
}

/** Numbers of log lines over time. */
export function logRates(text: PanelText, queries: readonly Query[]): Draft {
  const drafted = lines(text, queries, { stacked: true });
  const targets = queries.map(
    ({ expr, legend }): Target => ({
      datasource: dataSource("loki"),
      editorMode: "code",
      expr,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      queryType: "range",
    }),
  );
  return {
    ...drafted,
    panel: { ...drafted.panel, datasource: dataSource("loki"), targets: lettered(targets) },
  };
}
