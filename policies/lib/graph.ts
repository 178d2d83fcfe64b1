import type { DriverOptions } from "./bound";
import { type Container, containerOf } from "./container";
import { type Base, baseOf, type DeclaredResource, types } from "./resource";

export interface NetworkInputs {
  internal: boolean;
  options: Record<string, string>;
  ipamConfigs: { subnet?: string }[];
}

export interface Network extends Base {
  kind: "network";
  /** The consumer of a link; the segment's name for a segment. */
  service: string;
  inputs: Partial<NetworkInputs>;
  segment: string | undefined;
  link: { consumer: string; provider: string } | undefined;
}

export interface VolumeInputs {
  name: string;
  driver: string;
  driverOpts: DriverOptions;
}

export interface Volume extends Base {
  kind: "volume";
  /** The service whose data it holds; of a shared volume its name. */
  service: string;
  inputs: Partial<VolumeInputs>;
  /** Class of its data; undefined for a volume of seeded files. */
  class: string | undefined;
  protected: boolean;
  /** Deleting the resource leaves the volume; undefined where that is not told. */
  retained: boolean | undefined;
}

export type Subject = Container | Network | Volume;

/** All resources of a stack, as rules see them. */
export interface Graph {
  containers: readonly Container[];
  /** Containers of services, without the one-shot ones. */
  services: readonly Container[];
  networks: readonly Network[];
  volumes: readonly Volume[];
  environment: string;
  /** Containers on a network. */
  members(network: Pick<Network, "name">): readonly Container[];
  network(name: string): Network | undefined;
  service(name: string): Container | undefined;
}

export function graphOf(resources: readonly DeclaredResource[]): Graph {
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const containers = of(types.container).map(containerOf);
  const networks = of(types.network).map(networkOf);
  const volumes = of(types.volume).map(volumeOf);
  const services = containers.filter(({ oneShot }) => !oneShot);
  const members = new Map<string, Container[]>();
  for (const container of containers) {
    for (const { name } of container.inputs.networksAdvanced ?? []) {
      if (name !== undefined) members.set(name, [...(members.get(name) ?? []), container]);
    }
  }
  const byName = new Map(networks.map((network) => [network.name, network]));
  const byService = new Map(services.map((container) => [container.service, container]));
  const environments = new Set(services.map(({ environment }) => environment));
  return {
    containers,
    services,
    networks,
    volumes,
    // One resource that says otherwise is enough to be judged as production.
    environment: environments.size === 1 ? ([...environments][0] ?? "production") : "production",
    members: ({ name }) => members.get(name) ?? [],
    network: (name) => byName.get(name),
    service: (name) => byService.get(name),
  };
}

function networkOf(declared: DeclaredResource): Network {
  const { base, plain } = baseOf<NetworkInputs>(declared);
  const { "ums.consumer": consumer, "ums.provider": provider, "ums.segment": segment } = base.labels;
  return {
    ...base,
    kind: "network",
    service: consumer ?? base.name,
    inputs: plain,
    segment,
    link: consumer === undefined || provider === undefined ? undefined : { consumer, provider },
  };
}

function volumeOf(declared: DeclaredResource): Volume {
  const { base, plain } = baseOf<VolumeInputs>(declared);
  return {
    ...base,
    kind: "volume",
    service: ownerOf(base),
    inputs: plain,
    class: base.labels["ums.class"],
    protected: declared.protect,
    retained: declared.retainOnDelete,
  };
}

/** `<stack>-<service>_<volume>` is a service's own, `<stack>_<volume>` is shared. */
function ownerOf({ name, labels }: Base): string {
  const stack = labels["ums.stack"];
  const own = stack !== undefined && name.startsWith(`${stack}-`) ? name.slice(stack.length + 1) : undefined;
  return own?.split("_")[0] ?? name;
}
