import type { Place } from "../../stacks/errors.ts";
import type { CheckReport, Finding } from "../../targets/check/check.ts";
import { Violation } from "./exit.ts";
import { table } from "./table.ts";

/** Findings as a titled table, a service's name once; nothing when there are none. */
export function findingsTable(title: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const rows = findings.map(({ service, policy, severity, problem, fix, place }, index) => [
    service === findings[index - 1]?.service ? "" : service,
    policy,
    severity,
    `${problem}; ${fix}`,
    showPlace(place),
  ]);
  const head = ["service", "policy", "severity", "what, and how to fix it", "record"];
  return [`${title} (${findings.length})\n${table(head, rows)}`];
}

/** The exceptions that took a violation away, as a titled table; nothing when there are none. */
export function exceptionsTable({ exceptions }: CheckReport): string[] {
  if (exceptions.length === 0) return [];
  const rows = exceptions.map(({ service, policy, until = "-", reason = "", place }) => [
    service,
    policy,
    until,
    reason,
    showPlace(place),
  ]);
  return [
    `Exceptions used (${exceptions.length})\n${table(["service", "policy", "until", "because", "record"], rows)}`,
  ];
}

/**
 * Ends the command where the policies refuse the stack, and says why; otherwise names the exceptions that let it pass.
 * @throws Violation
 */
export function stopIfRefused({ refused, exceptions }: CheckReport): void {
  const [refusal] = findingsTable("Refused by the policies", refused);
  if (refusal !== undefined) {
    process.stderr.write(`${refusal}\n`);
    throw new Violation();
  }
  if (exceptions.length === 0) return;
  const used = exceptions.map(({ service, policy }) => `${service} from ${policy}`);
  process.stderr.write(`exceptions used: ${used.join(", ")} (npx ums check says why)\n`);
}

function showPlace(place: Place | undefined): string {
  return place ? [place.file, place.line].filter((part) => part !== undefined).join(":") : "-";
}
