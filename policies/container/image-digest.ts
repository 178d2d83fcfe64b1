import { imageParts } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { nist } from "../lib/sources";

export const imageDigest: ContainerPolicy = {
  kind: "container",
  name: "image-digest",
  field: "image",
  title: "An image is pinned by its digest",
  level: "mandatory",
  severity: "high",
  source: nist("4.1.5, use of untrusted images"),
  reason: "A tag can be pushed again; a digest is the content itself",
  fix: "add the digest of the multi-architecture index to the record",
  reads: ["image"],
  settings: { relaxedIn: listSetting("Environments in which a tag is enough.", ["development"]) },
  check(container, context) {
    if (context.list("relaxedIn").includes(container.environment)) return [];
    const { image = "" } = container.inputs;
    const { digest } = imageParts(image);
    return /^sha256:[0-9a-f]{64}$/.test(digest) ? [] : [`the image ${image} has no digest`];
  },
};
