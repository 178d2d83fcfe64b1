#!/usr/bin/env node
// What `npm start` runs: plain JavaScript, because on a fresh clone nothing is installed yet.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const installed = join(root, "node_modules", ".package-lock.json");
const wanted = join(root, "package-lock.json");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Node ${process.versions.node} is too old: install Node 22 or newer (20.19 at least)\n`,
  );
  process.exit(3);
}

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  process.stderr.write("installing the project's packages (npm ci)\n");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) {
    process.stderr.write("npm ci failed; see above\n");
    process.exit(3);
  }
}

const { status, signal } = spawnSync(
  process.execPath,
  [join(import.meta.dirname, "bin.mjs"), "start", ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
process.exit(signal ? 1 : (status ?? 1));
