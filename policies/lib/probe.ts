import type { Container } from "./container";

/** It has a health check that says something: `NONE` turns the image's own off. */
export function isProbed({ inputs }: Container): boolean {
  const [kind, ...words] = inputs.healthcheck?.tests ?? [];
  return kind !== undefined && kind !== "NONE" && words.some((word) => word !== "");
}
