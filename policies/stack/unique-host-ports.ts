import { duplicates } from "../lib/duplicates";
import type { StackPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const uniqueHostPorts: StackPolicy = {
  kind: "stack",
  name: "unique-host-ports",
  field: "publish",
  title: "No two containers take the same port of the host",
  level: "mandatory",
  severity: "high",
  source: dockerDocs("port publishing", "engine/network/port-publishing/"),
  reason: "The second container does not start",
  fix: "give one of them another host port",
  reads: ["ports"],
  check: ({ containers }) =>
    duplicates(
      containers.flatMap((subject) =>
        (subject.inputs.ports ?? []).flatMap(({ external, ip = "0.0.0.0", protocol = "tcp" }) =>
          external === undefined ? [] : [{ subject, key: `${external}/${protocol}`, scope: ip }],
        ),
      ),
    ).map(({ subject, key, other }) => ({
      subject,
      problem: `${other.service} has the host port ${key} too`,
    })),
};
