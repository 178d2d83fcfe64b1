import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./page";

/** Writes policies/README.md: `npm run policies`. */
writeFileSync(join(__dirname, "..", "README.md"), page());
