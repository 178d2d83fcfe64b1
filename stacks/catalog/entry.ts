import type { YamlFile } from "../yaml.ts";
import type { ServiceRecord } from "./record.ts";

/** One record with the places of everything in it. */
export type CatalogEntry = YamlFile<ServiceRecord>;

/** All records by name, sorted. */
export type Catalog = ReadonlyMap<string, CatalogEntry>;
