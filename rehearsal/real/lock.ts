import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { execa } from "execa";

/**
 * Runs `work` while no other process does under the same file; others wait. The lock ends with the process that holds
 * it, however that ends, because flock holds it for a child that reads from this one. Without flock, as on macOS, nobody
 * waits: the same thing is then made twice.
 */
export async function alone<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const { failed } = await execa("flock", ["--version"], { reject: false });
  if (failed) return work();
  const holder = execa("flock", [file, "sh", "-c", "echo held; cat >&2"], {
    stderr: "ignore",
    reject: false,
  });
  const held = new Promise<void>((resolve, reject) => {
    holder.stdout.once("data", () => resolve());
    holder.once("error", reject);
  });
  const patience = setTimeout(waiting, 1000);
  try {
    await held;
    clearTimeout(patience);
    return await work();
  } finally {
    clearTimeout(patience);
    holder.stdin.end();
    await holder;
  }
}
