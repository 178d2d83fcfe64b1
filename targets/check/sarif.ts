import type { Location, Log, ReportingDescriptor, Result } from "sarif";
import type { Policy } from "../../policies/lib/policy.ts";
import { policies } from "../../policies/pack.ts";
import type { Place } from "../../stacks/errors.ts";
import type { CheckReport, Finding } from "./check.ts";

/** Scores by which code scanning shows a severity: over 9 critical, over 7 high, over 4 medium, else low. */
const scores: Record<Policy["severity"], string> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.0",
  low: "2.0",
};

/** Where findings are shown that no record decides. */
const program: Place = { file: "index.ts", line: 1 };

/** The report as a SARIF 2.1.0 log, which code scanning services read. Used exceptions are suppressed results. */
export function sarifLog(report: CheckReport, version: string): Log {
  const results = [
    ...[...report.refused, ...report.advisory].map((finding) => resultOf(report.stack, finding)),
    ...report.exceptions.map(
      ({ policy, service, reason, place }): Result => ({
        ...resultBase(policy, place),
        level: "note",
        message: { text: `${service} is excepted from ${policy}: ${reason}` },
        partialFingerprints: { "ums/v1": `${report.stack} ${service} ${policy} exception` },
        suppressions: [{ kind: "inSource", ...(reason === undefined ? {} : { justification: reason }) }],
      }),
    ),
  ];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: { name: "ums check", semanticVersion: version, rules: policies.map(ruleOf) },
        },
        automationDetails: { id: `ums-check/${report.stack}/` },
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
}

function resultOf(stack: string, { policy, level, message, resource, problem, place }: Finding): Result {
  return {
    ...resultBase(policy, place),
    level: level === "mandatory" ? "error" : "warning",
    message: { text: message },
    // The line a record's field is on may move; what is wrong with it does not.
    partialFingerprints: { "ums/v1": `${stack} ${resource} ${policy} ${problem}` },
  };
}

function resultBase(
  policy: string,
  place: Place = program,
): Pick<Result, "ruleId" | "ruleIndex" | "locations"> {
  const location: Location = {
    physicalLocation: {
      artifactLocation: { uri: encodeURI(place.file), uriBaseId: "%SRCROOT%" },
      region: {
        startLine: place.line ?? 1,
        ...(place.column === undefined ? {} : { startColumn: place.column }),
      },
    },
  };
  return {
    ruleId: policy,
    ruleIndex: policies.findIndex(({ name }) => name === policy),
    locations: [location],
  };
}

function ruleOf({ name, title, reason, fix, level, severity, source }: Policy): ReportingDescriptor {
  return {
    id: name,
    name,
    shortDescription: { text: title },
    fullDescription: { text: `${reason}.` },
    help: {
      text: `${title}. ${reason}. To fix: ${fix}. Source: ${source.title}.`,
      markdown: `${title}.\n\n${reason}.\n\n**To fix:** ${fix}.\n\nSource: [${source.title}](${source.url})`,
    },
    helpUri: source.url,
    defaultConfiguration: { level: level === "mandatory" ? "error" : "warning" },
    properties: { tags: ["security"], "security-severity": scores[severity] },
  };
}
