import type { Container } from "./container";
import { type Exception, flawOf } from "./declarations";
import type { Graph, Subject } from "./graph";
import type { ContainerPolicy, Context, Finding, Policy, StackPolicy } from "./policy";
import type { Unknown } from "./settle";

export interface Verdict {
  violations: { subject: Subject; problem: string; message: string }[];
  /** Violations that an exception of the service's record takes away. */
  excused: { subject: Subject; exception: Exception }[];
  /** Inputs the rule would have to know. */
  undecided: (Unknown & { subject: Subject })[];
}

/** What counts for all rules: the names exceptions may use, and the day. */
export interface Ground {
  names: ReadonlySet<string>;
  /** As 2027-01-31. */
  today: string;
}

export function groundOf(policies: readonly Policy[], today = new Date()): Ground {
  return {
    names: new Set(policies.filter(({ final }) => !final).map(({ name }) => name)),
    today: today.toISOString().slice(0, 10),
  };
}

export function judgeContainer(
  policy: ContainerPolicy,
  container: Container,
  context: Context,
  ground: Ground,
): Verdict {
  const findings = isBlind(policy, container)
    ? []
    : policy.check(container, context).map((problem): Finding => ({ subject: container, problem }));
  return sort(policy, findings, [container], () => container, ground);
}

export function judgeStack(policy: StackPolicy, graph: Graph, context: Context, ground: Ground): Verdict {
  const findings = policy.check(graph, context).filter(({ subject }) => !isBlind(policy, subject));
  const subjects = [...graph.containers, ...graph.networks, ...graph.volumes];
  const owner = (subject: Subject) =>
    subject.kind === "container" ? subject : graph.service(subject.service);
  return sort(policy, findings, subjects, owner, ground);
}

/** An input the rule reads is unknown as a whole: what it would find there is a guess. */
function isBlind({ reads }: Policy, { unknowns }: Subject): boolean {
  return unknowns.some(({ path }) => path === "labels" || reads.some((read) => isPartOf(read, path)));
}

/** The path is the other one, or below it. */
function isPartOf(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}.`);
}

/** The policy reads the unknown input, a part of it, or what it is a part of. Places in lists do not count. */
function isRead({ reads }: Policy, { path }: Unknown): boolean {
  const input = path.replace(/\.\d+(?=\.|$)/g, "");
  return ["labels", ...reads].some((read) => isPartOf(input, read) || isPartOf(read, input));
}

function sort(
  policy: Policy,
  findings: readonly Finding[],
  subjects: readonly Subject[],
  ownerOf: (subject: Subject) => Container | undefined,
  { names, today }: Ground,
): Verdict {
  const verdict: Verdict = { violations: [], excused: [], undecided: [] };
  for (const { subject, problem } of findings) {
    const exception = ownerOf(subject)?.exceptions.find(
      (one) => one.policy === policy.name && flawOf(one, names, today) === undefined,
    );
    if (exception) verdict.excused.push({ subject, exception });
    else {
      const message = `${subject.service}: ${problem}; ${policy.fix}`;
      verdict.violations.push({ subject, problem, message });
    }
  }
  for (const subject of subjects) {
    for (const unknown of subject.unknowns) {
      if (isRead(policy, unknown)) verdict.undecided.push({ ...unknown, subject });
    }
  }
  return verdict;
}
