import { standinImage } from "../rehearsal/image.ts";
import { type Catalog, loadCatalog } from "./catalog/load.ts";
import {
  loadEnvironments,
  loadStackConfig,
  type StackConfig,
  type StackConfigOptions,
} from "./config/load.ts";
import type { Platform } from "./platform.ts";
import { rehearse } from "./rehearsal.ts";
import { type ResolveOptions, resolvePlatform } from "./resolve/index.ts";

export interface LoadedStack {
  platform: Platform;
  /** The records it was resolved from. */
  catalog: Catalog;
  config: StackConfig;
}

/** Folder of the records that come with the project. */
const ownCatalog = "catalog";

/** Reads catalogue and config of a stack and resolves its platform. @throws InputError */
export function loadStack(
  root: string,
  stack: string,
  options: StackConfigOptions & ResolveOptions = {},
): LoadedStack {
  const config = loadStackConfig(root, stack, options);
  const catalog = loadCatalog(root, [ownCatalog, ...config.platform.catalogs]);
  const platform = resolvePlatform(catalog, config, loadEnvironments(root), options);
  return {
    catalog,
    config,
    platform: config.platform.images === "rehearsal" ? rehearse(platform, standinImage(root)) : platform,
  };
}
