import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../stacks/errors.ts";
import { refuseWeak } from "../stacks/password.ts";
import type { Platform } from "../stacks/platform.ts";
import { stackOutputs } from "./outputs.ts";
import { MediaPlatform } from "./platform.ts";
import { RehearsalImage } from "./rehearsal/rehearsalImage.ts";
import { deriveSecret } from "./secret/derive.ts";
import type { Derive } from "./secret/secret.ts";
import { type Seeder, shellSeeder, standinSeeder } from "./storage/seeding.ts";

/** Writes seeded files where the real images run: any small image with a shell would do. */
const seederImage =
  "docker.io/library/busybox:1.37.0@sha256:9db7b59979c38555a39def84a31fb98b5296952f9e3afd4f6f11f05b07adfab0";

/** How a program treats values that only a deployment has. */
export interface SecretWork {
  derive: Derive;
  /** Refuses values set by the user. */
  judge(platform: Platform, values: Readonly<Record<string, string>>): Promise<void>;
}

/** Declares the resources of a stack and returns its outputs. */
export function declarePlatform(
  root: string,
  platform: Platform,
  { derive, judge }: SecretWork = { derive: deriveSecret, judge: refuseWeak },
): ReturnType<typeof stackOutputs> {
  const config = new pulumi.Config("ums").getSecretObject<Record<string, string>>("secrets");
  const judged = pulumi.output(config).apply(async (values) => {
    await judge(platform, values ?? {}).catch(shown);
    return values;
  });
  const configSecret = (key: string): pulumi.Output<string> =>
    pulumi.secret(
      judged.apply((values) => {
        const value = values?.[key];
        if (value === undefined) throw new pulumi.RunError(`the config has no secret ums:secrets.${key}`);
        return value;
      }),
    );
  new MediaPlatform("platform", {
    platform,
    seeder: seederOf(platform),
    configSecret,
    derive,
    ready: rehearsalImages(root, platform),
  });
  return stackOutputs(platform);
}

/** What writes the files of a stack's services. */
export function seederOf({ rehearsal }: Platform): Seeder {
  return rehearsal ? standinSeeder(rehearsal.standin) : shellSeeder(seederImage);
}

/** What builds the images of a rehearsal on the host. */
function rehearsalImages(root: string, { rehearsal }: Platform): RehearsalImage[] {
  if (!rehearsal) return [];
  return [
    new RehearsalImage("standin", { root, image: rehearsal.standin, builder: ["rehearsal/build.ts"] }),
    ...rehearsal.real.map(
      ({ program, image }) =>
        new RehearsalImage(`real-${program}`, { root, image, builder: ["rehearsal/real/build.ts", program] }),
    ),
  ];
}

/** A RunError is shown as its message alone, without a stack trace. */
function shown(error: unknown): never {
  throw error instanceof InputError ? new pulumi.RunError(error.message) : error;
}
