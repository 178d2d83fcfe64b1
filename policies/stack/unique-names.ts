import { duplicates } from "../lib/duplicates";
import type { StackPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const uniqueNames: StackPolicy = {
  kind: "stack",
  name: "unique-names",
  field: "name",
  title: "No two containers, networks or volumes have the same name",
  level: "mandatory",
  severity: "high",
  source: dockerDocs("docker run, name", "reference/cli/docker/container/run/#name"),
  reason: "The second is not created, or takes over the first one's data",
  fix: "rename one of the records",
  reads: ["name"],
  check: ({ containers, networks, volumes }) =>
    [containers, networks, volumes]
      .flatMap((all) => duplicates(all.map((subject) => ({ subject, key: subject.name }))))
      .map(({ subject, key, other }) => ({ subject, problem: `${other.resource} is called ${key} too` })),
};
