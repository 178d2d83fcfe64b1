import { Listr } from "listr2";

/** One step a person waits for. */
export interface Step<T> {
  title: string;
  run(progress: (message: string) => void): Promise<T>;
}

/**
 * Runs steps in order and shows how far they are: redrawn lines on a terminal, a line now and then elsewhere. Everything
 * goes to standard error, so that standard output is the result alone.
 */
export async function withProgress<T>(step: Step<T>, quiet: boolean): Promise<T> {
  if (quiet) return step.run(() => {});
  if (!process.stderr.isTTY) return step.run(plainProgress(step.title));
  let result: T | undefined;
  await new Listr(
    [
      {
        title: step.title,
        task: async (_, task) => {
          result = await step.run((message) => {
            task.output = message;
          });
        },
      },
    ],
    {
      renderer: "default",
      rendererOptions: { collapseErrors: false, showErrorMessage: false, collapseSubtasks: false },
      fallbackRenderer: "simple",
    },
  ).run();
  return result as T;
}

/** Milliseconds between two lines of progress in a log. */
const plainInterval = 5000;

/** A line now and then, for a log. */
function plainProgress(title: string): (message: string) => void {
  process.stderr.write(`${title}\n`);
  let next = 0;
  return (message) => {
    if (Date.now() < next) return;
    next = Date.now() + plainInterval;
    process.stderr.write(`  ${message}\n`);
  };
}
