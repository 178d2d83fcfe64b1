import type { Concern, RuleRecord, Severity } from "../../../catalog/monitoring.ts";
import type { ConfigureContext } from "../../context.ts";
import { type FileText, yamlText } from "../../text.ts";

/** A group of a rules file. Rules of a group are evaluated in order. */
export interface RuleGroup {
  name: string;
  /** Default: the global interval. */
  interval?: string;
  rules: object[];
}

/** An alert as it is written here; `for` is how long it holds before it fires. */
export interface Alert {
  alert: string;
  expr: string;
  for?: string | undefined;
  severity: Severity;
  concern: Concern;
  /** Further labels. Two rules of one name differ in their labels. */
  labels?: Readonly<Record<string, string>>;
  summary: string;
  description?: string | undefined;
}

/** An alert as Prometheus reads it. */
export function alertRule(alert: Alert): object {
  const { severity, concern, labels, summary, description } = alert;
  return {
    alert: alert.alert,
    expr: alert.expr,
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { severity, concern, ...labels },
    annotations: { summary, ...(description === undefined ? {} : { description }) },
  };
}

/** A group of rules for each service whose record has some. One that several records have is there once, as the first's. */
export function servicesRules({ services }: ConfigureContext): RuleGroup[] {
  const seen = new Set<string>();
  return services.map(({ name, rules }) => ({
    name,
    rules: rules.filter((rule) => isNew(rule, seen)).map(ruleOf),
  }));
}

function isNew(rule: RuleRecord, seen: Set<string>): boolean {
  const text = JSON.stringify(Object.entries(rule).sort());
  if (seen.has(text)) return false;
  seen.add(text);
  return true;
}

function ruleOf(rule: RuleRecord): object {
  return "alert" in rule ? alertRule(rule) : { record: rule.record, expr: rule.expr };
}

export function ruleFile(groups: readonly RuleGroup[]): FileText {
  return yamlText({ groups: groups.filter(({ rules }) => rules.length > 0) });
}
