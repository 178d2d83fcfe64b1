import { create } from "xmlbuilder2";
import { policies } from "../../policies/pack.ts";
import type { Place } from "../../stacks/errors.ts";
import type { CheckReport } from "./check.ts";

/**
 * The report as JUnit XML: a suite for the stack, a case for each policy. What a mandatory policy refuses is a failure
 * of its case; what an advisory one says, and whom a record excepts from a policy, is printed with the case.
 */
export function junitXml(report: CheckReport): string {
  const findings = [...report.refused, ...report.advisory];
  const failed = new Set(report.refused.map(({ policy }) => policy));
  const cases = policies.map(({ name, title }) => {
    const found = findings.filter(({ policy }) => policy === name);
    const [first] = found;
    const isFailed = failed.has(name);
    const excepted = report.exceptions
      .filter(({ policy }) => policy === name)
      .map(({ service, reason, place }) => ({ message: `${service} is excepted: ${reason}`, place }));
    const printed = [...(isFailed ? [] : found), ...excepted];
    return {
      "@classname": `ums.${report.stack}`,
      "@name": `${name}: ${title}`,
      ...(first?.place ? { "@file": first.place.file, "@line": first.place.line } : {}),
      ...(isFailed ? { failure: { "@type": name, "@message": first?.message, "#": textOf(found) } } : {}),
      ...(printed.length > 0 ? { "system-out": textOf(printed) } : {}),
    };
  });
  const counts = { "@tests": policies.length, "@failures": failed.size };
  return create(
    { version: "1.0", encoding: "UTF-8" },
    {
      testsuites: {
        ...counts,
        testsuite: { "@name": `policies of ${report.stack}`, ...counts, testcase: cases },
      },
    },
  ).end({ prettyPrint: true });
}

function textOf(findings: readonly { message: string; place?: Place | undefined }[]): string {
  return findings
    .map(({ message, place }) => (place ? `${place.file}:${place.line ?? 1}: ${message}` : message))
    .join("\n");
}
