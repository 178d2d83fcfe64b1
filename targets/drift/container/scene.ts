import type { EngineLimits, InspectedContainer, InspectedImage } from "../inspected.ts";

/** What a container's facts are said against. */
export interface Scene {
  /** The image the container was made from; undefined when it is not on the host any more. */
  image: InspectedImage | undefined;
  /** Id that the declared reference names now; undefined when the host has no such image. */
  referenceNow: string | undefined;
  /** Name of the declared container that an identity in the planned program stands for. */
  declaredName(identity: string): string | undefined;
  /** Container that has an identity on the host: its id, or what the embedded engine notes on one-shot containers. */
  runningContainer(identity: string): InspectedContainer | undefined;
  /** Whether a container of the name is on the host. */
  isThere(name: string): boolean;
  limits: EngineLimits;
}

export function nameOf({ Name }: InspectedContainer): string {
  return Name.replace(/^\//, "");
}

/** Which these are, the facts of each say. The mode itself names any one of them, and only while it is created. */
export const ownNetworks = "its own networks";

export function networkOf(name: string): string {
  return `the network of ${name}`;
}
