import { stagedPath } from "../../components/storage/seeding.ts";
import type { Platform, Service } from "../../stacks/platform.ts";
import { type ContainerInputs, containerInputs } from "../compose/render.ts";
import { type DeclaredProgram, dockerTypes } from "../resources.ts";
import type { ExportedSeed, ExportedService, ExportedVariable } from "./exported.ts";
import type { Fill } from "./fill.ts";

/** What every service of a planned program is given, its placeholders filled. */
export function exportedServices(
  program: DeclaredProgram,
  platform: Platform,
  fill: Fill,
): ExportedService[] {
  const containers = program.resources
    .filter(({ type }) => type === dockerTypes.container)
    .map(containerInputs);
  const labelled = (label: string, name: string) =>
    containers.find(({ labels }) => labels.some((one) => one.label === label && one.value === name));
  return platform.services.map((service) => ({
    name: service.name,
    place: service.place,
    variables: variablesOf(labelled("ums.service", service.name), fill),
    files: filesOf(service, labelled("ums.seeds", service.name), fill),
  }));
}

function variablesOf(container: ContainerInputs | undefined, fill: Fill): ExportedVariable[] {
  return (container?.envs ?? []).map((line) => {
    const end = line.indexOf("=");
    return { name: line.slice(0, end), ...fill(line.slice(end + 1)) };
  });
}

function filesOf({ files }: Service, seed: ContainerInputs | undefined, fill: Fill): ExportedSeed[] {
  return files
    .map(({ path, mode }) => {
      const upload = seed?.uploads?.find(({ file }) => file === stagedPath(path));
      return { path, mode, ...fill(upload?.content ?? "") };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
