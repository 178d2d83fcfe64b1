import * as pulumi from "@pulumi/pulumi";
import { declarePlatform } from "./components/program.ts";
import { InputError } from "./stacks/errors.ts";
import { loadStack } from "./stacks/load.ts";

const root = import.meta.dirname;

function declare() {
  try {
    const { platform } = loadStack(root, pulumi.getStack(), {
      ...(process.env.UMS_STACK_FILE === undefined ? {} : { file: process.env.UMS_STACK_FILE }),
      engineValue: new pulumi.Config("ums").getObject("platform"),
    });
    return declarePlatform(root, platform);
  } catch (error) {
    // A RunError is shown as its message alone, without a stack trace.
    if (error instanceof InputError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

export const { services, networks, volumes, lifted, warnings } = declare();
