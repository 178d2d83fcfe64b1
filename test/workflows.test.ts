import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { folder, projectRoot } from "./fixtures/folders.ts";
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

const sameRepository = "if: github.event.pull_request.head.repo.full_name == github.repository";

describe("the workflows", () => {
  it.each(workflows)("%s keep the rules", (path) =>
    expect(complaintsAbout(read(path), commands)).toEqual([]),
  );
  it.each(actions)("%s keep the rules", (path) =>
    expect(complaintsAboutAction(read(path), commands)).toEqual([]),
  );

  it("are those for pull requests, deployments and drift", () => {
    const names = ["deploy", "drift", "pull-request"].map((name) => `.github/workflows/${name}.yml`);
    expect(workflows.sort()).toEqual(names);
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
