#!/usr/bin/env node
import { pathToFileURL } from "node:url";

await import(await entry());

/** The bundle of the command; where none can be made, say in a folder of somebody else, its sources as they are. */
async function entry() {
  try {
    const { bundle } = await import("./bundle.mjs");
    return pathToFileURL(await bundle()).href;
  } catch {
    const [esm, commonJs] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
    esm.register();
    // The policy pack is CommonJS, as CrossGuard wants it.
    commonJs.register();
    return "./main.ts";
  }
}
