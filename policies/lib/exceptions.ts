import { flawOf, unreadable } from "./declarations";
import { verdictsOf } from "./evaluate";
import type { Graph } from "./graph";
import { groundOf } from "./judge";
import type { Finding, Policy, StackPolicy } from "./policy";
import { contextOf, listSetting } from "./settings";

const source = {
  title: "OWASP Application Security Verification Standard 4.0, V1.1",
  url: "https://owasp.org/www-project-application-security-verification-standard/",
};

/** The two rules over the exceptions themselves. They need the others to know their names and what they would find. */
export function exceptionPolicies(policies: readonly Policy[]): StackPolicy[] {
  const withExceptions = (graph: Graph) => graph.containers.filter(({ exceptions }) => exceptions.length > 0);
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
      const asked = new Set(
        withExceptions(graph).flatMap(({ exceptions }) => exceptions.map(({ policy }) => policy)),
      );
      const used = new Set(
        policies
          .filter(({ name }) => asked.has(name))
          .flatMap((policy) => verdictsOf(policy, graph, contextOf(policy), ground))
          .flatMap(({ excused }) => excused.map(({ exception }) => exception)),
      );
      return withExceptions(graph).flatMap((subject) =>
        subject.exceptions
          .filter((exception) => !used.has(exception))
          .filter((exception) => flawOf(exception, ground.names, ground.today) === undefined)
          .map(({ policy }) => ({ subject, problem: `its exception from ${policy} is not needed` })),
      );
    },
  };
  return [flaws, unused];
}
