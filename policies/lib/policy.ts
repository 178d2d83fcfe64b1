import type { Container } from "./container";
import type { Graph, Subject } from "./graph";
import type { Setting } from "./setting";

export type Level = "mandatory" | "advisory" | "disabled";

/** Where the rule is published. */
export interface Source {
  /** Name, edition and section, such as `CIS Docker Benchmark 1.6, 5.5`. */
  title: string;
  url: string;
}

/** What a rule sees besides the resources. */
export interface Context {
  list(setting: string): readonly string[];
  number(setting: string): number;
  /** What another policy sees. Undefined for one with settings where they are not told: the engine tells each its own. */
  of(policy: Policy): Context | undefined;
}

interface PolicyFacts {
  name: string;
  /** Field of the record that decides what it judges; absent where no record can. */
  field?: string;
  /** One line: what is refused. */
  title: string;
  level: Exclude<Level, "disabled">;
  severity: "low" | "medium" | "high" | "critical";
  source: Source;
  reason: string;
  /** What to change, as the end of a sentence: lower-case, an imperative. */
  fix: string;
  /** Inputs it judges by, as in `memory` and `uploads.file`. Where one is not known yet, that is reported. */
  reads: readonly string[];
  /** No record can be excepted from it. */
  final?: true;
  settings?: Readonly<Record<string, Setting>>;
}

/** A rule over one container. */
export interface ContainerPolicy extends PolicyFacts {
  kind: "container";
  /** What is wrong: one phrase a violation, with the value and without the service's name. No secret's value. */
  check(container: Container, context: Context): string[];
}

/** What a rule over the graph found, and where: the exceptions of that service count. */
export interface Finding {
  subject: Subject;
  problem: string;
}

/** A rule over all resources of a stack together. */
export interface StackPolicy extends PolicyFacts {
  kind: "stack";
  check(graph: Graph, context: Context): Finding[];
}

export type Policy = ContainerPolicy | StackPolicy;
