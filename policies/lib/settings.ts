import type { Context, Level, Policy } from "./policy";
import type { Setting } from "./setting";

/** Settings of policies by name, as in a CrossGuard config file: a level alone, or values with or without one. */
export type PackConfig = Readonly<Record<string, Level | Readonly<Record<string, unknown>>>>;

/** @throws Error for a policy or a setting that does not exist, or a value of the wrong type */
export function checkConfig(config: PackConfig, policies: readonly Policy[]): void {
  for (const [name, values] of Object.entries(config)) {
    if (name === "all") continue;
    const policy = policies.find((one) => one.name === name);
    if (!policy) throw new Error(`policy config: there is no policy ${name}`);
    if (typeof values !== "string") contextOf(policy, values);
  }
}

export function levelOf(policy: Policy, config: PackConfig): Level {
  const values = config[policy.name] ?? config.all;
  if (typeof values === "string") return values;
  return (values?.enforcementLevel as Level | undefined) ?? policy.level;
}

const levels: readonly string[] = ["disabled", "advisory", "mandatory"] satisfies Level[];

/** List settings of what is refused or judged: with fewer a policy judges less. */
export const refusingLists: readonly string[] = [
  "categories",
  "classes",
  "clients",
  "images",
  "never",
  "paths",
  "segments",
];

/** List settings of where a policy does not hold: with more it judges less. */
export const relaxingLists: readonly string[] = ["relaxedIn"];

/**
 * In what a config is looser than the policies themselves: one phrase each, with the value and the policy's own. Budgets,
 * and lists of what is allowed, say what the owner has, and are theirs to set.
 */
export function loosenedBy(config: PackConfig, policy: Policy): string[] {
  const level = levelOf(policy, config);
  const values = config[policy.name];
  const { enforcementLevel, ...settings } = typeof values === "object" ? values : {};
  return [
    ...(levels.indexOf(level) < levels.indexOf(policy.level)
      ? [`${policy.name} is ${level}, and ${policy.level} in the pack`]
      : []),
    ...Object.entries(settings).flatMap(([key, value]) => {
      const setting = policy.settings?.[key];
      if (setting?.type !== "array") return [];
      const [own, here] = [setting.default, value as string[]];
      const lacking = refusingLists.includes(key) ? own.filter((item) => !here.includes(item)) : [];
      const added = relaxingLists.includes(key) ? here.filter((item) => !own.includes(item)) : [];
      return [
        ...(lacking.length > 0 ? [`${policy.name}.${key} lacks ${lacking.join(", ")}`] : []),
        ...(added.length > 0 ? [`${policy.name}.${key} adds ${added.join(", ")}`] : []),
      ];
    }),
  ];
}

/** What a policy sees under a config of the whole pack. @throws Error for a setting it does not have */
export function contextIn(config: PackConfig, policy: Policy): Context {
  const values = config[policy.name];
  return {
    ...contextOf(policy, typeof values === "object" ? values : {}),
    of: (other) => contextIn(config, other),
  };
}

/** What a policy sees that is told no settings but its own. @throws Error for a setting it does not have */
export function contextOf(policy: Policy, values: Readonly<Record<string, unknown>> = {}): Context {
  const settings = policy.settings ?? {};
  for (const [key, value] of Object.entries(values)) {
    if (key === "enforcementLevel") continue;
    const setting = settings[key];
    if (!setting) throw new Error(`policy config: ${policy.name} has no setting ${key}`);
    if (setting.type === "array" ? !Array.isArray(value) : typeof value !== "number")
      throw new Error(`policy config: ${policy.name}.${key} must be of type ${setting.type}`);
  }
  const settingOf = (key: string, type: Setting["type"]): unknown => {
    const setting = settings[key];
    if (setting?.type !== type) throw new Error(`${policy.name} has no ${type} setting ${key}`);
    return values[key] ?? setting.default;
  };
  return {
    list: (key) => settingOf(key, "array") as string[],
    number: (key) => settingOf(key, "number") as number,
    of: (other) => (other.settings === undefined ? contextOf(other) : undefined),
  };
}
