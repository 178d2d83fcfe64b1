import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { containerOf } from "./container";
import { graphOf } from "./graph";
import { groundOf, judgeContainer, judgeStack, type Verdict } from "./judge";
import type { ContainerPolicy, Policy, StackPolicy } from "./policy";
import { types } from "./resource";
import { contextOf } from "./settings";

/** The policies in CrossGuard's form. */
export function crossGuard(
  policies: readonly Policy[],
): (ResourceValidationPolicy | StackValidationPolicy)[] {
  return policies.map((policy) =>
    policy.kind === "container" ? resourcePolicy(policy, policies) : stackPolicy(policy, policies),
  );
}

function facts({ name, title, level, severity, source, reason, fix, settings }: Policy) {
  return {
    name,
    displayName: title,
    description: `${title}. ${reason} (${source.title})`,
    enforcementLevel: level,
    severity,
    url: source.url,
    remediationSteps: fix,
    ...(settings ? { configSchema: { properties: { ...settings } } } : {}),
  };
}

function resourcePolicy(policy: ContainerPolicy, all: readonly Policy[]): ResourceValidationPolicy {
  return {
    ...facts(policy),
    validateResource: ({ type, name, props, opts, getConfig }, report) => {
      if (type !== types.container) return;
      const container = containerOf({ type, name, inputs: props, protect: opts.protect, dependsOn: [] });
      const verdict = judgeContainer(policy, container, contextOf(policy, { ...getConfig() }), groundOf(all));
      conclude(verdict, (message) => report(message));
    },
  };
}

function stackPolicy(policy: StackPolicy, all: readonly Policy[]): StackValidationPolicy {
  return {
    ...facts(policy),
    validateStack: ({ resources, getConfig }, report) => {
      const urns = new Map(resources.map(({ type, name, urn }) => [`${type}::${name}`, urn]));
      const graph = graphOf(
        resources.map(({ type, name, props, opts, dependencies, propertyDependencies }) => ({
          type,
          name,
          inputs: props,
          protect: opts.protect,
          dependsOn: dependencies,
          ...namespaceOf(propertyDependencies.networkMode),
        })),
      );
      const verdict = judgeStack(policy, graph, contextOf(policy, { ...getConfig() }), groundOf(all));
      conclude(verdict, (message, subject) =>
        report(message, subject && urns.get(`${types[subject.kind]}::${subject.resource}`)),
      );
    },
  };
}

function namespaceOf(dependencies: readonly { type: string; name: string }[] | undefined) {
  const containers = (dependencies ?? []).filter(({ type }) => type === types.container);
  return containers.length > 0 ? { namespaces: containers.map(({ name }) => name) } : {};
}

/**
 * Reports the violations. Then throws for what could not be decided: CrossGuard shows the error of its proxy as an
 * advisory, and keeps what was reported before.
 */
function conclude(
  { violations, undecided }: Verdict,
  report: (message: string, subject?: Verdict["violations"][number]["subject"]) => void,
): void {
  for (const { message, subject } of violations) report(message, subject);
  const [first] = undecided;
  if (!first) return;
  const inputs = [...new Set(undecided.map(({ subject, path }) => `${path} of ${subject.service}`))].sort();
  throw Object.assign(first.error, { message: `not known before the update: ${inputs.join(", ")}` });
}
