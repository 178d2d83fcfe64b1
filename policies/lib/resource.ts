import { settle, type Unknown } from "./settle";

/** A resource as the in-process run registers it (`RegisteredResource` of targets/resources.ts). */
export interface DeclaredResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  protect: boolean;
  /** Whether it outlives the resource. Undefined where CrossGuard asks: the engine does not tell policies. */
  retainOnDelete?: boolean;
  dependsOn: readonly { type: string; name: string }[];
  /** Names of the containers whose network namespace it may join, where the engine knows them. */
  namespaces?: readonly string[];
}

export const types = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
} as const;

/** What every resource has, for rules to read. */
export interface Base {
  /** Name of the resource in the program. */
  resource: string;
  /** Name in Docker. */
  name: string;
  labels: Readonly<Record<string, string>>;
  unknowns: readonly Unknown[];
}

export function baseOf<Inputs>({ name, inputs }: DeclaredResource): { base: Base; plain: Partial<Inputs> } {
  const { plain, unknowns } = settle(inputs);
  const labels = (plain.labels ?? []) as { label?: string; value?: string }[];
  return {
    base: {
      resource: name,
      name: typeof plain.name === "string" ? plain.name : name,
      labels: Object.fromEntries(
        labels.flatMap(({ label, value }) =>
          label === undefined || value === undefined ? [] : [[label, value]],
        ),
      ),
      unknowns: unknowns.filter(({ path }) => !isSeedLabel(path, labels)),
    },
    plain: plain as Partial<Inputs>,
  };
}

/** `ums.seed` carries the id of a one-shot container, which no preview knows and no rule reads. */
function isSeedLabel(path: string, labels: readonly { label?: string }[]): boolean {
  const index = /^labels\.(\d+)\.value$/.exec(path)?.[1];
  return index !== undefined && labels[Number(index)]?.label === "ums.seed";
}
