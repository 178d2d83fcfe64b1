import { declareStack } from "../../targets/declare.ts";
import { connectDocker, dockerFault } from "../../targets/docker/host.ts";
import type { Drift, NotCompared } from "../../targets/drift/finding.ts";
import { inspectStack } from "../../targets/drift/inspect.ts";
import type { InspectedStack } from "../../targets/drift/inspected.ts";
import { compareStack, type DriftReport } from "../../targets/drift/stack.ts";
import { changesSince, type Snapshot, snapshotOf } from "../../targets/plan.ts";
import type { EngineName } from "../engines/engine.ts";
import { knownSecrets } from "../engines/known.ts";
import { Violation } from "../output/exit.ts";
import { withProgress } from "../output/progress.ts";
import { table } from "../output/table.ts";
import { openSession, root, type Session, type StackOptions } from "../session.ts";

/** What is drawn for a stack: undefined report when nothing of it was ever brought up. */
interface StackDrift {
  stack: string;
  report: DriftReport | undefined;
  /** Resources declared differently since the last `up`. */
  changed: number;
}

/** The `drift` command: what runs against what is declared, property by property; exit code 1 on a difference. */
export async function drift(options: StackOptions & { json?: boolean }): Promise<void> {
  const session = openSession(options);
  const found = await withProgress(
    { title: `drift ${session.stack}`, run: (progress) => findDrift(session, progress) },
    options.json === true,
  );
  process.stdout.write(
    options.json === true ? `${JSON.stringify(driftJson(found), null, 2)}\n` : driftText(found),
  );
  if (!found.report || found.report.drift.length > 0) throw new Violation();
}

async function findDrift(session: Session, progress: (message: string) => void): Promise<StackDrift> {
  const { stack } = session;
  const docker = await connectDocker();
  const program = await declareStack(root, session.loaded);
  const last = session.state.readSnapshot();
  progress("inspecting containers, networks and volumes");
  const running = await inspectStack(docker, stack, program).catch((error: unknown) => {
    throw dockerFault(error);
  });
  const changed = last ? changesSince(last, snapshotOf(program, last.engine)).length : 0;
  if (running.containers.length === 0) return { stack, report: undefined, changed };
  progress("reading secrets");
  const secrets = await knownSecrets(session, program, engineOf(running, last));
  return { stack, report: compareStack(program, running, secrets), changed };
}

/** The engine that made what runs. A plain `pulumi up` leaves no note here, and Compose labels its containers. */
function engineOf({ containers }: InspectedStack, last: Snapshot | undefined): EngineName {
  const byCompose = containers.some(({ Config }) => Config.Labels?.["com.docker.compose.project"]);
  return last?.engine ?? (byCompose ? "compose" : "pulumi");
}

export function driftJson({ stack, report, changed }: StackDrift) {
  return {
    stack,
    up: report !== undefined,
    drift: report?.drift ?? [],
    notCompared: report?.notCompared ?? [],
    changedSinceUp: changed,
    ...(report ? { compared: report.compared } : {}),
  };
}

export function driftText({ stack, report, changed }: StackDrift): string {
  if (!report)
    return `the stack ${stack} was never brought up here, or was taken down: none of its containers is there\n`;
  const parts = groupBy(report.drift, ({ kind, name, service }) =>
    service === null || name.endsWith(`-${service}`) ? `${kind} ${name}` : `${kind} ${name} (${service})`,
  );
  const left = groupBy(report.notCompared, ({ why, secret }) => `${secret} ${why}`);
  const sections = [
    ...[...parts].map(([part, drifts]) => `${part}\n${driftTable(drifts)}`),
    ...[...left.values()].map(leftOut),
    ...(changed === 0
      ? []
      : [
          `${count(changed, "resource is", "resources are")} declared differently since the last up; run \`ums plan\``,
        ]),
    `${comparedText(report)}: ${resultText(report)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function comparedText({ compared }: DriftReport): string {
  const { container, network, volume, property } = compared;
  return [
    `${count(property, "property", "properties")} of ${count(container, "container", "containers")}`,
    `${count(network, "network", "networks")} and ${count(volume, "volume", "volumes")} compared`,
  ].join(", ");
}

function resultText({ drift: drifts, notCompared }: DriftReport): string {
  if (drifts.length > 0) return count(drifts.length, "differs", "differ");
  return `${notCompared.length > 0 ? "as far as that goes, " : ""}what runs is what is declared`;
}

function driftTable(drifts: readonly Drift[]): string {
  const rows = drifts.map(({ property, declared, running }) => {
    const [left, right] = whereTheyPart(shown(declared), shown(running));
    return [`  ${property}`, left, right];
  });
  return table(["  property", "declared", "running"], rows);
}

function shown(text: string | null): string {
  return text === null ? "absent" : text === "" ? "empty" : text;
}

/** Characters of a value that a cell shows, and how many of them at most stand before the first difference. */
const width = 64;
const before = 24;

/** Two values, cut to where they part when they are long. */
export function whereTheyPart(one: string, other: string): [string, string] {
  const longest = Math.max(one.length, other.length);
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const early = longest <= width ? 0 : Math.max(0, same - before);
  const space = early === 0 ? -1 : one.indexOf(" ", early);
  const from = space >= 0 && space < same ? space + 1 : early;
  const cut = (text: string) =>
    `${from > 0 ? "…" : ""}${text.slice(from, from + width)}${text.length > from + width ? "…" : ""}`;
  return [cut(one), cut(other)];
}

/** Properties named of those that were not compared for one reason. */
const shownNames = 10;

function leftOut(entries: readonly NotCompared[]): string {
  const [first] = entries;
  const what = first?.secret
    ? count(entries.length, "secret value was", "secret values were")
    : count(entries.length, "property was", "properties were");
  const more = entries.length - shownNames;
  return [
    `${what} not compared: ${first?.why ?? ""}`,
    ...entries.slice(0, shownNames).map(({ name, property }) => `  ${name} ${property}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
