import type { PlatformSecret } from "../../stacks/platform.ts";

type Form = Extract<PlatformSecret["source"], { kind: "generate" }>["form"];

/** What generates each form of secret: a resource of the random provider, named after the secret and this. */
const generators = {
  password: { type: "random:index/randomPassword:RandomPassword", suffix: "password" },
  hex: { type: "random:index/randomBytes:RandomBytes", suffix: "bytes" },
  base64: { type: "random:index/randomBytes:RandomBytes", suffix: "bytes" },
  uuid: { type: "random:index/randomUuid:RandomUuid", suffix: "uuid" },
} as const satisfies Record<Form, { type: string; suffix: string }>;

/** Name of a secret's component. */
export function secretName(id: string): string {
  return id.replace("/", "_");
}

/** Name of the resource that generates a secret. */
export function generatedName(component: string, form: Form): string {
  return `${component}-${generators[form].suffix}`;
}

/** Type and name of the resource that generates a secret. @throws Error for one that is not generated */
export function generatedResource({ id, source }: PlatformSecret): { type: string; name: string } {
  if (source.kind !== "generate") throw new Error(`the secret ${id} is not generated`);
  return { type: generators[source.form].type, name: generatedName(secretName(id), source.form) };
}
