import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { folder, projectRoot } from "../fixtures/folders.ts";

/** One call of a program that stands in for a real one. */
interface Call {
  program: string;
  words: string[];
  input: string;
}

/** What a stand-in prints, and how it ends, when a call begins with the given words. */
interface Answer {
  when: string;
  output?: string;
  exitCode?: number;
}

const standin = (answers: readonly Answer[], calls: string) => `
const { appendFileSync, readFileSync } = require("node:fs");
const [program, ...words] = process.argv.slice(2);
const input = words.includes("-") ? readFileSync(0, "utf8") : "";
appendFileSync(${JSON.stringify(calls)}, JSON.stringify({ program, words, input }) + "\\n");
const line = [program, ...words].join(" ");
const answer = ${JSON.stringify(answers)}.find(({ when }) => line.startsWith(when)) ?? {};
process.stdout.write(answer.output ?? "");
process.exitCode = answer.exitCode ?? 0;
`;

/** Runs a script of the project with stand-ins for other programs first on PATH. */
export async function runScript(
  script: string,
  words: readonly string[],
  programs: readonly string[],
  answers: readonly Answer[],
) {
  const bin = folder();
  const calls = join(bin, "calls.jsonl");
  const code = join(bin, "standin.cjs");
  writeFileSync(code, standin(answers, calls));
  for (const program of programs) {
    writeFileSync(join(bin, program), `#!/bin/sh\nexec "${process.execPath}" "${code}" ${program} "$@"\n`);
    chmodSync(join(bin, program), 0o755);
  }
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    ["--import", "tsx", join(projectRoot, "scripts", script), ...words],
    { cwd: projectRoot, reject: false, env: { PATH: `${bin}${delimiter}${process.env.PATH}` } },
  );
  const lines = existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
  return { exitCode, stdout, stderr, calls: lines.map((line) => JSON.parse(line) as Call) };
}
