import { z } from "zod";
import { type DeclaredProgram, dockerTypes } from "../../targets/resources.ts";
import { shortName } from "./recover.ts";

const stateSchema = z.object({
  resources: z
    .array(
      z.object({
        urn: z.string(),
        type: z.string(),
        protect: z.boolean().default(false),
        retainOnDelete: z.boolean().default(false),
      }),
    )
    .default([]),
});

/**
 * Data volumes of an exported state that nothing declares any more, by URN: of a removed service, or of a repository that
 * left the config. Pulumi refuses to delete what is protected even where deleting it leaves the volume on the host, so
 * their protection has to be lifted before an `up`. One that would not be left there keeps it.
 */
export function undeclaredData(deployment: unknown, { resources }: DeclaredProgram): string[] {
  const declared = new Set(
    resources.filter(({ type }) => type === dockerTypes.volume).map(({ name }) => name),
  );
  return stateSchema
    .parse(deployment ?? {})
    .resources.filter(({ type, protect, retainOnDelete }) => {
      return type === dockerTypes.volume && protect && retainOnDelete;
    })
    .map(({ urn }) => urn)
    .filter((urn) => !declared.has(shortName(urn)))
    .sort();
}
