import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import { containerInputs, containersOf } from "../compose/render.ts";
import { isMissing, stackContainers, stackNetworks } from "../docker/host.ts";
import { inParallel } from "../inParallel.ts";
import { type DeclaredProgram, dockerTypes } from "../resources.ts";
import type {
  InspectedContainer,
  InspectedFile,
  InspectedImage,
  InspectedNetwork,
  InspectedStack,
  InspectedVolume,
} from "./inspected.ts";

/** Inspects all there is of a stack: what carries its label, and what has a declared name. Changes nothing. */
export async function inspectStack(
  docker: Docker,
  stack: string,
  program: DeclaredProgram,
): Promise<InspectedStack> {
  const named = (type: string) =>
    program.resources.filter((one) => one.type === type).map(({ inputs }) => String(inputs.name));
  const containers = await inspectEach<InspectedContainer>(
    idsOf(await stackContainers(docker, stack), named(dockerTypes.container)),
    (id) => docker.getContainer(id).inspect(),
  );
  const networks = await inspectEach<InspectedNetwork>(
    idsOf(await stackNetworks(docker, stack), named(dockerTypes.network)),
    (id) => docker.getNetwork(id).inspect(),
  );
  const volumes = await inspectEach<InspectedVolume>(named(dockerTypes.volume), (name) =>
    docker.getVolume(name).inspect(),
  );
  const all = [...containersOf(program, true), ...containersOf(program, false)].map(containerInputs);
  const images = await inspectEach<InspectedImage>(
    new Set([...all.map(({ image }) => image), ...[...containers.values()].map(({ Image }) => Image)]),
    (name) => docker.getImage(name).inspect(),
  );
  const { MemoryLimit, SwapLimit, CpuCfsQuota } = (await docker.info()) as Record<string, unknown>;
  return {
    containers: [...containers.values()],
    networks: [...networks.values()],
    volumes: [...volumes.values()],
    images,
    files: await readFiles(docker, program),
    limits: {
      memory: MemoryLimit !== false,
      swap: MemoryLimit !== false && SwapLimit !== false,
      cpu: CpuCfsQuota !== false,
    },
  };
}

/** Ids of what was listed, and the names of what was not. */
function idsOf(listed: readonly { id: string; name: string }[], names: readonly string[]): string[] {
  const known = new Set(listed.map(({ name }) => name));
  return [...listed.map(({ id }) => id), ...names.filter((name) => !known.has(name))];
}

/** What is there, by what it was asked for with. Something may go while it is looked at. */
async function inspectEach<T>(
  names: Iterable<string>,
  inspect: (name: string) => Promise<unknown>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  await inParallel([...names], async (name) => {
    try {
      found.set(name, (await inspect(name)) as T);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  });
  return found;
}

/** The files that one-shot containers wrote, read through these containers: they need not run for it. */
async function readFiles(
  docker: Docker,
  program: DeclaredProgram,
): Promise<Map<string, ReadonlyMap<string, InspectedFile>>> {
  const files = new Map<string, ReadonlyMap<string, InspectedFile>>();
  await inParallel(containersOf(program, true), async (seed) => {
    const { name, uploads } = containerInputs(seed);
    const paths = (uploads ?? []).map(({ file }) => file);
    files.set(
      name,
      await inspectEach<InspectedFile>(paths, async (path) =>
        onlyFile(await docker.getContainer(name).getArchive({ path })),
      ),
    );
  });
  return files;
}

/** Read to its end, or the connection to the engine stays open. */
async function onlyFile(archive: NodeJS.ReadableStream): Promise<InspectedFile> {
  const reader = extract();
  archive.pipe(reader);
  const file: InspectedFile = { text: "", owner: "", mode: "" };
  for await (const entry of reader) {
    const { uid = 0, gid = 0, mode = 0 } = entry.header;
    file.owner = `${uid}:${gid}`;
    file.mode = modeOf(mode);
    file.text += await text(entry);
  }
  return file;
}

/** What of a mode is permissions, in four octal digits. */
function modeOf(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
