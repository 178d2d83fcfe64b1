import type { Configure } from "./context.ts";
import { configureRedis } from "./data/redis.ts";
import type { GeneratorName } from "./names.ts";

/** Who writes what. */
export const generators: Readonly<Record<GeneratorName, Configure>> = {
  redis: configureRedis,
};
