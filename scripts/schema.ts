import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogJsonSchema } from "../stacks/catalog/jsonSchema.ts";

/** Writes catalog/schema.json; with --check only says whether it is current. */
const path = join(import.meta.dirname, "..", "catalog", "schema.json");
const wanted = catalogJsonSchema();
if (!process.argv.includes("--check")) writeFileSync(path, wanted);
else if (readFileSync(path, "utf8") !== wanted) {
  process.stderr.write("catalog/schema.json is not current: npm run schema\n");
  process.exitCode = 1;
}
