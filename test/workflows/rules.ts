import { parse } from "yaml";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  if?: string;
  needs?: string | string[];
  /** A workflow that the job consists of. */
  uses?: string;
  secrets?: unknown;
  "runs-on"?: string;
  "timeout-minutes"?: number;
  permissions?: Record<string, string> | string;
  concurrency?: { "cancel-in-progress"?: unknown };
  environment?: unknown;
  env?: Record<string, string>;
  steps?: Step[];
}

interface Workflow {
  on?: Record<string, unknown> | string | string[];
  permissions?: Record<string, string> | string;
  jobs?: Record<string, Job>;
}

/** What a workflow's scripts may call. */
export interface Commands {
  npmScripts: readonly string[];
  umsCommands: readonly string[];
}

/** Types, lint and tests; what is deployed has passed them. */
const checks = "./.github/workflows/check.yml";

/** Everything in a workflow that this project forbids, in words. */
export function complaintsAbout(text: string, commands: Commands): string[] {
  const workflow = parse(text) as Workflow;
  const triggers = triggersOf(workflow);
  const jobs = Object.entries(workflow.jobs ?? {});
  return [
    ...complaintsAboutUses(text),
    ...(triggers.includes("pull_request_target")
      ? ["pull_request_target gives forks a token that writes"]
      : []),
    ...(workflow.permissions === undefined ? ["the workflow declares no permissions"] : []),
    ...jobs.flatMap(([name, job]) =>
      [
        ...complaintsAboutJob(job),
        ...(updates(job) && !isChecked(job, workflow.jobs ?? {}) ? ["updates what was not checked"] : []),
        ...(triggers.some((trigger) => runsForForks.has(trigger)) ? complaintsAboutForks(job) : []),
        ...complaintsAboutSteps(job.steps ?? [], commands),
      ].map((complaint) => `${name}: ${complaint}`),
    ),
  ];
}

/** A workflow that is called runs for whatever its callers do. */
const runsForForks: ReadonlySet<string> = new Set(["pull_request", "workflow_call"]);

function updates({ steps = [] }: Job): boolean {
  return steps.some(({ with: inputs }) => inputs?.command === "up");
}

/** Whether a job waits for the checks, itself or by what it needs, and does not run where they fail. */
function isChecked(job: Job, jobs: Record<string, Job>): boolean {
  if (/\b(always|cancelled|failure) *\(/.test(job.if ?? "")) return false;
  return [job.needs ?? []].flat().some((name) => {
    const needed = jobs[name];
    return needed !== undefined && (needed.uses === checks || isChecked(needed, jobs));
  });
}

function triggersOf({ on = [] }: Workflow): string[] {
  if (typeof on === "string") return [on];
  return Array.isArray(on) ? on : Object.keys(on);
}

/** The same for an action of the project's own. */
export function complaintsAboutAction(text: string, commands: Commands): string[] {
  const { runs } = parse(text) as { runs: { steps: Step[] } };
  return [...complaintsAboutUses(text), ...complaintsAboutSteps(runs.steps, commands)];
}

/** An action is pinned by its commit, and a comment says which version that is. */
function complaintsAboutUses(text: string): string[] {
  return [...text.matchAll(/^ *(?:- )?uses: *(.*)$/gm)].flatMap(([, used = ""]) =>
    used.startsWith("./") || /^[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used)
      ? []
      : [`"${used}" is not pinned by commit and version`],
  );
}

function complaintsAboutJob(job: Job): string[] {
  const { permissions, env = {} } = job;
  return [
    ...(permissions === undefined ? ["declares no permissions"] : []),
    ...(typeof permissions === "string" || permissions?.contents === "write" ? ["may write everything"] : []),
    ...(job["timeout-minutes"] === undefined && job.uses === undefined ? ["has no timeout"] : []),
    ...(updates(job) && job.concurrency?.["cancel-in-progress"] !== false
      ? ["updates, and may be cancelled"]
      : []),
    ...(updates(job) && job.environment === undefined ? ["updates without a person's approval"] : []),
    // A variable of a job is in the environment of every step, and of every package's install script.
    ...Object.entries(env).flatMap(([name, value]) =>
      /secrets\./.test(value.replace(/secrets\.\w+ != ''/g, ""))
        ? [`${name} holds a secret in every step`]
        : [],
    ),
  ];
}

/** A pull request from a fork runs its own code: with no secret, on no machine of ours. */
function complaintsAboutForks(job: Job): string[] {
  if (job.if?.includes("github.event.pull_request.head.repo.full_name == github.repository")) return [];
  return [
    ...(/secrets[.[]/.test(JSON.stringify(job)) || job.secrets !== undefined
      ? ["runs for forks and names a secret"]
      : []),
    ...(job.environment === undefined ? [] : ["runs for forks in an environment"]),
    ...(job["runs-on"] === "ubuntu-latest" || job.uses?.startsWith("./")
      ? []
      : [`runs for forks on ${job["runs-on"] ?? job.uses}`]),
  ];
}

function complaintsAboutSteps(steps: readonly Step[], { npmScripts, umsCommands }: Commands): string[] {
  return steps.flatMap(({ uses, run = "", with: inputs }) => [
    ...(uses?.startsWith("actions/checkout@") && inputs?.["persist-credentials"] !== false
      ? ["leaves the token in the checkout"]
      : []),
    // Whatever is put into a script is run; a variable is not.
    ...(run.includes("${{") ? [`puts an expression into a script: ${run}`] : []),
    ...[...run.matchAll(/\bnpm run (?:--?\S+ )*(\S+)/g)].flatMap(([, name = ""]) =>
      npmScripts.includes(name) ? [] : [`there is no npm script ${name}`],
    ),
    ...[...run.matchAll(/\bnpx ums (\S+)/g)].flatMap(([, name = ""]) =>
      umsCommands.includes(name) ? [] : [`there is no command ums ${name}`],
    ),
  ]);
}
