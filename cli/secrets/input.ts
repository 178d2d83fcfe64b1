import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** A line of standard input for each prompt; nothing is echoed on a terminal. What is missing is empty. */
export async function readValues(prompts: readonly string[]): Promise<string[]> {
  const terminal = process.stdin.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, written) => written() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal });
  const lines = reader[Symbol.asyncIterator]();
  const values: string[] = [];
  for (const prompt of prompts) {
    if (terminal) process.stderr.write(prompt);
    const { value = "" } = await lines.next();
    if (terminal) process.stderr.write("\n");
    values.push(value);
  }
  reader.close();
  return values;
}
