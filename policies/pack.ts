import { containerPolicies } from "./container";
import { type Evaluation, evaluateWith } from "./lib/evaluate";
import { exceptionPolicies } from "./lib/exceptions";
import type { Policy } from "./lib/policy";
import type { DeclaredResource } from "./lib/resource";
import { checkConfig, type PackConfig } from "./lib/settings";
import { stackPolicies } from "./stack";

const rules: readonly Policy[] = [...containerPolicies, ...stackPolicies];

/** Every policy of the pack: the same objects for CrossGuard and for the run in this process. */
export const policies: readonly Policy[] = [...rules, ...exceptionPolicies(rules)];

/** @throws Error for a config that names no policy or setting */
export function checkPackConfig(config: PackConfig): void {
  checkConfig(config, policies);
}

/** Applies the pack to the resources of a declared program. @throws Error for a config that names no policy or setting */
export function evaluate(resources: readonly DeclaredResource[], config?: PackConfig): Evaluation {
  return evaluateWith(policies, resources, config);
}
