import { createInterface } from "node:readline/promises";
import { Interrupted } from "./exit.ts";

/**
 * Asks a person until one of the answers comes; its first letter is enough.
 * @throws Interrupted by Ctrl-C, or when the terminal is closed
 */
export async function ask<Answer extends string>(
  question: string,
  answers: readonly Answer[],
): Promise<Answer> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (;;) {
      const typed = (await answerOf(prompt, `${question} (${answers.join(", ")}) `)).trim().toLowerCase();
      const found = answers.find((answer) => typed !== "" && answer.startsWith(typed));
      if (found !== undefined) return found;
    }
  } finally {
    prompt.close();
  }
}

function answerOf(prompt: ReturnType<typeof createInterface>, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const end = () => {
      // What comes next, the shell's prompt for one, starts on a line of its own.
      process.stdout.write("\n");
      prompt.off("SIGINT", end).off("close", end);
      reject(new Interrupted());
    };
    prompt.once("SIGINT", end).once("close", end);
    prompt.question(question).then((line) => {
      prompt.off("SIGINT", end).off("close", end);
      resolve(line);
    }, reject);
  });
}
