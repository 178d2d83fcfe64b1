import { containerPolicies } from "./container";
import { type Evaluation, evaluateWith } from "./lib/evaluate";
import { exceptionPolicies } from "./lib/exceptions";
import type { Policy } from "./lib/policy";
import type { DeclaredResource } from "./lib/resource";
import { checkConfig, loosenedBy, type PackConfig } from "./lib/settings";
import { stackPolicies } from "./stack";

const rules: readonly Policy[] = [...containerPolicies, ...stackPolicies];

/** Every policy of the pack: the same objects for CrossGuard and for the run in this process. */
export const policies: readonly Policy[] = [...rules, ...exceptionPolicies(rules)];

/**
 * In what a config of an environment is looser than the pack, which it may not be: one phrase each. Development may
 * relax what is asked of images, and nothing else.
 * @throws Error for a config that names no policy or setting
 */
export function loosened(config: PackConfig, environment: string): string[] {
  checkConfig(config, policies);
  const mayRelax = ({ name }: Policy) => environment === "development" && name.startsWith("image-");
  return policies.filter((policy) => !mayRelax(policy)).flatMap((policy) => loosenedBy(config, policy));
}

/** Applies the pack to the resources of a declared program. @throws Error for a config that names no policy or setting */
export function evaluate(resources: readonly DeclaredResource[], config?: PackConfig): Evaluation {
  return evaluateWith(policies, resources, config);
}
