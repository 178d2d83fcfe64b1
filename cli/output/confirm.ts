import { createInterface } from "node:readline/promises";
import { InputError } from "../../stacks/errors.ts";

/** Asks a person to type a name before something is lost. @throws InputError when another answer comes */
export async function confirmName(what: string, name: string): Promise<void> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`This removes ${what}. Type its name (${name}) to go on: `);
  prompt.close();
  if (answer.trim() !== name)
    throw new InputError([{ message: `"${answer.trim()}" is not ${name}: nothing was removed` }]);
}
