import type Docker from "dockerode";
import { pack } from "tar-stream";

/** Label of every image made here: the program in it. */
export const realLabel = "ums.real";

/** Imports an archive as an image of one layer. */
export async function importArchive(
  docker: Docker,
  archive: NodeJS.ReadableStream,
  image: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [repo = image, tag = "latest"] = image.split(":");
  const changes = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`);
  const stream: NodeJS.ReadableStream = await docker.importImage(archive, {
    fromSrc: "-",
    repo,
    tag,
    changes,
  });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
}

/** A file, folder or link of an image. */
export type Entry =
  | { path: string; content: Buffer | string; mode: number }
  | { path: string; folder: true; mode: number }
  | { path: string; target: string };

/** An archive of entries that are root's, with the times of no machine. */
export function archiveOf(entries: readonly Entry[]): NodeJS.ReadableStream {
  const archive = pack();
  const mtime = new Date(0);
  for (const entry of entries) {
    const name = entry.path.replace(/^\//, "");
    if ("content" in entry) archive.entry({ name, mode: entry.mode, mtime }, entry.content);
    else if ("target" in entry) archive.entry({ name, type: "symlink", linkname: entry.target, mtime });
    else archive.entry({ name, type: "directory", mode: entry.mode, mtime });
  }
  archive.finalize();
  return archive as unknown as NodeJS.ReadableStream;
}

/** What an image says about how it is run. */
export interface ImageSettings {
  entrypoint?: readonly string[] | undefined;
  command?: readonly string[] | undefined;
  environment?: Readonly<Record<string, string>> | undefined;
  stopSignal?: string | undefined;
  labels: Readonly<Record<string, string>>;
}

/** A base image with entries on top and settings of its own; nothing of the base is copied, and nothing runs. */
export async function commitOnto(
  docker: Docker,
  base: string,
  image: string,
  entries: readonly Entry[],
  settings: ImageSettings,
): Promise<void> {
  const [repo = image, tag = "latest"] = image.split(":");
  const container = await docker.createContainer({
    Image: base,
    // An engine creates no container without a command; an empty one in the image would be as good as none.
    Cmd: [...(settings.command ?? [])],
    Entrypoint: [...(settings.entrypoint ?? [])],
    Env: Object.entries(settings.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: { ...settings.labels },
    ...(settings.stopSignal === undefined ? {} : { StopSignal: settings.stopSignal }),
    NetworkDisabled: false,
    HostConfig: { NetworkMode: "none" },
  });
  try {
    if (entries.length > 0) await container.putArchive(archiveOf(entries), { path: "/" });
    await container.commit({ repo, tag });
  } finally {
    await container.remove({ force: true });
  }
}
