import type { LoadedStack } from "../../stacks/load.ts";
import type { PlatformSecret } from "../../stacks/platform.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import type { StackState } from "../state.ts";

export const engineNames = ["pulumi", "compose"] as const;
export type EngineName = (typeof engineNames)[number];

/** What an engine works on. */
export interface EngineContext {
  root: string;
  loaded: LoadedStack;
  state: StackState;
  /** The resources of the stack, with placeholders for secrets. */
  program: DeclaredProgram;
  progress(message: string): void;
}

/** What generated secrets are read with. */
export type SecretContext = Pick<EngineContext, "root" | "loaded" | "state">;

/** A generated secret as an engine keeps it. */
export interface GeneratedSecret {
  value: string;
  /** When it was made, where the engine wrote it down. */
  at?: Date;
}

/** Something that makes a stack real. */
export interface Engine {
  readonly name: EngineName;
  /** One line for people: what it is, and its version. */
  readonly description: string;
  up(context: EngineContext): Promise<void>;
  down(context: EngineContext): Promise<void>;
  /** Reads what deployments generated for secrets of the platform; undefined for one that has no value yet. */
  generatedSecrets(context: SecretContext): Promise<(secret: PlatformSecret) => GeneratedSecret | undefined>;
  /** The deployed stack as a backend elsewhere keeps it, secrets encrypted; undefined where all of it is kept here. */
  exportState(context: SecretContext): Promise<string | undefined>;
  /** Removes the data volumes of a stack that is down. */
  removeData(context: EngineContext): Promise<void>;
}

/** Services and what each waits for. */
export function waitsOf({ loaded }: EngineContext): ReadonlyMap<string, readonly string[]> {
  return new Map(loaded.platform.services.map((service) => [service.name, service.after]));
}

/** Seconds a whole stack may take to become healthy once its containers are started. */
export const patience = 900;
