import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { whyNoPackages } from "./debian/host.ts";
import type { RealProgram } from "./program.ts";

/** Why nothing can be built from Go source here; undefined when it can. */
export function whyNoGo(path = process.env.PATH ?? ""): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => existsSync(join(folder, "go"))) ? undefined : "this machine has no Go";
}

/** Why a program cannot be built on this machine; undefined when it can. Its image may be here all the same. */
export function whyNotBuildable({ base, go }: RealProgram): string | undefined {
  return (base === "debian" ? whyNoPackages() : undefined) ?? (go ? whyNoGo() : undefined);
}
