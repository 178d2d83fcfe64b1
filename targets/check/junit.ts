import { create } from "xmlbuilder2";
import { policies } from "../../policies/pack.ts";
import type { CheckReport, Finding } from "./check.ts";

/**
 * The report as JUnit XML: a suite for the stack, a case for each policy. What a mandatory policy refuses is a failure
 * of its case; what an advisory one says is printed with it.
 */
export function junitXml(report: CheckReport): string {
  const findings = [...report.refused, ...report.advisory];
  const failed = new Set(report.refused.map(({ policy }) => policy));
  const cases = policies.map(({ name, title }) => {
    const found = findings.filter(({ policy }) => policy === name);
    const [first] = found;
    return {
      "@classname": `ums.${report.stack}`,
      "@name": `${name}: ${title}`,
      ...(first?.place ? { "@file": first.place.file, "@line": first.place.line } : {}),
      ...(failed.has(name)
        ? { failure: { "@type": name, "@message": first?.message, "#": textOf(found) } }
        : {}),
      ...(first && !failed.has(name) ? { "system-out": textOf(found) } : {}),
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

function textOf(findings: readonly Finding[]): string {
  return findings
    .map(({ message, place }) => (place ? `${place.file}:${place.line ?? 1}: ${message}` : message))
    .join("\n");
}
