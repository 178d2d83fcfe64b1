import type { CatalogEntry } from "../catalog/load.ts";
import type { EnvironmentName } from "../catalog/record.ts";
import type { StackConfig } from "../config/load.ts";
import type { Environments } from "../config/schema.ts";
import type { Place, Problem } from "../errors.ts";
import { didYouMean } from "../suggest.ts";

type Variables = Record<string, string | number | boolean>;

/** The environment and those it inherits from, the most distant first. */
export function inheritance(environments: Environments, name: EnvironmentName): EnvironmentName[] {
  const parent = environments.environments[name]?.inherits;
  return [...(parent === undefined ? [] : inheritance(environments, parent)), name];
}

/** Template variables of a stack: base, inherited environments, environment, the stack's own; later wins. */
export function templateVariables(environments: Environments, config: StackConfig): Record<string, string> {
  const { environment, domain, timezone, variables } = config.platform;
  const layers: Variables[] = [
    environments.base,
    ...inheritance(environments, environment).map((name) => environments.environments[name]?.variables ?? {}),
    variables,
    { STACK: config.stack, DOMAIN: domain, TZ: timezone },
  ];
  return toStrings(Object.assign({}, ...layers));
}

/**
 * A service's container environment: its `environment`, then `environments.all`, then its overrides for the
 * inherited environments and the environment itself, then the stack config's override; later wins.
 */
export function serviceEnvironment(
  entry: CatalogEntry,
  environments: Environments,
  config: StackConfig,
): Record<string, string> {
  const { environment, environments: overrides, name } = entry.value;
  const layers: Variables[] = [
    environment,
    overrides.all ?? {},
    ...inheritance(environments, config.platform.environment).map((layer) => overrides[layer] ?? {}),
    config.platform.overrides[name]?.environment ?? {},
  ];
  return toStrings(Object.assign({}, ...layers));
}

function toStrings(variables: Variables): Record<string, string> {
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, String(value)]));
}

/** Replaces `${NAME}` by template variables; `$${` stands for a literal `${`. Unknown names go to `report`. */
export function fillIn(
  text: string,
  variables: Readonly<Record<string, string>>,
  place: Place,
  report: (problem: Problem) => void,
): string {
  return text.replace(/\$?\$\{([^}]*)\}/g, (whole, name: string) => {
    if (whole.startsWith("$$")) return whole.slice(1);
    const value = variables[name];
    if (value !== undefined) return value;
    const hint =
      didYouMean(name, Object.keys(variables)) || `; possible: ${Object.keys(variables).sort().join(", ")}`;
    report({
      place,
      message: `there is no template variable "${name}"${hint}; write $\${ for a literal \${`,
    });
    return whole;
  });
}
