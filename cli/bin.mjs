#!/usr/bin/env node
import { register as registerCommonJs } from "tsx/cjs/api";
import { register } from "tsx/esm/api";

register();
// The policy pack is CommonJS, as CrossGuard wants it.
registerCommonJs();
await import("./main.ts");
