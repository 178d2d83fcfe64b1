import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { findPulumi } from "../../cli/engines/pulumi.ts";
import { prepareMachine } from "../../cli/setup/machine.ts";
import { alone } from "../../rehearsal/real/lock.ts";
import { findCompose } from "../../targets/compose/client.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Why container tests cannot run here; empty when they can. */
    noDocker: string;
    /** Why tests of the Pulumi engine cannot run here; empty when they can. */
    noPulumi: string;
    /** Why tests of the embedded engine cannot run here; empty when they can. */
    noCompose: string;
  }
}

/** Finds a Docker engine, or installs and starts one as `npm start` does where it may. */
export default async function setup(project: TestProject): Promise<() => void> {
  const release = await onlyRun(project.name);
  // Two runs may begin at once, on a machine that has nothing yet.
  const lock = join(tmpdir(), "ums-test-machine.lock");
  const noDocker = await alone(lock, () => {}, prepare);
  project.provide("noDocker", noDocker);
  project.provide("noPulumi", noDocker || ((await findPulumi()) ? "" : "no Pulumi CLI on PATH"));
  project.provide("noCompose", noDocker || ((await findCompose()) ? "" : "no Docker Compose"));
  return release;
}

/**
 * Waits until no other run of a project goes on here, whatever the checkout: containers and networks of tests have fixed
 * names, and a test begins by removing what has them. Gives what lets the next run begin.
 */
async function onlyRun(project: string): Promise<() => void> {
  const lock = join(tmpdir(), `ums-test-${project}.lock`);
  const waiting = () =>
    process.stderr.write(`waiting for the end of another run of these tests (${project})\n`);
  return new Promise((begin, fail) => {
    alone(lock, waiting, () => new Promise<void>((release) => begin(release))).catch(fail);
  });
}

/** Why container tests cannot run here; empty when they can. */
async function prepare(): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "ums-test-setup-"));
  try {
    const root = join(import.meta.dirname, "..", "..");
    const say = (message: string) => process.stderr.write(`${message}\n`);
    await prepareMachine(root, home, say, { installPulumi: false, needCompose: true });
    return "";
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
