import * as pulumi from "@pulumi/pulumi";
import type { Platform } from "../stacks/platform.ts";
import { stackOutputs } from "./outputs.ts";
import { MediaPlatform } from "./platform.ts";
import { RehearsalImage } from "./rehearsal/rehearsalImage.ts";
import { deriveSecret } from "./secret/derive.ts";
import type { Derive } from "./secret/secret.ts";
import { shellSeeder, standinSeeder } from "./storage/seeding.ts";

/** Writes seeded files where the real images run: any small image with a shell would do. */
const seederImage =
  "docker.io/library/busybox:1.37.0@sha256:9db7b59979c38555a39def84a31fb98b5296952f9e3afd4f6f11f05b07adfab0";

/** Declares the resources of a stack and returns its outputs. */
export function declarePlatform(
  root: string,
  platform: Platform,
  derive: Derive = deriveSecret,
): ReturnType<typeof stackOutputs> {
  const secrets = new pulumi.Config("ums").getSecretObject<Record<string, string>>("secrets");
  const configSecret = (key: string): pulumi.Output<string> =>
    pulumi.secret(
      pulumi.output(secrets).apply((values) => {
        const value = values?.[key];
        if (value === undefined) throw new pulumi.RunError(`the config has no secret ums:secrets.${key}`);
        return value;
      }),
    );
  const standin = platform.images === "rehearsal" ? platform.services[0]?.image.reference : undefined;
  const image = standin === undefined ? undefined : new RehearsalImage("standin", { root, image: standin });
  new MediaPlatform("platform", {
    platform,
    seeder: standin === undefined ? shellSeeder(seederImage) : standinSeeder(standin),
    configSecret,
    derive,
    ready: image ? [image] : [],
  });
  return stackOutputs(platform);
}
