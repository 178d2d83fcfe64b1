import { EnvironmentFault, InputError } from "../../stacks/errors.ts";
import { ComposeFailure } from "../../targets/compose/client.ts";
import { ServicesFailed } from "../../targets/docker/health.ts";

/** Exit codes of every command. */
export const exitCodes = { fine: 0, violation: 1, input: 2, environment: 3, interrupted: 130 } as const;

/** A violation or difference was found and shown already. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** A person ended the command, with Ctrl-C or by closing the terminal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Shows an error to a person and gives the exit code for it. A stack trace is for our own mistakes alone. */
export function report(error: unknown): number {
  if (error instanceof Violation) return exitCodes.violation;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof ServicesFailed || error instanceof ComposeFailure) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.violation;
  }
  if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.input;
  }
  if (error instanceof EnvironmentFault) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.environment;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.violation;
}
