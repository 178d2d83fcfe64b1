import type { Container } from "./container";
import { type Exception, flawOf, unreadable } from "./declarations";
import { verdictsOf } from "./evaluate";
import { groundOf, type Verdict } from "./judge";
import type { Finding, Policy, StackPolicy } from "./policy";
import { listSetting } from "./setting";

const source = {
  title: "OWASP Application Security Verification Standard 4.0, V1.1",
  url: "https://owasp.org/www-project-application-security-verification-standard/",
};

/** The two rules over the exceptions themselves. They need the others to know their names and what they would find. */
export function exceptionPolicies(policies: readonly Policy[]): StackPolicy[] {
  const flaws: StackPolicy = {
    kind: "stack",
    name: "exceptions",
    field: "exceptions",
    title: "An exception has a reason, names a policy and has not ended",
    level: "mandatory",
    severity: "high",
    source,
    reason: "An exception nobody can judge is a hole",
    fix: "complete, renew or remove it in the record; this rule has no exceptions",
    final: true,
    reads: ["labels"],
    check: ({ containers }) => {
      const { names, today } = groundOf(policies);
      return containers.flatMap((subject): Finding[] => [
        ...unreadable(subject.labels).map((label) => ({
          subject,
          problem: `the label ${label} cannot be read`,
        })),
        ...subject.exceptions.flatMap((exception) => {
          const problem = flawOf(exception, names, today);
          return problem === undefined ? [] : [{ subject, problem }];
        }),
      ]);
    },
  };
  const unused: StackPolicy = {
    kind: "stack",
    name: "unused-exceptions",
    field: "exceptions",
    title: "Every exception takes a violation away",
    level: "advisory",
    severity: "low",
    source,
    reason: "An exception that nothing needs excuses whatever comes next",
    fix: "remove it from the record",
    final: true,
    reads: [],
    settings: {
      relaxedIn: listSetting("Environments in which what the exceptions are for may not be there.", [
        "development",
      ]),
    },
    check: (graph, context) => {
      if (context.list("relaxedIn").includes(graph.environment)) return [];
      const ground = groundOf(policies);
      return policies.flatMap((policy) => {
        const asks = (exception: Exception) =>
          exception.policy === policy.name && flawOf(exception, ground.names, ground.today) === undefined;
        const holders = graph.containers.filter(({ exceptions }) => exceptions.some(asks));
        const seen = context.of(policy);
        if (holders.length === 0 || !seen) return [];
        const { used, isOpen } = outcomeOf(policy, verdictsOf(policy, graph, seen, ground));
        return holders
          .filter((holder) => !isOpen(holder))
          .flatMap((subject) =>
            subject.exceptions
              .filter((exception) => asks(exception) && !used.has(exception))
              .map(() => ({ subject, problem: `its exception from ${policy.name} is not needed` })),
          );
      });
    },
  };
  return [flaws, unused];
}

/** Which exceptions took something away, and for whom that is not known yet: anything unknown may matter to a stack policy. */
function outcomeOf({ kind }: Policy, verdicts: readonly Verdict[]) {
  const used = new Set(verdicts.flatMap(({ excused }) => excused.map(({ exception }) => exception)));
  const undecided = verdicts.flatMap((verdict) => verdict.undecided.map(({ subject }) => subject));
  const isOpen = (holder: Container) =>
    kind === "stack" ? undecided.length > 0 : undecided.some((subject) => subject === holder);
  return { used, isOpen };
}
