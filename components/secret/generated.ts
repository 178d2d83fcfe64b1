import type { PlatformSecret } from "../../stacks/platform.ts";

type Form = Extract<PlatformSecret["source"], { kind: "generate" }>["form"];

/** What generates each form of secret: a resource of the random provider, named after the secret and this, and its output. */
const generators = {
  password: { type: "random:index/randomPassword:RandomPassword", suffix: "password", output: "result" },
  hex: { type: "random:index/randomBytes:RandomBytes", suffix: "bytes", output: "hex" },
  base64: { type: "random:index/randomBytes:RandomBytes", suffix: "bytes", output: "base64" },
  uuid: { type: "random:index/randomUuid:RandomUuid", suffix: "uuid", output: "result" },
} as const satisfies Record<Form, { type: string; suffix: string; output: string }>;

/** The resource that generates a secret, and its output that is the value. */
export interface GeneratedResource {
  type: string;
  name: string;
  output: "result" | "hex" | "base64";
}

/** Name of a secret's component. */
export function secretName(id: string): string {
  return id.replace("/", "_");
}

/** Name of the resource that generates a version of a secret: each has one of its own, so that an old value can come back. */
export function generatedName(component: string, form: Form, version = 1): string {
  const name = `${component}-${generators[form].suffix}`;
  return version === 1 ? name : `${name}-v${version}`;
}

/** The name without its version: of all versions of a secret the same. */
export function unversioned(resource: string): string {
  return resource.replace(/-v\d+$/, "");
}

/** The resource that generates a secret's present version. @throws Error for one that is not generated */
export function generatedResource({ id, source }: PlatformSecret): GeneratedResource {
  if (source.kind !== "generate") throw new Error(`the secret ${id} is not generated`);
  const { form, version, of = id } = source;
  const { type, output } = generators[form];
  return { type, output, name: generatedName(secretName(of), form, version) };
}
