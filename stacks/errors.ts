/** A place in a file a person wrote; line and column count from 1. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

/** One thing wrong with the input, and where. */
export interface Problem {
  place?: Place;
  message: string;
}

export function formatProblem({ place, message }: Problem): string {
  if (!place) return message;
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(":");
  return `${position}: ${message}`;
}

/** Wrong input: all that is wrong with it, at once. The command line turns it into exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
  }
}

/** The machine lacks something: an engine, a port, disk space. The command line turns it into exit code 3. */
export class EnvironmentFault extends Error {
  override readonly name = "EnvironmentFault";
  constructor(
    message: string,
    readonly fix?: string,
  ) {
    super(fix ? `${message}\n  fix: ${fix}` : message);
  }
}
