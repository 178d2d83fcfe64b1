import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { InputError } from "../../stacks/errors.ts";

/**
 * A line of standard input for each prompt; nothing is echoed on a terminal. What is missing is empty. A value that begins
 * a key, as ssh-keygen writes them, goes on to the key's last line.
 * @throws InputError for a key without its last line
 */
export async function readValues(prompts: readonly string[]): Promise<string[]> {
  const terminal = process.stdin.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, written) => written() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal });
  const lines = reader[Symbol.asyncIterator]();
  const values: string[] = [];
  try {
    for (const prompt of prompts) {
      if (terminal) process.stderr.write(prompt);
      const { value = "" } = await lines.next();
      values.push(/^-----BEGIN .+-----\s*$/.test(value) ? await wholeKey(value, lines) : value);
      if (terminal) process.stderr.write("\n");
    }
    return values;
  } finally {
    reader.close();
  }
}

async function wholeKey(first: string, lines: AsyncIterator<string>): Promise<string> {
  const key = [first];
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) {
      const message = `it begins with "${first.trim()}" and has no last line: give the whole file, as in < key`;
      throw new InputError([{ message }]);
    }
    key.push(value);
    if (/^-----END .+-----\s*$/.test(value)) return key.map((line) => line.trimEnd()).join("\n");
  }
}
