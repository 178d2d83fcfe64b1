import { z } from "zod";

/** A secret in an exported state, in plain text as JSON (pulumi/pulumi, sdk/go/common/resource: SigKey and SecretSig). */
const exportedSecret = z.object({
  "4dabf18193072939515e22adb298388d": z.literal("1b47061264138c4ac30d75fd1eb44270"),
  plaintext: z.string(),
});

const exported = z.object({
  resources: z
    .array(
      z.object({ urn: z.string(), type: z.string(), outputs: z.record(z.string(), z.unknown()).default({}) }),
    )
    .default([]),
});

/** The `result` of a resource in a deployment that was exported with its secrets; undefined where it is not in it. */
export function stateValue(
  deployment: unknown,
  resource: { type: string; name: string },
): string | undefined {
  const found = exported
    .parse(deployment)
    .resources.find(({ urn, type }) => type === resource.type && urn.endsWith(`::${resource.name}`));
  const result = found?.outputs.result;
  const secret = exportedSecret.safeParse(result);
  return z
    .string()
    .optional()
    .parse(secret.success ? JSON.parse(secret.data.plaintext) : result);
}
