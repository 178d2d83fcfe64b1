import { type DataSourceKind, dataSource, type FieldConfig, type Panel, type Target } from "./model.ts";

/** A panel without its place: that comes from the order in which panels are laid out. */
export interface Draft {
  panel: Omit<Panel, "id" | "gridPos">;
  /** Columns of 24. */
  width: number;
  /** Grid rows of about 30 pixels. */
  height: number;
}

/** A query of a panel: an expression, and what its series are called. */
export interface Query {
  expr: string;
  /** Series' name, with labels as {{service}}. */
  legend?: string;
}

export interface PanelText {
  title: string;
  /** What it says, and what to make of it: shown at the panel's corner. */
  description?: string;
  unit?: string;
  width?: number;
  height?: number;
}

/** From which value on a number is yellow or red. With `low`, down to which. */
export interface Limits {
  warn: number;
  bad: number;
  low?: boolean;
}

/** A query of Prometheus: over time, or as it is now, as series or as a table. */
export function metric({ expr, legend }: Query, kind: "range" | "instant" | "table"): Target {
  return {
    datasource: dataSource("prometheus"),
    editorMode: "code",
    expr,
    format: kind === "table" ? "table" : "time_series",
    instant: kind !== "range",
    range: kind === "range",
    ...(legend === undefined ? {} : { legendFormat: legend }),
  };
}

/** Green at first, or red where low is bad. */
export function colours(limits: Limits | undefined): Pick<FieldConfig, "thresholds"> {
  const { warn, bad, low = false } = limits ?? { warn: 0, bad: 0 };
  const steps = !limits
    ? [{ value: null, color: "green" }]
    : low
      ? [
          { value: null, color: "red" },
          { value: bad, color: "yellow" },
          { value: warn, color: "green" },
        ]
      : [
          { value: null, color: "green" },
          { value: warn, color: "yellow" },
          { value: bad, color: "red" },
        ];
  return { thresholds: { mode: "absolute", steps } };
}

/** A panel of a type, which asks the source of its queries. */
export function draft(
  type: string,
  {
    title,
    description,
    width,
    height,
  }: { title: string; description: string | undefined; width: number; height: number },
  {
    options,
    targets,
    defaults,
  }: {
    options: object;
    targets: readonly Target[];
    defaults: { [Key in keyof FieldConfig]?: FieldConfig[Key] | undefined };
  },
): Draft {
  const kinds = new Set(targets.map(({ datasource }) => datasource?.type as DataSourceKind));
  const [kind = "prometheus"] = kinds;
  return {
    width,
    height,
    panel: {
      type,
      title,
      ...(description === undefined ? {} : { description }),
      datasource: dataSource(kind),
      targets: lettered(targets),
      options,
      fieldConfig: { defaults: defaults as FieldConfig, overrides: [] },
    },
  };
}

/** Every query of a panel has a letter of its own. Beyond Z Grafana goes on with AA. */
export function lettered(targets: readonly Target[]): Target[] {
  return targets.map((target, index) => ({ refId: letters(index), ...target }));
}

function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
