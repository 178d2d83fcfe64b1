import { imageParts } from "../lib/container";
import type { StackPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { nist } from "../lib/sources";

export const retiredImages: StackPolicy = {
  kind: "stack",
  name: "retired-images",
  field: "lifecycle",
  title: "No service runs software that is no longer maintained",
  level: "advisory",
  severity: "medium",
  source: nist("4.1.1, image vulnerabilities"),
  reason: "Nobody mends its holes",
  fix: "replace it by its successor",
  reads: ["image", "labels"],
  settings: {
    images: listSetting("Names of images that are retired.", [
      "jellyseerr",
      "overseerr",
      "promtail",
      "readarr",
      "watchtower",
    ]),
  },
  check: ({ services }, context) =>
    services.flatMap((subject) => {
      const { repository } = imageParts(subject.inputs.image ?? "");
      const name = repository.split("/").at(-1) ?? "";
      const isRetired = subject.lifecycle?.status === "retired" || context.list("images").includes(name);
      const successor = subject.lifecycle?.successor;
      return isRetired
        ? [
            {
              subject,
              problem: `${subject.inputs.image} is retired${successor ? `, its successor is ${successor}` : ""}`,
            },
          ]
        : [];
    }),
};
