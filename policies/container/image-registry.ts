import { imageParts } from "../lib/container";
import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { nist } from "../lib/sources";

export const imageRegistry: ContainerPolicy = {
  kind: "container",
  name: "image-registry",
  field: "image",
  title: "An image comes from a known registry",
  level: "mandatory",
  severity: "high",
  source: nist("4.1.5, use of untrusted images"),
  reason: "An unknown registry serves whatever it likes under a known name",
  fix: "take the image from a listed registry, or add the registry to the allow-list of the pack",
  reads: ["image"],
  settings: {
    registries: listSetting("Registries images may come from.", [
      "docker.elastic.co",
      "docker.io",
      "gcr.io",
      "ghcr.io",
      "lscr.io",
      "quay.io",
    ]),
    local: listSetting(
      "Images that are built on the host; a name with * at its end means all that begin so.",
      ["ums-real-*", "ums-standin"],
    ),
    relaxedIn: listSetting("Environments in which images built on the host may run.", ["development"]),
  },
  check(container, context) {
    const { image = "" } = container.inputs;
    const { registry, repository } = imageParts(image);
    if (context.list("registries").includes(registry)) return [];
    const isLocal = registry === "" && context.list("local").some((name) => matches(name, repository));
    if (isLocal && context.list("relaxedIn").includes(container.environment)) return [];
    return [`the image ${image} comes from ${registry === "" ? "no named registry" : registry}`];
  },
};

function matches(name: string, repository: string): boolean {
  return name.endsWith("*") ? repository.startsWith(name.slice(0, -1)) : repository === name;
}
