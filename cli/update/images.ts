import type Docker from "dockerode";
import { containerName } from "../../stacks/containerName.ts";
import type { Platform } from "../../stacks/platform.ts";
import { stackContainers } from "../../targets/docker/host.ts";
import type { Snapshot } from "../../targets/plan.ts";
import { dockerTypes } from "../../targets/resources.ts";

/** Images by service. */
export type Images = ReadonlyMap<string, string>;

/** A service whose declared image is not the one it was deployed with. */
export interface ImageChange {
  service: string;
  from: string;
  to: string;
}

/** What the last complete `up` deployed. */
export function deployedImages(snapshot: Snapshot, { stack, services }: Platform): Images {
  const images = new Map(
    snapshot.resources
      .filter(({ type }) => type === dockerTypes.container)
      .map(({ inputs }) => [String(inputs.name), String(inputs.image)]),
  );
  return new Map(
    services.flatMap(({ name }) => {
      const image = images.get(containerName(stack, name));
      return image === undefined ? [] : [[name, image] as const];
    }),
  );
}

/** What the containers were made from: of a stack that plain `pulumi up` deployed. */
export async function runningImages(docker: Docker, stack: string): Promise<Images> {
  const found: [string, string][] = [];
  for (const { id, service } of await stackContainers(docker, stack)) {
    if (service === undefined) continue;
    const { Config } = await docker.getContainer(id).inspect();
    found.push([service, Config.Image]);
  }
  return new Map(found);
}

/** Services that are deployed with another image than they are declared with, in the order they start. */
export function imageChanges({ services, waves }: Platform, deployed: Images): ImageChange[] {
  const declared = new Map(services.map(({ name, image }) => [name, image.reference]));
  return waves.flat().flatMap((service) => {
    const [from, to] = [deployed.get(service), declared.get(service)];
    return from === undefined || to === undefined || from === to ? [] : [{ service, from, to }];
  });
}
