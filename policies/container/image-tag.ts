import { imageParts } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { cis } from "../lib/sources";

export const imageTag: ContainerPolicy = {
  kind: "container",
  name: "image-tag",
  field: "image",
  title: "An image names a version",
  level: "mandatory",
  severity: "high",
  source: cis("5.28"),
  reason: "`latest` is another program tomorrow, and nobody knows which one runs",
  fix: "name a version tag in the record",
  reads: ["image"],
  check: ({ inputs }) => {
    const { tag } = imageParts(inputs.image ?? "");
    if (tag === "") return [`the image ${inputs.image ?? ""} has no tag`];
    return tag === "latest" ? [`the image ${inputs.image} is latest`] : [];
  },
};
