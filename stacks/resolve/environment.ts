import type { CatalogEntry } from "../catalog/entry.ts";
import type { EnvironmentName } from "../catalog/record.ts";
import { environmentsFile, type StackConfig } from "../config/load.ts";
import type { Environments } from "../config/schema.ts";
import type { Place, Problem } from "../errors.ts";
import { didYouMean } from "../suggest.ts";

type Variables = Record<string, string | number | boolean>;

/** The environment and those it inherits from, the most distant first. */
export function inheritance(environments: Environments, name: EnvironmentName): EnvironmentName[] {
  const parent = environments.environments[name]?.inherits;
  return [...(parent === undefined ? [] : inheritance(environments, parent)), name];
}

/**
 * Template variables of a stack: base, inherited environments, environment, the stack's own; later wins. Then what
 * follows from others: spellings, and URL_PORT, which stands behind the domain in an address of the gateway.
 */
export function templateVariables(
  environments: Environments,
  config: StackConfig,
  report: (problem: Problem) => void,
): Record<string, string> {
  const { environment, domain, timezone, variables, publish } = config.platform;
  const layers: Variables[] = [
    environments.base,
    ...inheritance(environments, environment).map((name) => environments.environments[name]?.variables ?? {}),
    variables,
    { STACK: config.stack, DOMAIN: domain, TZ: timezone, URL_PORT: urlPort(publish.offset) },
  ];
  const merged = new Map(
    layers.flatMap((layer) => Object.entries(layer).map(([name, value]) => [name, String(value)] as const)),
  );
  for (const [name, { of, values }] of Object.entries(environments.spellings)) {
    const value = merged.get(of);
    if (value === undefined) continue;
    const spelled = Object.hasOwn(values, value) ? values[value] : undefined;
    if (spelled !== undefined) {
      merged.set(name, spelled);
      continue;
    }
    const place = Object.hasOwn(variables, of)
      ? config.locate(["variables", of])
      : { file: environmentsFile };
    const possible = Object.keys(values);
    const hint = didYouMean(value, possible) || `; possible: ${possible.join(", ")}`;
    report({ place, message: `the template variable ${of} is "${value}"${hint}` });
    merged.set(name, value);
  }
  return Object.fromEntries([...merged].sort(byName));
}

/** What follows the domain in a URL: nothing on the standard port. */
export function urlPort(offset: number): string {
  return offset === 0 ? "" : `:${443 + offset}`;
}

/** A variable of a service's container as it is written, before templates are filled in. */
export interface WrittenVariable {
  name: string;
  text: string;
  place: Place;
}

/**
 * A service's container environment: its `environment`, then `environments.all`, then its overrides for the
 * inherited environments and the environment itself, then the stack config's override; later wins. Sorted by name.
 */
export function serviceEnvironment(
  entry: CatalogEntry,
  environments: Environments,
  config: StackConfig,
): WrittenVariable[] {
  const { environment, environments: overrides, name: service } = entry.value;
  const written = (variables: Variables | undefined, locate: (name: string) => Place) =>
    Object.entries(variables ?? {}).map(
      ([name, value]) => [name, { name, text: String(value), place: locate(name) }] as const,
    );
  const layers = ["all", ...inheritance(environments, config.platform.environment)] as const;
  const merged = new Map([
    ...written(environment, (name) => entry.locate(["environment", name])),
    ...layers.flatMap((layer) =>
      written(overrides[layer], (name) => entry.locate(["environments", layer, name])),
    ),
    ...written(config.platform.overrides[service]?.environment, (name) =>
      config.locate(["overrides", service, "environment", name]),
    ),
  ]);
  return [...merged].sort(byName).map(([, variable]) => variable);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
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
    if (Object.hasOwn(variables, name)) return variables[name] ?? "";
    const hint =
      didYouMean(name, Object.keys(variables)) || `; possible: ${Object.keys(variables).sort().join(", ")}`;
    report({
      place,
      message: `there is no template variable "${name}"${hint}; write $\${ for a literal \${`,
    });
    return whole;
  });
}
