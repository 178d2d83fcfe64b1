import type { StackPolicy } from "../lib/policy";
import { nist } from "../lib/sources";

export const unwatchedServices: StackPolicy = {
  kind: "stack",
  name: "unwatched-services",
  title: "Every service has metrics, a backup plan and a health check",
  level: "advisory",
  severity: "low",
  source: nist("4.4.4, app vulnerabilities"),
  reason: "What nobody watches fails unseen, and what nobody backs up is gone",
  fix: "complete the record",
  reads: ["labels", "healthcheck"],
  check: ({ services, networks }) =>
    services.flatMap((subject) => {
      const measured =
        subject.metrics !== undefined ||
        networks.some(
          ({ link }) => link?.provider === subject.service && /exporter|exportarr/.test(link.consumer),
        );
      const missing = [
        ...(measured ? [] : ["no metrics"]),
        ...(subject.labels["ums.backup"] === undefined ? ["no backup plan"] : []),
        ...(subject.inputs.healthcheck === undefined ? ["no health check"] : []),
      ];
      return missing.length > 0 ? [{ subject, problem: `it has ${missing.join(", ")}` }] : [];
    }),
};
