/** Generators of configuration, as records name them. */
export const generatorNames = ["redis"] as const;

export type GeneratorName = (typeof generatorNames)[number];
