import { duplicates } from "../lib/duplicates";
import type { StackPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const uniqueAddresses: StackPolicy = {
  kind: "stack",
  name: "unique-addresses",
  field: "number",
  title: "No two containers have the same address",
  level: "mandatory",
  severity: "high",
  source: dockerDocs("docker network connect", "reference/cli/docker/network/connect/"),
  reason: "The second container does not start",
  fix: "give the record another number",
  reads: ["networksAdvanced"],
  check: ({ containers }) =>
    duplicates(
      containers.flatMap((subject) =>
        (subject.inputs.networksAdvanced ?? []).flatMap(({ ipv4Address }) =>
          ipv4Address === undefined ? [] : [{ subject, key: ipv4Address }],
        ),
      ),
    ).map(({ subject, key, other }) => ({ subject, problem: `${other.service} has the address ${key} too` })),
};
