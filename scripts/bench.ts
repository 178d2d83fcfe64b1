import { join } from "node:path";
import { execa } from "execa";

/** Wall times of `ums plan` for the full dev stack, as a person waits for it: whole processes, after one warm-up. */
const runs = 7;
const bin = join(import.meta.dirname, "..", "cli", "bin.mjs");
const seconds: number[] = [];
for (let run = 0; run <= runs; run++) {
  const { durationMs } = await execa(process.execPath, [bin, "plan", "--stack", "dev", "--json"]);
  if (run > 0) seconds.push(durationMs / 1000);
}
seconds.sort((a, b) => a - b);
const show = (value: number | undefined) => `${(value ?? 0).toFixed(2)} s`;
process.stdout.write(
  `ums plan --stack dev, ${runs} runs: median ${show(seconds[Math.floor(runs / 2)])}, fastest ${show(seconds[0])}, slowest ${show(seconds.at(-1))}; the limit is 3 s on two cores\n`,
);
