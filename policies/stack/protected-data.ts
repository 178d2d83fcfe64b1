import type { StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { dockerDocs } from "../lib/sources";

export const protectedData: StackPolicy = {
  kind: "stack",
  name: "protected-data",
  field: "volumes",
  title: "Volumes with data are protected",
  level: "mandatory",
  severity: "critical",
  source: dockerDocs("volumes", "engine/storage/volumes/"),
  reason:
    "Nearly every change of a volume replaces it, and with it the data. Whether it is kept on deletion is seen in this process alone: the engine does not tell CrossGuard",
  fix: "set protect and retainOnDelete outside dev",
  reads: ["labels"],
  settings: {
    classes: listSetting("Classes of volumes that hold data.", ["config", "database", "media"]),
    relaxedIn: listSetting("Environments without data worth keeping.", ["development"]),
  },
  check: ({ volumes, environment }, context) =>
    context.list("relaxedIn").includes(environment)
      ? []
      : volumes
          .filter((volume) => context.list("classes").includes(volume.class ?? ""))
          .flatMap((subject) => [
            ...(subject.protected
              ? []
              : [{ subject, problem: `the ${subject.class} volume ${subject.name} is not protected` }]),
            ...(subject.retained === false
              ? [{ subject, problem: `the ${subject.class} volume ${subject.name} is not kept on deletion` }]
              : []),
          ]),
};
