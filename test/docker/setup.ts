import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { findPulumi } from "../../cli/engines/pulumi.ts";
import { prepareMachine } from "../../cli/setup/machine.ts";
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
export default async function setup(project: TestProject): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "ums-test-setup-"));
  let noDocker = "";
  try {
    await prepareMachine(
      join(import.meta.dirname, "..", ".."),
      home,
      (message) => process.stderr.write(`${message}\n`),
      {
        installPulumi: false,
        needCompose: true,
      },
    );
  } catch (error) {
    noDocker = (error as Error).message;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  project.provide("noDocker", noDocker);
  project.provide("noPulumi", noDocker || ((await findPulumi()) ? "" : "no Pulumi CLI on PATH"));
  project.provide("noCompose", noDocker || ((await findCompose()) ? "" : "no Docker Compose"));
}
