import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckReport, checkProgram } from "../../targets/check/check.ts";
import { declareStack } from "../../targets/declare.ts";
import { Violation } from "../output/exit.ts";
import { exceptionsTable, findingsTable } from "../output/findings.ts";
import { openSession, root, type StackOptions } from "../session.ts";

interface ReportFormat {
  json?: boolean;
  sarif?: boolean;
  junit?: boolean;
}

/** The `check` command: the stack against the policy pack; exit code 1 for a mandatory violation. */
export async function check(options: StackOptions & ReportFormat): Promise<void> {
  const { loaded } = openSession(options);
  const report = checkProgram(root, loaded, await declareStack(root, loaded));
  process.stdout.write(`${await format(report, options)}\n`);
  if (report.refused.length > 0) throw new Violation();
}

async function format(report: CheckReport, { json, sarif, junit }: ReportFormat): Promise<string> {
  if (json === true) return JSON.stringify(report, null, 2);
  if (sarif === true) {
    const { sarifLog } = await import("../../targets/check/sarif.ts");
    return JSON.stringify(sarifLog(report, packVersion()), null, 2);
  }
  if (junit === true) return (await import("../../targets/check/junit.ts")).junitXml(report);
  return checkText(report);
}

function packVersion(): string {
  const text = readFileSync(join(root, "policies/package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The report for people: violations by service, what was excepted, and what could not be decided. */
export function checkText(report: CheckReport): string {
  const { stack, environment, policies, resources, refused, advisory, exceptions, undecided } = report;
  return [
    ...findingsTable("Refused", refused),
    ...findingsTable("Advisory", advisory),
    ...exceptionsTable(report),
    ...findingsTable("Not decided before the update", undecided),
    `Stack ${stack} (${environment}): ${policies} policies, ${resources} resources: ${refused.length} refused, ${advisory.length} advisory, ${exceptions.length} excepted`,
  ].join("\n\n");
}
