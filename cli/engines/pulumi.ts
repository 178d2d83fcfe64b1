import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, relative, resolve } from "node:path";
import type { LocalProgramArgs, LocalWorkspaceOptions, Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { parseDocument, stringify } from "yaml";
import { generatedResource } from "../../components/secret/generated.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import type { PlatformSecret } from "../../stacks/platform.ts";
import { chosenReal } from "../../stacks/real.ts";
import { mendNamespaces, startStopped } from "../../targets/docker/converge.ts";
import { failure, waitUntilHealthy } from "../../targets/docker/health.ts";
import { connectDocker, hostFault, stackContainers, stackVolumes } from "../../targets/docker/host.ts";
import { checkHost } from "../../targets/docker/preflight.ts";
import type { StackState } from "../state.ts";
import {
  type Engine,
  type EngineContext,
  type GeneratedSecret,
  patience,
  type SecretContext,
  waitsOf,
} from "./engine.ts";
import { recover, shortName } from "./recover.ts";
import { buildRehearsal } from "./rehearsal.ts";
import { undeclaredData } from "./release.ts";
import { stateValue } from "./stateValue.ts";

/** Oldest Pulumi CLI this was run with. */
const oldestCli = 3;

/** Version of the Pulumi CLI on PATH, or undefined. */
export async function findPulumi(): Promise<string | undefined> {
  const { failed, stdout } = await execa("pulumi", ["version"], {
    reject: false,
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const version = /^v?(\d+)\.\d+\.\d+\S*$/.exec(stdout.trim());
  return !failed && Number(version?.[1] ?? 0) >= oldestCli ? stdout.trim() : undefined;
}

/** Where a CLI that was installed from here lives: on PATH for everything this process starts. */
export function usePulumiOf(home: string): void {
  const folder = join(home, "pulumi", "bin");
  if (existsSync(folder)) process.env.PATH = `${process.env.PATH ?? ""}${delimiter}${folder}`;
}

/** Milliseconds the one try to install the CLI may take. */
const installPatience = 180_000;

/** Tries once to install the Pulumi CLI with Pulumi's own installer. No network is no error: undefined then. */
export async function installPulumi(
  home: string,
  say: (message: string) => void,
): Promise<string | undefined> {
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  say("no Pulumi CLI on PATH: trying to install it once");
  try {
    await Promise.race([
      PulumiCommand.install({ root: join(home, "pulumi") }),
      new Promise((_, reject) => setTimeout(reject, installPatience).unref()),
    ]);
  } catch {
    say("the Pulumi CLI cannot be had from here: going on with the embedded engine");
    return undefined;
  }
  usePulumiOf(home);
  return findPulumi();
}

/** Resources worked on at the same time. */
const parallel = 16;

/** Pulumi's own engine, through the Automation API. */
export class PulumiEngine implements Engine {
  readonly name = "pulumi";

  constructor(private readonly version: string) {}

  get description(): string {
    return `Pulumi CLI ${this.version}`;
  }

  async up(context: EngineContext): Promise<void> {
    const { loaded, progress } = context;
    const { platform } = loaded;
    const docker = await connectDocker();
    await buildRehearsal(context.root, platform, progress, docker);
    const stack = await selectStack(context);
    const { done: recovered, gone } = await recover(stack.workspace, docker, platform.stack);
    for (const line of recovered) progress(line);
    await checkHost(docker, platform);
    const left = undeclaredData((await stack.exportStack()).deployment, context.program);
    if (left.length > 0) {
      await unprotect(stack, left);
      progress(`data that no service has any more stays on the host: ${left.map(shortName).join(", ")}`);
    }
    const total = context.program.resources.length;
    let done = 0;
    try {
      await stack.up({
        parallel,
        color: "never",
        suppressOutputs: true,
        // Containers removed behind our back are in the state until it is refreshed.
        refresh: gone.length > 0,
        onEvent: ({ resOutputsEvent }) => {
          if (resOutputsEvent)
            progress(`${++done} of ${total} resources, last ${shortName(resOutputsEvent.metadata.urn)}`);
        },
      });
    } catch (error) {
      const message = (error as Error).message;
      const fault = hostFault(message);
      if (fault) throw fault;
      const found = await failure(docker, await stackContainers(docker, platform.stack), waitsOf(context));
      if (/unhealthy|container exited|health/i.test(message) && found.failed.length > 0) throw found;
      throw new EnvironmentFault(`pulumi up failed:\n${diagnostics(message)}`);
    }
    await startStopped(docker, platform);
    await mendNamespaces(docker, platform);
    await waitUntilHealthy(docker, platform.stack, waitsOf(context), { seconds: patience, progress });
  }

  async down(context: EngineContext): Promise<void> {
    const docker = await connectDocker();
    const stack = await selectStack(context);
    const { done: recovered } = await recover(stack.workspace, docker, context.loaded.platform.stack);
    for (const line of recovered) context.progress(line);
    let done = 0;
    await stack.destroy({
      parallel,
      color: "never",
      excludeProtected: true,
      onEvent: ({ resOutputsEvent }) => {
        if (resOutputsEvent) context.progress(`${++done} resources removed`);
      },
    });
  }

  async generatedSecrets(
    context: SecretContext,
  ): Promise<(secret: PlatformSecret) => GeneratedSecret | undefined> {
    const { deployment } = await (await existingStack(context)).exportStack();
    return (secret) => stateValue(deployment, generatedResource(secret));
  }

  async exportState(context: SecretContext): Promise<string | undefined> {
    if (!isLoggedIn()) return undefined;
    const { StackNotFoundError } = await import("@pulumi/pulumi/automation/index.js");
    const stack = await existingStack(context).catch((error: unknown) => {
      if (error instanceof StackNotFoundError) return undefined;
      throw error;
    });
    // Not the Automation API's export, which has the secrets in plain text.
    const exported =
      stack &&
      (await execa("pulumi", ["stack", "export", "--stack", stack.name], {
        cwd: stack.workspace.workDir,
        env: stack.workspace.envVars,
      }));
    return exported?.stdout;
  }

  async removeData(context: EngineContext): Promise<void> {
    const stack = await selectStack(context);
    const { stack: name } = context.loaded.platform;
    await unprotect(stack, ["--all"]);
    await stack.destroy({ color: "never" });
    const docker = await connectDocker();
    for (const volume of await stackVolumes(docker, name)) await docker.getVolume(volume).remove();
  }
}

/** Lifts the protection of resources in the state, one by one: older CLIs take one at a time. */
async function unprotect({ name, workspace }: Stack, urns: readonly string[]): Promise<void> {
  for (const urn of urns) {
    await execa("pulumi", ["state", "unprotect", urn, "--yes", "--stack", name], {
      cwd: workspace.workDir,
      env: workspace.envVars,
    });
  }
}

/** The part of a failed run's output that says what went wrong. */
function diagnostics(message: string): string {
  const lines = message.split("\n");
  const start = lines.findIndex((line) => line.includes("Diagnostics:"));
  return (start < 0 ? lines : lines.slice(start + 1))
    .filter((line) => line.trim() !== "")
    .slice(0, 30)
    .join("\n");
}

type StackContext = Pick<EngineContext, "root" | "loaded" | "state">;

/** The stack in its workspace, made where the backend has none yet. */
export async function selectStack(context: StackContext): Promise<Stack> {
  const { LocalWorkspace } = await import("@pulumi/pulumi/automation/index.js");
  return LocalWorkspace.createOrSelectStack(...workspaceOf(context));
}

/** The stack in its workspace. Nothing is made: it fails where the backend has none. */
export async function existingStack(context: StackContext): Promise<Stack> {
  const { LocalWorkspace } = await import("@pulumi/pulumi/automation/index.js");
  return LocalWorkspace.selectStack(...workspaceOf(context));
}

/**
 * Where Pulumi works on a stack. A development stack has a workspace beside its state, so that Pulumi writes the stack's
 * encryption salt there and not into the checked-in config; other stacks live in the project, as with plain `pulumi`.
 */
function workspaceOf({ root, loaded, state }: StackContext): [LocalProgramArgs, LocalWorkspaceOptions] {
  const { platform, config } = loaded;
  const own =
    config.platform.environment === "development" || config.file !== `Pulumi.${platform.stack}.yaml`;
  const workDir = own ? writeWorkspace(root, state, config.file) : root;
  return [
    { stackName: platform.stack, workDir },
    {
      envVars: {
        ...environmentOf(root, state, config.platform.environment, config.file),
        ...(platform.rehearsal ? { UMS_REAL: chosenReal(platform) } : {}),
      },
    },
  ];
}

function environmentOf(
  root: string,
  state: StackState,
  environment: Parameters<StackState["passphrase"]>[0],
  file: string,
): Record<string, string> {
  return {
    PULUMI_CONFIG_PASSPHRASE: state.passphrase(environment),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    UMS_STACK_FILE: resolve(root, file),
    ...(isLoggedIn() ? {} : { PULUMI_BACKEND_URL: localBackend(state) }),
  };
}

/** The user chose a backend: by variable, or by `pulumi login`. */
function isLoggedIn(): boolean {
  if (process.env.PULUMI_BACKEND_URL) return true;
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  try {
    const { current } = JSON.parse(readFileSync(join(home, "credentials.json"), "utf8")) as {
      current?: string;
    };
    return Boolean(current);
  } catch {
    return false;
  }
}

function localBackend(state: StackState): string {
  const folder = join(state.home, "pulumi-state");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return `file://${folder}`;
}

function writeWorkspace(root: string, state: StackState, file: string): string {
  const folder = join(state.folder, "workspace");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const project = parseDocument(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
  project.set("main", `${relative(folder, root)}/`);
  writeFileSync(join(folder, "Pulumi.yaml"), project.toString());
  const target = join(folder, `Pulumi.${state.stack}.yaml`);
  const config = parseDocument(readFileSync(resolve(root, file), "utf8")).toJS() as Record<string, unknown>;
  const kept = existsSync(target)
    ? (parseDocument(readFileSync(target, "utf8")).toJS() as Record<string, unknown>)
    : {};
  const salt = config.encryptionsalt ?? kept.encryptionsalt;
  writeFileSync(target, stringify({ ...config, ...(salt === undefined ? {} : { encryptionsalt: salt }) }));
  return folder;
}
