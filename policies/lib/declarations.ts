/** A default that a record lifts, from the label `ums.lifted`. */
export interface Lift {
  privilege: string;
  value?: string;
  reason: string;
}

/** A rule that a record asks to be left out of, from the label `ums.exceptions`. */
export interface Exception {
  policy: string;
  reason?: string;
  /** Last day it holds, as 2027-01-31. */
  until?: string;
}

/** The JSON of a label; undefined where it is absent. @throws Error when it is not JSON: `wellFormed` is asked first */
export function labelJson<Of>(labels: Readonly<Record<string, string>>, label: string): Of | undefined {
  const text = labels[label];
  return text === undefined ? undefined : (JSON.parse(text) as Of);
}

/** Labels of ours that hold JSON. */
const jsonLabels = ["ums.lifted", "ums.exceptions", "ums.route", "ums.metrics", "ums.lifecycle"];

/** JSON labels that cannot be read. A declaration nobody can read lifts and excepts nothing. */
export function unreadable(labels: Readonly<Record<string, string>>): string[] {
  return jsonLabels.filter((label) => {
    try {
      const value = labelJson<unknown>(labels, label);
      const isList = label === "ums.lifted" || label === "ums.exceptions";
      return (
        value !== undefined && (isList ? !Array.isArray(value) : typeof value !== "object" || value === null)
      );
    } catch {
      return true;
    }
  });
}

/** Lifts that have a reason; one without lifts nothing. */
export function liftsOf(labels: Readonly<Record<string, string>>): Lift[] {
  if (unreadable(labels).includes("ums.lifted")) return [];
  const lifts = labelJson<Partial<Lift>[]>(labels, "ums.lifted") ?? [];
  return lifts.filter((lift): lift is Lift => typeof lift.privilege === "string" && isReason(lift.reason));
}

export function exceptionsOf(labels: Readonly<Record<string, string>>): Exception[] {
  if (unreadable(labels).includes("ums.exceptions")) return [];
  return labelJson<Exception[]>(labels, "ums.exceptions") ?? [];
}

export function isReason(text: unknown): text is string {
  return typeof text === "string" && text.trim().length >= 3;
}

/** Why an exception does not hold; undefined when it does. `today` is 2027-01-31. */
export function flawOf(exception: Exception, names: ReadonlySet<string>, today: string): string | undefined {
  if (!names.has(exception.policy)) return `the exception names the unknown policy "${exception.policy}"`;
  if (!isReason(exception.reason)) return `the exception from ${exception.policy} has no reason`;
  const { until } = exception;
  if (until === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until) || Number.isNaN(Date.parse(until)))
    return `the exception from ${exception.policy} ends on "${until}", which is no date`;
  return until < today ? `the exception from ${exception.policy} ended on ${until}` : undefined;
}
