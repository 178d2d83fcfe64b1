import type { UsedException, Violation } from "../../policies/lib/evaluate.ts";
import { evaluate, policies } from "../../policies/pack.ts";
import type { Place } from "../../stacks/errors.ts";
import type { LoadedStack } from "../../stacks/load.ts";
import type { DeclaredProgram } from "../resources.ts";
import { packConfigOf } from "./config.ts";

/** A violation, and where its cause is written. */
export interface Finding extends Violation {
  fix: string;
  /** Field of the service's record, or the record; absent for what no record decides. */
  place?: Place;
}

/** What the policies say about a stack. */
export interface CheckReport {
  stack: string;
  environment: string;
  policies: number;
  resources: number;
  /** Mandatory ones: each of them stops a deployment. Sorted by service and policy. */
  refused: Finding[];
  advisory: Finding[];
  /** What could not be decided before the update. */
  undecided: Finding[];
  exceptions: (UsedException & { place?: Place })[];
}

/** Applies the policy pack to the declared resources of a stack. @throws InputError for a wrong pack config */
export function checkProgram(root: string, loaded: LoadedStack, program: DeclaredProgram): CheckReport {
  const { platform, catalog } = loaded;
  const { violations, undecided, used } = evaluate(program.resources, packConfigOf(root, loaded));
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const placeOf = (service: string, field: string | undefined): { place?: Place } => {
    const record = catalog.get(service);
    return record ? { place: record.locate(field === undefined ? [] : [field]) } : {};
  };
  const find = (violation: Violation): Finding => ({
    ...violation,
    fix: byName.get(violation.policy)?.fix ?? "",
    ...placeOf(violation.service, byName.get(violation.policy)?.field),
  });
  const findings = violations.map(find);
  return {
    stack: platform.stack,
    environment: platform.environment,
    policies: policies.length,
    resources: program.resources.filter(({ custom }) => custom).length,
    refused: findings.filter(({ level }) => level === "mandatory"),
    advisory: findings.filter(({ level }) => level === "advisory"),
    undecided: undecided.map(find),
    exceptions: used.map((one) => ({ ...one, ...placeOf(one.service, "exceptions") })),
  };
}
