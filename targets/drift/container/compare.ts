import { accessIn } from "../../../components/storage/seeding.ts";
import { type ContainerInputs, containerInputs } from "../../compose/render.ts";
import { fingerprintLabel } from "../../docker/seed.ts";
import { plannedId } from "../../inProcess/provision.ts";
import { type DeclaredProgram, dockerTypes, type RegisteredResource } from "../../resources.ts";
import { type Comparison, compareFacts, type Fact } from "../fact.ts";
import { type Finding, finding, labelsOf, presence, serviceOf } from "../finding.ts";
import type { InspectedContainer, InspectedFile, InspectedStack } from "../inspected.ts";
import type { Part } from "../part.ts";
import { fileOf } from "../words.ts";
import { declaredContainer } from "./declared.ts";
import { runningContainer } from "./running.ts";
import { nameOf, type Scene } from "./scene.ts";

/** A container's inputs with the values of secrets; undefined where nothing is known of it. */
export type KnownInputs = (container: RegisteredResource) => ContainerInputs | undefined;

/** Every declared container, and every container of the stack that nobody declared. */
export function compareContainers(
  program: DeclaredProgram,
  stack: InspectedStack,
  knownInputs: KnownInputs,
): Finding[] {
  const declared = program.resources.filter(({ type }) => type === dockerTypes.container);
  const names = new Map(declared.map((resource) => [plannedId(resource), containerInputs(resource).name]));
  const byName = new Map(stack.containers.map((running) => [nameOf(running), running]));
  const byIdentity = new Map(stack.containers.flatMap(identitiesOf));
  const found = declared.map((resource) => {
    const inputs = containerInputs(resource);
    const part: Part = { kind: "container", name: inputs.name, service: serviceOf(labelsOf(inputs.labels)) };
    const running = byName.get(inputs.name);
    if (!running) return presence(part, inputs.mustRun === false ? "exited 0" : "running", null);
    const scene: Scene = {
      image: stack.images.get(running.Image),
      referenceNow: stack.images.get(inputs.image)?.Id,
      declaredName: (identity) => names.get(identity),
      runningContainer: (identity) => byIdentity.get(identity),
      isThere: (name) => byName.has(name),
      limits: stack.limits,
    };
    const files = stack.files.get(inputs.name) ?? new Map<string, InspectedFile>();
    const comparison = compareContainer(inputs, running, files, knownInputs(resource), scene);
    return finding(part, inputs, comparison, leftOut(scene));
  });
  const ofProgram = new Set(names.values());
  const others = stack.containers.filter((running) => !ofProgram.has(nameOf(running)));
  return [
    ...found,
    ...others.map((running) =>
      presence(
        { kind: "container", name: nameOf(running), service: serviceOf(running.Config.Labels) },
        null,
        running.State.Status,
      ),
    ),
  ];
}

/** A container is known by its id, and a one-shot container of the embedded engine by what it was made of. */
function identitiesOf(running: InspectedContainer): [string, InspectedContainer][] {
  const made = running.Config.Labels?.[fingerprintLabel];
  return [
    [running.Id, running],
    ...(made === undefined ? [] : [[made, running] as [string, typeof running]]),
  ];
}

function compareContainer(
  inputs: ContainerInputs,
  running: InspectedContainer,
  files: ReadonlyMap<string, InspectedFile>,
  known: ContainerInputs | undefined,
  scene: Scene,
): Comparison {
  const declared = withFiles(declaredContainer(inputs, scene), declaredFiles(inputs));
  const found = withFiles(runningContainer(running, inputs, scene), files);
  for (const path of absent(inputs, files)) {
    // A file that is gone is one difference.
    for (const kind of ["mode", "owner"]) declared.delete(`${kind} ${path}`);
  }
  for (const property of incomparable(inputs, found, scene)) {
    declared.delete(property);
    found.delete(property);
  }
  return compareFacts(
    declared,
    found,
    known && withFiles(declaredContainer(known, scene), declaredFiles(known)),
  );
}

/** Properties nothing can be said of, because what they are compared with is not on the host. */
function incomparable(inputs: ContainerInputs, found: ReadonlyMap<string, Fact>, scene: Scene): string[] {
  // A one-shot container that is gone is a difference of its own.
  const gone = (inputs.labels ?? []).filter(({ value }) => {
    const name = scene.declaredName(value);
    return name !== undefined && !scene.isThere(name);
  });
  const seeds = gone.map(({ label }) => `label ${label}`);
  if (scene.image) return seeds;
  const own = declaredContainer(inputs, scene);
  if (inputs.stopSignal === undefined) own.delete("stopSignal");
  return [
    ...seeds,
    ...[...found.keys()].filter((property) => isSetByImages(property) && !own.has(property)),
    ...(own.has("stopSignal") ? [] : ["stopSignal"]),
  ];
}

function isSetByImages(property: string): boolean {
  return /^(command|entrypoints|user|workingDir|healthcheck\..*|(env|label|mount) .*)$/.test(property);
}

/** Content is uploaded; the container's command gives it its owner and mode. */
function declaredFiles({ uploads, command }: ContainerInputs): ReadonlyMap<string, Partial<InspectedFile>> {
  const access = accessIn(command ?? []);
  return new Map((uploads ?? []).map(({ file, content }) => [file, { ...access.get(file), text: content }]));
}

function absent({ uploads }: ContainerInputs, files: ReadonlyMap<string, InspectedFile>): string[] {
  return (uploads ?? []).map(({ file }) => file).filter((path) => !files.has(path));
}

function withFiles(
  facts: Map<string, Fact>,
  files: ReadonlyMap<string, Partial<InspectedFile>>,
): Map<string, Fact> {
  for (const [path, { text, owner, mode }] of files) {
    if (text !== undefined) facts.set(`file ${path}`, { text, shown: fileOf(text) });
    if (owner !== undefined) facts.set(`owner ${path}`, { text: owner });
    if (mode !== undefined) facts.set(`mode ${path}`, { text: mode });
  }
  return facts;
}

/** What this host says nothing of. */
function leftOut({ image, limits }: Scene): Finding["notCompared"] {
  const unkept = [
    ...(limits.memory ? [] : ["memory"]),
    ...(limits.swap ? [] : ["memorySwap"]),
    ...(limits.cpu ? [] : ["cpuPeriod", "cpuQuota"]),
  ];
  return [
    ...unkept.map((property) => ({ property, why: "this host's kernel does not keep such a limit" })),
    ...(image ? [] : [{ property: "what the image sets", why: "its image is not on the host any more" }]),
  ];
}
