import type { GraphFieldConfig } from "@grafana/grafana-foundation-sdk/common";
import type * as dashboards from "@grafana/grafana-foundation-sdk/dashboard";
import type { dataquery as LokiQuery } from "@grafana/grafana-foundation-sdk/loki";
import type { Dataquery as PrometheusQuery } from "@grafana/grafana-foundation-sdk/prometheus";

/**
 * Grafana's dashboards as its own schema describes them: the types are generated from it and published by Grafana
 * (grafana/grafana-foundation-sdk). Only the types are used, so a plan loads none of the package.
 */

/** A type of the package for plain JSON: its enums as their values, and no methods. */
export type Json<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T as T[Key] extends (...args: never) => unknown ? never : Key]: Json<T[Key]> }
      : T;

export type Dashboard = Json<Omit<dashboards.Dashboard, "uid" | "title" | "panels">> & {
  uid: string;
  title: string;
  panels: Element[];
};
export type Panel = Json<Omit<dashboards.Panel, "options" | "targets" | "fieldConfig">> & {
  options: object;
  targets: Target[];
  fieldConfig: { defaults: FieldConfig; overrides: Json<dashboards.FieldConfigSource["overrides"]> };
};
export type Row = Json<Omit<dashboards.RowPanel, "panels">> & { panels: Panel[] };
export type Element = Panel | Row;
export type FieldConfig = Json<Omit<dashboards.FieldConfig, "custom">> & {
  custom?: Json<GraphFieldConfig> | object;
};
export type Target = Json<PrometheusQuery> | Json<LokiQuery>;
export type Thresholds = Json<dashboards.ThresholdsConfig>;
export type ValueMapping = Json<dashboards.ValueMap>;

/** Fixed identifiers of the data sources, by which panels name them. */
export const dataSourceUids = {
  prometheus: "ums-prometheus",
  loki: "ums-loki",
  alertmanager: "ums-alertmanager",
} as const;

export type DataSourceKind = keyof typeof dataSourceUids;

export function dataSource(kind: DataSourceKind): { type: string; uid: string } {
  return { type: kind, uid: dataSourceUids[kind] };
}
