import { duplicates } from "../lib/duplicates";
import type { StackPolicy } from "../lib/policy";
import { nist } from "../lib/sources";

export const uniqueSubdomains: StackPolicy = {
  kind: "stack",
  name: "unique-subdomains",
  field: "route",
  title: "No two services have the same subdomain",
  level: "mandatory",
  severity: "high",
  source: nist("4.4.2, unbounded network access from containers"),
  reason: "The gateway sends visitors of one to the other, past its access rule",
  fix: "give one of them another route.subdomain",
  reads: ["labels"],
  check: ({ services }) =>
    duplicates(
      services.flatMap((subject) => (subject.route ? [{ subject, key: subject.route.subdomain }] : [])),
    ).map(({ subject, key, other }) => ({
      subject,
      problem: `${other.service} has the subdomain ${key} too`,
    })),
};
