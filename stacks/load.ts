import { standinImage } from "../rehearsal/image.ts";
import type { Catalog } from "./catalog/entry.ts";
import { loadCatalog } from "./catalog/load.ts";
import {
  loadEnvironments,
  loadStackConfig,
  type StackConfig,
  type StackConfigOptions,
} from "./config/load.ts";
import { showImage } from "./imageReference.ts";
import type { Platform } from "./platform.ts";
import { Choice, parseRealChoice, realServices } from "./real.ts";
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

export interface RealOptions {
  /** In place of what the config says about real programs. */
  real?: {
    /** As `--real` takes it. */
    choice: string;
    /** A name that is not in the stack any more is no mistake: the choice was made earlier. */
    lenient?: boolean;
  };
}

/** Reads a stack's config and the records it has to choose from, and resolves nothing. @throws InputError */
export function readStack(
  root: string,
  stack: string,
  options: StackConfigOptions = {},
): Pick<LoadedStack, "catalog" | "config"> {
  const config = loadStackConfig(root, stack, options);
  return { config, catalog: loadCatalog(root, [ownCatalog, ...config.platform.catalogs]) };
}

/** Reads catalogue and config of a stack and resolves its platform. @throws InputError */
export function loadStack(
  root: string,
  stack: string,
  options: StackConfigOptions & ResolveOptions & RealOptions = {},
): LoadedStack {
  const { config: written, catalog } = readStack(root, stack, options);
  const choice = realChoice(written, options.real);
  if (written.platform.images === "real") {
    choice.refuseAny();
    const platform = resolvePlatform(catalog, written, loadEnvironments(root), options);
    return { catalog, config: written, platform };
  }
  const real = choice.among(catalog);
  const config = { ...written, platform: { ...written.platform, real } };
  const platform = resolvePlatform(catalog, config, loadEnvironments(root), options);
  choice.refuseAbsent(platform);
  const programs = realServices(root, catalog, platform, real);
  return {
    catalog,
    config,
    platform: rehearse(platform, standinImage(root), programs, localImages(config)),
  };
}

/** Images that the config names without a digest: those of this host, which a rehearsal may run. */
function localImages({ platform }: StackConfig): Map<string, string> {
  return new Map(
    Object.entries(platform.overrides).flatMap(([name, { image }]) =>
      image && image.digest === undefined ? [[name, showImage(image)]] : [],
    ),
  );
}

/** What was asked for, or else what the config says. */
function realChoice({ platform, locate }: StackConfig, asked: RealOptions["real"]): Choice {
  if (asked) return new Choice(parseRealChoice(asked.choice), { what: "--real", ...asked });
  const place = (index?: number) => locate(index === undefined ? ["real"] : ["real", index]);
  return new Choice(platform.real, { what: "real", place });
}
