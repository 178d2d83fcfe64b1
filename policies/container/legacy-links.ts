import type { ContainerPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

export const legacyLinks: ContainerPolicy = {
  kind: "container",
  name: "legacy-links",
  title: "No container uses links or volumes-from",
  level: "mandatory",
  severity: "medium",
  source: dockerDocs("legacy container links", "engine/network/links/"),
  reason:
    "Docker's old links put one container's variables into another, and volumes-from mounts everything it has",
  fix: "declare a link in the record, and name each volume",
  reads: ["links", "volumes"],
  check: ({ inputs }) => [
    ...(inputs.links ?? []).map((link) => `it uses the legacy link ${link}`),
    ...(inputs.volumes ?? []).flatMap(({ fromContainer }) =>
      fromContainer === undefined ? [] : [`it mounts the volumes of ${fromContainer}`],
    ),
  ],
};
