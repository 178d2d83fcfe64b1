import { join } from "node:path";
import { z } from "zod";
import { InputError, type Problem } from "../errors.ts";
import { didYouMean } from "../suggest.ts";
import { readYaml } from "../yaml.ts";
import type { Catalog } from "./entry.ts";
import { dnsLabel, sentence } from "./fields.ts";

export const groupsFile = "catalog/groups.yaml";

const groupsSchema = z.record(
  dnsLabel,
  z.strictObject({ title: sentence, services: z.array(dnsLabel).min(1) }),
);

/** Services that are added and removed together, by the group's name. */
export type Groups = z.output<typeof groupsSchema>;

/** @throws InputError when the file is wrong or names a service that is in no catalogue */
export function loadGroups(root: string, catalog: Catalog, file = groupsFile): Groups {
  const result = readYaml(join(root, file), file, groupsSchema);
  if (!result.ok) throw new InputError(result.problems);
  const { value, locate } = result.yaml;
  const problems = Object.entries(value).flatMap(([group, { services }]) =>
    services.flatMap((name, index): Problem[] =>
      catalog.has(name)
        ? []
        : [
            {
              place: locate([group, "services", index]),
              message: `no service is called "${name}"${didYouMean(name, catalog.keys())}`,
            },
          ],
    ),
  );
  if (problems.length > 0) throw new InputError(problems);
  return value;
}
