import { compilerPackages } from "../../rehearsal/build.ts";
import { type Check, isBefore, names, type Version, versionIn } from "./check.ts";

/** Oldest Node.js the program runs on (engines in package.json). */
const oldestNode: Version = [20, 19, 0];
/** Oldest Node.js that Pulumi's own packages declare. */
const declaredNode: Version = [22, 0, 0];

/** Node.js, from `process.versions.node`. */
export function nodeVersion(text: string): Check {
  const name = names.node;
  const version = versionIn(text) ?? [0, 0, 0];
  const fix = "npx n lts  # or another way of https://nodejs.org/en/download";
  if (isBefore(version, oldestNode))
    return { name, state: "failed", found: `${text}, 20.19 or newer is needed`, fix };
  if (isBefore(version, declaredNode)) {
    return { name, state: "warning", found: `${text} works, but Pulumi's packages ask for 22 or newer`, fix };
  }
  return { name, state: "ok", found: text };
}

export interface EngineTools {
  compose?: { command: readonly string[]; version: string };
  /** Version of the Pulumi CLI. */
  pulumi?: string;
  /** Engine that deployed the stack last: it alone can go on with it. */
  last?: "pulumi" | "compose";
}

/** Oldest docker-compose the rendered file was run with. */
const oldestCompose: Version = [1, 29, 0];

/** Docker Compose, which the embedded engine needs and Pulumi does not. */
export function dockerCompose({ compose, pulumi, last }: EngineTools): Check {
  const name = names.compose;
  const found = compose && `${compose.command.join(" ")} ${compose.version}`;
  if (compose && found && !isBefore(versionIn(compose.version) ?? [0, 0, 0], oldestCompose)) {
    return { name, state: "ok", found };
  }
  const what = found ? `${found} is too old, 1.29 or newer is needed` : "not installed";
  const fix = "apt-get install docker-compose-v2  # Ubuntu; on Debian: apt-get install docker-compose";
  if (last === "compose")
    return { name, state: "failed", found: `${what}; the stack was started with it`, fix };
  if (pulumi === undefined)
    return { name, state: "failed", found: `${what}, nor is the Pulumi CLI: one is needed`, fix };
  return { name, state: "warning", found: `${what}; only the embedded engine needs it`, fix };
}

/** The Pulumi CLI, without which the embedded engine does the work. */
export function pulumiCli({ pulumi, last }: EngineTools): Check {
  const name = names.pulumi;
  if (pulumi !== undefined) return { name, state: "ok", found: pulumi };
  const fix = 'curl -fsSL https://get.pulumi.com | sh && export PATH="$HOME/.pulumi/bin:$PATH"';
  if (last === "pulumi") {
    return { name, state: "failed", found: "none of version 3 on PATH; the stack was started with it", fix };
  }
  return {
    name,
    state: "warning",
    found: "none of version 3 on PATH; Docker Compose does the work instead",
    fix,
  };
}

/** The stand-in of a rehearsal: its image, or a C compiler to build it with. */
export function standin(facts: { image: string; present: boolean; compiler?: string | undefined }): Check {
  const name = names.standin;
  if (facts.present) return { name, state: "ok", found: facts.image };
  if (facts.compiler !== undefined)
    return { name, state: "ok", found: `up builds it with ${facts.compiler}` };
  return {
    name,
    state: "failed",
    found: `${facts.image} is not built yet, and there is no C compiler`,
    fix: `apt-get install --no-install-recommends ${compilerPackages.join(" ")}`,
  };
}
