import type Docker from "dockerode";
import type { Platform } from "../../stacks/platform.ts";

/** A data volume on the host. */
export interface StoredVolume {
  name: string;
  class: string;
  /** Undefined where the engine cannot tell, as for network file systems. */
  bytes?: number;
  /** The stack still has a service for it. */
  declared: boolean;
  users: string[];
}

/** Every data volume that carries the stack's label, sorted by name; not those of generated files, which are made again. */
export async function storedVolumes(docker: Docker, platform: Platform): Promise<StoredVolume[]> {
  const { Volumes } = (await docker.df()) as {
    Volumes: { Name: string; Labels: Record<string, string> | null; UsageData?: { Size: number } }[] | null;
  };
  const declared = new Map(platform.volumes.map((volume) => [volume.name, volume.users]));
  return (Volumes ?? [])
    .filter(({ Labels }) => Labels?.["ums.stack"] === platform.stack && Labels["ums.class"] !== undefined)
    .map(({ Name, Labels, UsageData }) => {
      const size = UsageData?.Size ?? -1;
      return {
        name: Name,
        class: Labels?.["ums.class"] ?? "",
        ...(size < 0 ? {} : { bytes: size }),
        declared: declared.has(Name),
        users: [...(declared.get(Name) ?? [])],
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
