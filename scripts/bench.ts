import { join } from "node:path";
import { execa } from "execa";

/** Wall times of commands on the full dev stack, as a person waits for them: whole processes, after one warm-up. */
const runs = 7;
const bin = join(import.meta.dirname, "..", "cli", "bin.mjs");
const show = (value: number | undefined) => `${(value ?? 0).toFixed(2)} s`;

for (const command of ["plan", "check"]) {
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const { durationMs } = await execa(process.execPath, [bin, command, "--stack", "dev", "--json"]);
    if (run > 0) seconds.push(durationMs / 1000);
  }
  seconds.sort((a, b) => a - b);
  process.stdout.write(
    `ums ${command} --stack dev, ${runs} runs: median ${show(seconds[Math.floor(runs / 2)])}, fastest ${show(seconds[0])}, slowest ${show(seconds.at(-1))}; the limit is 3 s on two cores\n`,
  );
}
