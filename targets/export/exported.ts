import type { Place } from "../../stacks/errors.ts";

/** A file of an export. */
export interface ExportedFile {
  /** Below the folder of the export, with slashes. */
  path: string;
  text: string;
  /** It holds secrets: only its owner may read it. */
  secret: boolean;
}

/** A text with the names of the secrets in it; none for one that anybody may read. */
export interface ExportedText {
  text: string;
  secrets: readonly string[];
}

export interface ExportedVariable extends ExportedText {
  name: string;
}

/** A file that a service finds in its file system. */
export interface ExportedSeed extends ExportedText {
  path: string;
  mode: string;
}

/** What a service is given: variables and files, sorted. */
export interface ExportedService {
  name: string;
  place: Place;
  variables: readonly ExportedVariable[];
  files: readonly ExportedSeed[];
}

/** What a format renders. */
export interface ExportedStack {
  stack: string;
  services: readonly ExportedService[];
  /** The texts hold the secrets' values, and not marks in their place. */
  withSecrets: boolean;
}

/** Names of the secrets that are in an export, or that it has marks for; sorted. */
export function namesOfSecrets({ services }: ExportedStack): string[] {
  const texts = services.flatMap(({ variables, files }) => [...variables, ...files]);
  return [...new Set(texts.flatMap(({ secrets }) => secrets))].sort();
}
