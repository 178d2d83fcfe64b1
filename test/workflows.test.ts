import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { folder, projectRoot } from "./fixtures/folders.ts";
import { found } from "./fixtures/platforms.ts";
import { findActionlint } from "./workflows/actionlint.ts";
import { type Commands, complaintsAbout, complaintsAboutAction } from "./workflows/rules.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const filesIn = (path: string) => readdirSync(join(projectRoot, path)).map((name) => `${path}/${name}`);

const workflows = filesIn(".github/workflows");
const actions = filesIn(".github/actions").map((path) => `${path}/action.yml`);
const commands: Commands = {
  npmScripts: Object.keys((JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts),
  umsCommands: [...read("cli/main.ts").matchAll(/(?:stackCommand\(\s*"|\.command\(")([a-z]+)/g)].map(
    ([, name = ""]) => name,
  ),
};

/** A workflow that nothing is wrong with. */
const sound = `
on: pull_request
permissions: {}
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@${"0".repeat(40)} # v7.0.1
        with: {persist-credentials: false}
      - run: npm run lint && npx ums plan
`;

/** What a test asks of a job that does something with each stack. */
interface StackJob {
  strategy?: { matrix: { stack?: string[]; include?: { stack: string }[] } };
  steps?: { uses?: string; with?: Record<string, unknown> }[];
}

/** A workflow that deploys what was checked. */
const deployment = `
on: push
permissions: {}
jobs:
  check:
    permissions: {contents: read}
    uses: ./.github/workflows/check.yml
  staging:
    needs: check
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions: {contents: read}
    concurrency: {group: staging, cancel-in-progress: false}
    environment: staging
    steps: &deploy
      - uses: pulumi/actions@${"0".repeat(40)} # v7.0.0
        with: {command: up}
  prod:
    needs: [staging]
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions: {contents: read}
    concurrency: {group: prod, cancel-in-progress: false}
    environment: prod
    steps: *deploy
`;

const sameRepository = "if: github.event.pull_request.head.repo.full_name == github.repository";

describe("the workflows", () => {
  it.each(workflows)("%s keep the rules", (path) =>
    expect(complaintsAbout(read(path), commands)).toEqual([]),
  );
  it.each(actions)("%s keep the rules", (path) =>
    expect(complaintsAboutAction(read(path), commands)).toEqual([]),
  );

  it("are those for pull requests, deployments and drift, and the checks of the first two", () => {
    const names = ["check", "deploy", "drift", "pull-request"].map((name) => `.github/workflows/${name}.yml`);
    expect(workflows.sort()).toEqual(names);
  });

  it("check, plan and preview every stack in a pull request", () => {
    const stacks = readdirSync(projectRoot)
      .flatMap((name) => /^Pulumi\.(\w+)\.yaml$/.exec(name)?.[1] ?? [])
      .sort();
    const { jobs } = parse(read(".github/workflows/pull-request.yml")) as { jobs: Record<string, StackJob> };
    const stacksOf = (name: string) => found(jobs[name]?.strategy?.matrix.stack, name).toSorted();
    expect(stacksOf("policies")).toEqual(stacks);
    expect(stacksOf("plan")).toEqual(stacks);
    const previewed = Object.values(jobs).flatMap(({ strategy, steps = [] }) =>
      steps
        .filter(({ with: inputs }) => inputs?.command === "preview")
        .flatMap(({ with: inputs }) => {
          const named = String(inputs?.["stack-name"]);
          return named.includes("matrix.stack")
            ? (strategy?.matrix.include ?? []).map(({ stack }) => stack)
            : [named];
        }),
    );
    expect(previewed.sort()).toEqual(stacks);
  });

  it("keep the alerts of each stack apart", () => {
    const { jobs } = parse(read(".github/workflows/pull-request.yml")) as { jobs: Record<string, StackJob> };
    const upload = jobs.policies?.steps?.find(({ uses }) => uses?.includes("/upload-sarif@"));
    expect(upload?.with?.category).toMatch(/\$\{\{ matrix\.stack \}\}$/);
  });

  it("never run a pull request on a machine of ours, and deploy nothing but main", () => {
    for (const path of workflows) {
      const ours = /runs-on: \$\{\{ vars\./.test(read(path));
      expect(ours && /pull_request/.test(read(path))).toBe(false);
    }
    expect(read(".github/workflows/deploy.yml")).toContain("branches: [main]");
  });
});

describe("the rules for workflows", () => {
  it("let a sound one pass", () => expect(complaintsAbout(sound, commands)).toEqual([]));

  const rules: [string, string, string, string][] = [
    ["an action by its tag", `@${"0".repeat(40)} # v7.0.1`, "@v7", "not pinned"],
    ["a commit without its version", " # v7.0.1", "", "not pinned"],
    ["no permissions", "permissions: {}\n", "", "the workflow declares no permissions"],
    [
      "a job without permissions",
      "    permissions: {contents: read}\n",
      "",
      "check: declares no permissions",
    ],
    [
      "a job that may write all",
      "permissions: {contents: read}",
      "permissions: write-all",
      "may write everything",
    ],
    ["a job without an end", "    timeout-minutes: 5\n", "", "has no timeout"],
    ["a token left behind", "persist-credentials: false", "fetch-depth: 2", "leaves the token"],
    [
      "forks with a token that writes",
      "on: pull_request",
      "on: [push, pull_request_target]",
      "pull_request_target",
    ],
    [
      "an expression in a script",
      "npx ums plan",
      "echo ${{ github.head_ref }}",
      "puts an expression into a script",
    ],
    ["a script that is not there", "npm run lint", "npm run --silent lnit", "there is no npm script lnit"],
    ["a command that is not there", "npx ums plan", "npx ums paln", "there is no command ums paln"],
    [
      "a fork's secret",
      "npx ums plan",
      "npx ums plan\n        env: {A: '${{ secrets.A }}'}",
      "names a secret",
    ],
    [
      "a fork in an environment",
      "timeout-minutes",
      "environment: prod\n    timeout-minutes",
      "in an environment",
    ],
    ["a fork on our machine", "ubuntu-latest", "self-hosted", "runs for forks on self-hosted"],
    [
      "a job's secret",
      "timeout-minutes",
      "env: {A: '${{ secrets.A }}'}\n    timeout-minutes",
      "in every step",
    ],
    ["an update that is cut off", "persist-credentials: false", "command: up", "may be cancelled"],
    ["an update nobody approved", "persist-credentials: false", "command: up", "without a person's approval"],
  ];
  it.each(rules)("refuse %s", (_, part, instead, complaint) => {
    expect(sound).toContain(part);
    expect(complaintsAbout(sound.replace(part, instead), commands).join("\n")).toContain(complaint);
  });

  it.each([
    ["updates that need nothing", "needs: check", "name: Staging", ["staging", "prod"]],
    [
      "updates that need another job",
      "uses: ./.github/workflows/check.yml",
      "uses: ./other.yml",
      ["staging", "prod"],
    ],
    ["an update after failed checks", "needs: check", "needs: check\n    if: always()", ["staging", "prod"]],
    ["an update beside the checked one", "needs: [staging]", "name: Production", ["prod"]],
  ])("refuse %s", (_, part, instead, jobs) => {
    expect(complaintsAbout(deployment, commands)).toEqual([]);
    expect(deployment).toContain(part);
    expect(complaintsAbout(deployment.replace(part, instead), commands)).toEqual(
      jobs.map((job) => `${job}: updates what was not checked`),
    );
  });

  it("refuse a called workflow what a pull request's may not do, and secrets for either", () => {
    const called = sound.replace("on: pull_request", "on: workflow_call");
    expect(complaintsAbout(called, commands)).toEqual([]);
    expect(complaintsAbout(called.replace("ubuntu-latest", "self-hosted"), commands)).toEqual([
      "check: runs for forks on self-hosted",
    ]);
    const calling = deployment.replace("on: push", "on: pull_request");
    const inherits = calling.replace("    uses:", "    secrets: inherit\n    uses:");
    expect(complaintsAbout(calling, commands)).not.toContain("check: runs for forks and names a secret");
    expect(complaintsAbout(inherits, commands)).toContain("check: runs for forks and names a secret");
    const elsewhere = calling.replace("./.github/workflows/check.yml", "other/repository/.github/x.yml@main");
    expect(complaintsAbout(elsewhere, commands).join("\n")).toContain("check: runs for forks on other/");
  });

  it("leave secrets to jobs of the repository's own branches", () => {
    const own = sound
      .replace("timeout-minutes", `${sameRepository}\n    timeout-minutes`)
      .replace("npx ums plan", "npx ums plan\n        env: {A: '${{ secrets.A }}'}");
    expect(complaintsAbout(own, commands)).toEqual([]);
  });
});

const actionlint = await findActionlint();

describe.skipIf(actionlint === undefined)("actionlint", () => {
  const lint = (paths: readonly string[], cwd: string) =>
    execa(actionlint ?? "", ["-no-color", ...paths], { cwd, reject: false });

  it("finds nothing in the workflows", async () => {
    const { stdout, exitCode } = await lint(workflows, projectRoot);
    expect(stdout).toBe("");
    expect(exitCode).toBe(0);
  });

  it("finds what is broken on purpose", async () => {
    const broken = sound.replace("npm run lint", "echo ${{ github.event.pull_request.title }}");
    const { stdout } = await lint(["broken.yml"], folder({ "broken.yml": broken }));
    expect(stdout).toContain("potentially untrusted");
  });
});
