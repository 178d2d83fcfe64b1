import * as pulumi from "@pulumi/pulumi";
import { declarePlatform } from "./components/program.ts";
import { InputError } from "./stacks/errors.ts";
import { loadStack } from "./stacks/load.ts";
import { guard } from "./targets/check/guard.ts";

const root = import.meta.dirname;

// Pulumi keeps a stack trace for every promise it makes; formatting them would be most of this program's time.
// PULUMI_DEBUG_PROMISE_LEAKS asks for them.
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) Error.stackTraceLimit = 0;

function declare() {
  try {
    const file = process.env.UMS_STACK_FILE;
    const real = process.env.UMS_REAL;
    const engineValue = new pulumi.Config("ums").getObject("platform");
    const loaded = loadStack(root, pulumi.getStack(), {
      ...(file === undefined ? {} : { file }),
      ...(real === undefined ? {} : { real: { choice: real } }),
      unsetSecrets: pulumi.runtime.isDryRun() ? "warn" : "refuse",
      engineValue,
    });
    guard(root, loaded, engineValue);
    return declarePlatform(root, loaded.platform);
  } catch (error) {
    // A RunError is shown as its message alone, without a stack trace.
    if (error instanceof InputError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

export const { services, networks, volumes, lifted, warnings } = declare();
