import type Docker from "dockerode";
import { pack } from "tar-stream";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { type ContainerInputs, containerInputs, containersOf } from "../compose/render.ts";
import { inParallel } from "../inParallel.ts";
import { type DeclaredProgram, dockerTypes, type RegisteredResource } from "../resources.ts";
import { isMissing, lastLogLines } from "./host.ts";

/** Label that says what a one-shot container did, so that it is done once. */
export const fingerprintLabel = "ums.fingerprint";
const mebibyte = 1024 * 1024;

export interface VolumeInputs {
  name: string;
  driver?: string;
  driverOpts?: Record<string, string>;
  labels: { label: string; value: string }[];
}

const labelMap = (labels: readonly { label: string; value: string }[]) =>
  Object.fromEntries(labels.map(({ label, value }) => [label, value]));

/** Creates the program's volumes that are not there; never touches one that is. Returns how many it made. */
export async function createVolumes(docker: Docker, program: DeclaredProgram): Promise<number> {
  const { Volumes } = await docker.listVolumes();
  const there = new Set((Volumes ?? []).map(({ Name }) => Name));
  let made = 0;
  for (const resource of program.resources.filter(({ type }) => type === dockerTypes.volume)) {
    const { name, driver = "local", driverOpts = {}, labels } = resource.inputs as unknown as VolumeInputs;
    if (there.has(name)) continue;
    await docker.createVolume({
      Name: name,
      Driver: driver,
      DriverOpts: driverOpts,
      Labels: labelMap(labels),
    });
    made++;
  }
  return made;
}

/** One-shot containers at work at the same time. */
const atOnce = 3;

/**
 * Runs every one-shot container whose content is not in its volumes yet. Returns how many ran.
 * @throws EnvironmentFault with its last lines when one fails
 */
export async function runSeeds(
  docker: Docker,
  program: DeclaredProgram,
  idOf: (resource: RegisteredResource) => string,
  progress: (message: string) => void,
): Promise<number> {
  const seeds = containersOf(program, true);
  const done = new Set<RegisteredResource>();
  await inParallel(seeds, async (seed) => {
    if (await isDone(docker, seed, idOf(seed))) done.add(seed);
  });
  const waiting = seeds.filter((seed) => !done.has(seed));
  let ran = 0;
  const run = async (seed: RegisteredResource) => {
    const inputs = containerInputs(seed);
    await runSeed(docker, inputs, idOf(seed));
    progress(`${++ran}/${waiting.length} ${inputs.name}`);
  };
  await inParallel(waiting, run, atOnce);
  return ran;
}

async function isDone(docker: Docker, seed: RegisteredResource, fingerprint: string): Promise<boolean> {
  try {
    const { State, Config } = await docker.getContainer(containerInputs(seed).name).inspect();
    return (
      State.Status === "exited" && State.ExitCode === 0 && Config.Labels[fingerprintLabel] === fingerprint
    );
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function runSeed(docker: Docker, inputs: ContainerInputs, fingerprint: string): Promise<void> {
  await docker
    .getContainer(inputs.name)
    .remove({ force: true })
    .catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  const container = await docker.createContainer({
    name: inputs.name,
    Image: inputs.image,
    Entrypoint: inputs.entrypoints ?? [],
    Cmd: inputs.command ?? [],
    User: inputs.user ?? "",
    Labels: { ...labelMap(inputs.labels), [fingerprintLabel]: fingerprint },
    HostConfig: {
      NetworkMode: inputs.networkMode,
      CapDrop: inputs.capabilities?.drops ?? [],
      CapAdd: inputs.capabilities?.adds ?? [],
      SecurityOpt: inputs.securityOpts ?? [],
      Memory: inputs.memory * mebibyte,
      MemorySwap: inputs.memorySwap * mebibyte,
      CpuPeriod: inputs.cpuPeriod,
      CpuQuota: inputs.cpuQuota,
      LogConfig: { Type: inputs.logDriver, Config: inputs.logOpts },
      Mounts: (inputs.mounts ?? []).map((mount) => ({
        Type: "volume",
        Source: mount.source,
        Target: mount.target,
        ReadOnly: mount.readOnly === true,
        VolumeOptions: { NoCopy: true } as Docker.MountSettings["VolumeOptions"] & object,
      })),
    },
  });
  const archive = pack();
  for (const { file, content } of inputs.uploads ?? []) {
    archive.entry({ name: file.replace(/^\//, ""), mode: 0o400 }, content);
  }
  archive.finalize();
  if ((inputs.uploads ?? []).length > 0) {
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/" });
  }
  await container.start();
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  if (StatusCode !== 0) {
    const lines = await lastLogLines(docker, container.id, 10);
    throw new EnvironmentFault(
      `${inputs.name} could not write its files (exit ${StatusCode}):\n  ${lines.join("\n  ")}`,
    );
  }
}
