import { z } from "zod";
import type { GeneratedResource } from "../../components/secret/generated.ts";
import type { GeneratedSecret } from "./engine.ts";

/** A secret in an exported state, in plain text as JSON (pulumi/pulumi, sdk/go/common/resource: SigKey and SecretSig). */
const exportedSecret = z.object({
  "4dabf18193072939515e22adb298388d": z.literal("1b47061264138c4ac30d75fd1eb44270"),
  plaintext: z.string(),
});

const exported = z.object({
  resources: z
    .array(
      z.object({
        urn: z.string(),
        type: z.string(),
        outputs: z.record(z.string(), z.unknown()).default({}),
        created: z.coerce.date().optional(),
      }),
    )
    .default([]),
});

/** What a resource generated, in a deployment that was exported with its secrets; undefined where it is not in it. */
export function stateValue(
  deployment: unknown,
  { type, name, output }: GeneratedResource,
): GeneratedSecret | undefined {
  const found = exported
    .parse(deployment)
    .resources.find((resource) => resource.type === type && resource.urn.endsWith(`::${name}`));
  const result = found?.outputs[output];
  const secret = exportedSecret.safeParse(result);
  const value = z
    .string()
    .optional()
    .parse(secret.success ? JSON.parse(secret.data.plaintext) : result);
  if (value === undefined) return undefined;
  return { value, ...(found?.created === undefined ? {} : { at: found.created }) };
}
