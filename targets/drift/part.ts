/** A part of a stack in Docker. */
export interface Part {
  kind: "container" | "network" | "volume";
  name: string;
  /** The service it is of; null where it is not one's alone. */
  service: string | null;
}
