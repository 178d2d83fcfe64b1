import type { Exception } from "./declarations";
import { type Graph, graphOf, type Subject } from "./graph";
import { type Ground, groundOf, judgeContainer, judgeStack, type Verdict } from "./judge";
import type { Context, Policy } from "./policy";
import type { DeclaredResource } from "./resource";
import { checkConfig, contextIn, levelOf, type PackConfig } from "./settings";

export interface Violation {
  policy: string;
  level: "mandatory" | "advisory";
  severity: Policy["severity"];
  service: string;
  /** Name of the resource in the program. */
  resource: string;
  /** What is wrong, as one phrase. */
  problem: string;
  /** Service, problem and how to fix it, in one line. */
  message: string;
}

export interface UsedException extends Exception {
  service: string;
}

export interface Evaluation {
  /** Sorted by service, then policy. */
  violations: Violation[];
  /** What a rule could not decide because a value is not known yet. */
  undecided: Violation[];
  /** Exceptions that took a violation away, sorted by service. */
  used: UsedException[];
}

/** Applies policies to the resources of a program in this process, as CrossGuard applies them to the engine's. */
export function evaluateWith(
  policies: readonly Policy[],
  resources: readonly DeclaredResource[],
  config: PackConfig = {},
  today = new Date(),
): Evaluation {
  checkConfig(config, policies);
  const graph = graphOf(resources);
  const ground = groundOf(policies, today);
  const result: Evaluation = { violations: [], undecided: [], used: [] };
  for (const policy of policies) {
    const level = levelOf(policy, config);
    if (level === "disabled") continue;
    const context = contextIn(config, policy);
    const violation = (subject: Subject, problem: string, message: string): Violation => ({
      policy: policy.name,
      level,
      severity: policy.severity,
      service: subject.service,
      resource: subject.resource,
      problem,
      message,
    });
    for (const verdict of verdictsOf(policy, graph, context, ground)) {
      result.violations.push(
        ...verdict.violations.map((one) => violation(one.subject, one.problem, one.message)),
      );
      result.undecided.push(
        ...verdict.undecided.map(({ subject, path }) => {
          const problem = `${policy.name} could not be decided, ${path} is not known before the update`;
          return {
            ...violation(subject, problem, `${subject.service}: ${problem}`),
            level: "advisory" as const,
          };
        }),
      );
      result.used.push(
        ...verdict.excused.map(({ subject, exception }) => ({ ...exception, service: subject.service })),
      );
    }
  }
  const order = (one: { service: string; policy: string }) => `${one.service} ${one.policy}`;
  const sorted = <Of extends { service: string; policy: string }>(list: Of[]) =>
    list.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
  return {
    violations: sorted(result.violations),
    undecided: sorted(result.undecided),
    used: sorted(unique(result.used)),
  };
}

export function verdictsOf(policy: Policy, graph: Graph, context: Context, ground: Ground): Verdict[] {
  return policy.kind === "stack"
    ? [judgeStack(policy, graph, context, ground)]
    : graph.containers.map((container) => judgeContainer(policy, container, context, ground));
}

function unique(used: readonly UsedException[]): UsedException[] {
  return [...new Map(used.map((one) => [`${one.service} ${one.policy}`, one])).values()];
}
