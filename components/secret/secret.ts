import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { PlatformSecret, SecretForm, TemplatePart } from "../../stacks/platform.ts";
import { generatedName, secretName } from "./generated.ts";

/** A secret's value in another form, such as a salted hash of it. */
export type Derive = (form: SecretForm, value: string, salt: string) => string;

export interface SecretArgs {
  source: PlatformSecret["source"];
  /** Value of another secret of the stack, for templates. */
  secretValue(id: string): pulumi.Output<string>;
  /** A value the user set with `pulumi config set --secret`. */
  configValue(key: string): pulumi.Output<string>;
  derive: Derive;
}

/** One secret of the stack: generated, set by the user, or put together from others. It stays a Pulumi secret. */
export class Secret extends pulumi.ComponentResource {
  readonly value: pulumi.Output<string>;

  constructor(name: string, args: SecretArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:secret:Secret", name, {}, options);
    this.value = pulumi.secret(this.create(name, args));
    this.registerOutputs({});
  }

  private create(
    name: string,
    { source, secretValue, configValue, derive }: SecretArgs,
  ): pulumi.Output<string> {
    switch (source.kind) {
      case "config":
        // Only a preview comes this far with an unset value; a deployment refuses it before the first resource.
        return source.isSet ? configValue(source.key) : pulumi.output(`[${source.key} is not set]`);
      case "template":
        return pulumi
          .all(source.parts.map((part) => this.piece(part, secretValue, derive)))
          .apply((parts) => parts.join(""));
      case "generate":
        // Declared beside the present version, the one before it stays as it was until it is retired.
        if (source.previous !== undefined) this.generate(name, source, source.previous);
        return this.generate(source.of === undefined ? name : secretName(source.of), source, source.version);
    }
  }

  private piece(
    part: TemplatePart,
    secretValue: SecretArgs["secretValue"],
    derive: Derive,
  ): pulumi.Input<string> {
    if (typeof part === "string") return part;
    const { secret, form, salt } = part;
    if (form === undefined) return secretValue(secret);
    return pulumi
      .all([secretValue(secret), salt === undefined ? "" : secretValue(salt)])
      .apply(([value, grain]) => derive(form, value, grain));
  }

  private generate(
    name: string,
    { form, length }: Extract<PlatformSecret["source"], { kind: "generate" }>,
    version?: number,
  ): pulumi.Output<string> {
    const options = { parent: this };
    const resource = generatedName(name, form, version);
    switch (form) {
      // No special characters: the value also stands in URLs and configuration files.
      case "password":
        return new random.RandomPassword(resource, { length, special: false }, options).result;
      case "hex":
        return new random.RandomBytes(resource, { length }, options).hex;
      case "base64":
        return new random.RandomBytes(resource, { length }, options).base64;
      case "uuid":
        return new random.RandomUuid(resource, {}, options).result;
    }
  }
}
