import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { execa } from "execa";
import { compilerPackages, findCompiler, hasStandinImage } from "../../rehearsal/build.ts";
import { EnvironmentFault } from "../../stacks/errors.ts";
import { findCompose } from "../../targets/compose/client.ts";
import { limitSetting, neighbourLimit, roomyLimit } from "../../targets/verify/neighbours.ts";
import { findPulumi, installPulumi, usePulumiOf } from "../engines/pulumi.ts";

type Say = (message: string) => void;

/** Seconds a freshly started engine may take to answer. */
const enginePatience = 60;

/**
 * Brings a bare Debian or Ubuntu machine to where a rehearsal can run: a Docker engine, Compose or the Pulumi CLI, and a
 * C compiler for the stand-in. Says what it installs before it does.
 * @throws EnvironmentFault with what to install, when it may not install it itself
 */
export async function prepareMachine(
  root: string,
  home: string,
  say: Say,
  options: { installPulumi?: boolean; needCompose?: boolean } = {},
): Promise<void> {
  usePulumiOf(home);
  const found = await findPulumi();
  const pulumi = found ?? (options.installPulumi === false ? undefined : await installPulumi(home, say));
  const running = await engineAnswers();
  const packages: string[] = [];
  if (!running && !existsSync("/usr/sbin/dockerd") && !existsSync("/usr/bin/dockerd"))
    packages.push("docker.io", "iptables");
  if ((!pulumi || options.needCompose === true) && !(await findCompose())) packages.push("docker-compose");
  if (!(await findCompiler()) && !(running && (await hasStandinImage(root))))
    packages.push(...compilerPackages);
  if (packages.length > 0) await installPackages(packages, say);
  if (!running && !(await engineAnswers())) await startEngine(say);
  makeRoomForNeighbours(say);
}

/**
 * Gives this kernel's table of neighbours room for a stack of the whole catalogue, until the next boot, where it has
 * less and this process may change it. Without that the stack is measured one service at a time.
 */
function makeRoomForNeighbours(say: Say): void {
  if (process.env.DOCKER_HOST !== undefined || process.getuid?.() !== 0) return;
  try {
    const limit = Number(readFileSync(neighbourLimit, "utf8"));
    if (limit >= roomyLimit) return;
    writeFileSync(neighbourLimit, String(roomyLimit));
    say(
      `the kernel remembers up to ${roomyLimit} neighbours on all networks, not ${limit}, until the next boot (${limitSetting})`,
    );
  } catch {
    // In a container it is not there, or may not be written: doctor says what is too small.
  }
}

async function engineAnswers(): Promise<boolean> {
  return new Docker().ping().then(
    () => true,
    () => false,
  );
}

/** Installs packages of Debian. @throws EnvironmentFault where that may not or cannot be done from here */
export async function installPackages(packages: readonly string[], say: Say): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !isDebian()) {
    const how = isDebian()
      ? `sudo apt-get update && sudo ${command}`
      : `install with your package manager: ${packages.join(" ")}`;
    throw new EnvironmentFault(
      `this machine lacks ${packages.join(", ")}, and only root on Debian or Ubuntu may install it from here`,
      how,
    );
  }
  const environment = { DEBIAN_FRONTEND: "noninteractive" };
  say("reading the package lists (apt-get update)");
  await execa("apt-get", ["update", "-q"], { env: environment, reject: false });
  const wanted: string[] = [];
  for (const name of packages) wanted.push(name === "docker-compose" ? await composePackage() : name);
  say(`installing ${wanted.join(" ")} (apt-get install)`);
  const { failed, stderr } = await execa(
    "apt-get",
    ["install", "-y", "-q", "--no-install-recommends", ...wanted],
    {
      env: environment,
      reject: false,
    },
  );
  if (failed)
    throw new EnvironmentFault(
      `apt-get could not install ${wanted.join(" ")}:\n${stderr.slice(-600)}`,
      command,
    );
}

/** Ubuntu has Compose v2 as a package of its own. */
async function composePackage(): Promise<string> {
  const { stdout } = await execa("apt-cache", ["policy", "docker-compose-v2"], { reject: false });
  return /Candidate: (?!\(none\))/.test(stdout) ? "docker-compose-v2" : "docker-compose";
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}

/** Starts the engine through systemd where it runs, else as a background process of its own. */
async function startEngine(say: Say): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new EnvironmentFault(
      "no Docker engine answers",
      "sudo systemctl start docker, or add yourself to the docker group: sudo usermod -aG docker $USER (then log in again)",
    );
  }
  if (existsSync("/run/systemd/system")) {
    say("starting Docker (systemctl start docker)");
    await execa("systemctl", ["start", "docker"], { reject: false });
  } else {
    say("starting Docker (dockerd, its log is in /var/log/dockerd.log)");
    const log = openSync("/var/log/dockerd.log", "a");
    spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log] })
      .on("error", () => {})
      .unref();
  }
  for (let second = 0; second < enginePatience; second++) {
    if (await engineAnswers()) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new EnvironmentFault(
    `Docker did not answer within ${enginePatience} s of being started`,
    `look at ${join("/var/log", "dockerd.log")} or journalctl -u docker`,
  );
}
