/** Reference to a resource: its type token and its name in the program. */
export interface ResourceReference {
  type: string;
  name: string;
}

/** A resource as the program registered it. */
export interface RegisteredResource extends ResourceReference {
  custom: boolean;
  /** Inputs with secrets replaced: by their values when deploying, by names when planning. */
  inputs: Record<string, unknown>;
  dependsOn: ResourceReference[];
  parent?: ResourceReference;
  protect: boolean;
  /** Deleting the resource leaves the thing itself in place. */
  retainOnDelete: boolean;
}

/** What a run of the program declared. */
export interface DeclaredProgram {
  /** Sorted by type and name. */
  resources: RegisteredResource[];
  outputs: Record<string, unknown>;
}

export function sameResource(a: ResourceReference, b: ResourceReference): boolean {
  return a.type === b.type && a.name === b.name;
}

/** Container inputs the provider changes on the running container, without making a new one. */
export const changedInPlace: ReadonlySet<string> = new Set([
  "attach",
  "destroyGraceSeconds",
  "logs",
  "memory",
  "memorySwap",
  "mustRun",
  "restart",
  "wait",
  "waitTimeout",
]);

export const dockerTypes = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
} as const;
