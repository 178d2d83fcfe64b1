import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { standinImage } from "../../rehearsal/image.ts";
import { loadStack } from "../../stacks/load.ts";
import { containerInputs, containersOf } from "../../targets/compose/render.ts";
import { declareStack } from "../../targets/declare.ts";
import { SecretStore } from "../../targets/inProcess/secretStore.ts";
import type { DeclaredProgram } from "../../targets/resources.ts";
import { probeFrom } from "../../targets/verify/probe.ts";
import type { Verification } from "../../targets/verify/verify.ts";
import { docker, replacedBetween, root, TestStack } from "./harness.ts";

const first = {
  include: ["medianest-nginx", "traefik", "exportarr-sonarr", "loki"],
  octet: 138,
  offset: 16000,
};
const second = { include: ["medianest-nginx", "traefik", "exportarr-sonarr"], octet: 142, offset: 17000 };
const mebibyte = 1024 * 1024;

describe.skipIf(inject("noCompose") !== "")("what runs is what was declared", () => {
  let stack: TestStack;
  let program: DeclaredProgram;
  let events: EngineEvent[];

  beforeAll(async () => {
    stack = new TestStack("umstd", first, "compose");
    const stop = await recordEvents(stack.name);
    const run = await stack.up();
    events = stop();
    expect(run.exitCode, run.stderr).toBe(0);
    program = await declareStack(root, loadStack(root, stack.name, { file: stack.file }));
  });
  afterAll(() => stack.dispose());

  it("starts every service only when those it waits for are healthy", async () => {
    const healthy = new Map<string, number>();
    const started = new Map<string, number>();
    for (const event of events) {
      const service = event.Actor.Attributes["ums.service"];
      if (service === undefined) continue;
      if (event.Action === "health_status: healthy" && !healthy.has(service))
        healthy.set(service, event.timeNano);
      if (event.Action === "start" && !started.has(service)) started.set(service, event.timeNano);
    }
    const { platform } = loadStack(root, stack.name, { file: stack.file });
    const pairs = platform.services.flatMap(({ name, after }) => after.map((need) => ({ name, need })));
    expect(pairs.length).toBeGreaterThan(10);
    const early = pairs.filter(
      ({ name, need }) => !((started.get(name) ?? 0) > (healthy.get(need) ?? Number.POSITIVE_INFINITY)),
    );
    expect(early).toEqual([]);
  });

  it("gives every container the limits and privileges of its declaration", async () => {
    for (const resource of containersOf(program, false)) {
      expect(await differences(resource.inputs), resource.name).toEqual([]);
    }
  });

  it("notices a limit that was changed behind its back", async () => {
    const [resource] = containersOf(program, false).filter(({ name }) => name === "traefik-container");
    const container = stack.container("traefik");
    await container.update({ Memory: 64 * mebibyte, MemorySwap: 64 * mebibyte });
    expect(await differences(resource?.inputs ?? {})).toEqual(["memory", "memorySwap"]);
    const limit = 512 * mebibyte;
    await container.update({ Memory: limit, MemorySwap: limit });
    expect(await differences(resource?.inputs ?? {})).toEqual([]);
  });

  it("shows no secret in docker inspect but those declared as variables, and keeps none in plain text", async () => {
    const values = secretValues(stack);
    expect(values.length).toBeGreaterThan(5);
    const { platform } = loadStack(root, stack.name, { file: stack.file });
    for (const service of platform.services) {
      const allowed = service.secretVariables.map(({ variable }) => variable);
      const inspected = (await stack.container(service.name).inspect()) as {
        Config: { Env: string[] | null };
      };
      const env = (inspected.Config.Env ?? []).filter((line) => !allowed.includes(line.split("=")[0] ?? ""));
      const text = JSON.stringify({ ...inspected, Config: { ...inspected.Config, Env: env } });
      expect(
        values.filter((value) => text.includes(value)),
        service.name,
      ).toEqual([]);
    }
    for (const file of ["secrets.json", "compose.yaml", "last.json"]) {
      const path = join(stack.home, "stacks", stack.name, file);
      expect(statSync(path).mode & 0o777, file).toBe(0o600);
      const text = readFileSync(path, "utf8");
      expect(
        values.filter((value) => text.includes(value)),
        file,
      ).toEqual([]);
    }
    for (const command of ["plan", "status"]) {
      const { stdout, stderr } = await stack.ums(command, ["--json"]);
      expect(
        values.filter((value) => (stdout + stderr).includes(value)),
        command,
      ).toEqual([]);
    }
  });

  it("delivers secrets as files of mode 0400 that belong to the service's user", async () => {
    const { platform } = loadStack(root, stack.name, { file: stack.file });
    let seen = 0;
    for (const service of platform.services) {
      for (const file of service.files.filter(({ content }) => "secret" in content)) {
        const header = await fileHeader(stack.container(service.name).id, file.path);
        expect([header.mode & 0o777, header.uid, header.gid], file.path).toEqual([
          0o400,
          service.owner.uid,
          service.owner.gid,
        ]);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(8);
  });

  const noted = { overrides: { "medianest-frontend": { environment: { NEXT_PUBLIC_NOTE: "changed" } } } };

  it.each([
    ["a variable", "medianest-frontend", noted],
    ["a generated file", "loki", { ...noted, logs: { retentionDays: 7 } }],
  ])("replaces only the service that reads %s which changed: %s", async (_, service, change) => {
    const before = await stack.identities();
    stack.configure({ ...first, ...change });
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
    expect(replacedBetween(before, await stack.identities())).toEqual([service]);
  });

  it("replaces what a change is taken back for, and gives it what was there before", async () => {
    const path = "/etc/loki/local-config.yaml";
    expect(await stack.textIn("loki", path)).toContain("retention_period: 168h");
    const before = await stack.identities();
    stack.configure({ ...first, ...noted });
    expect((await stack.up()).exitCode).toBe(0);
    expect(replacedBetween(before, await stack.identities())).toEqual(["loki"]);
    expect(await stack.textIn("loki", path)).toContain("retention_period: 744h");
  });

  it("runs beside another stack: both isolated, neither reaching the other, one going down alone", async () => {
    const other = new TestStack("umste", second, "compose");
    try {
      const run = await other.up();
      expect(run.exitCode, run.stderr).toBe(0);
      const before = await stack.identities();
      for (const one of [stack, other]) {
        const result = await one.json<Verification>("verify");
        expect([result.undeclaredOpen, result.declaredClosed, result.escaped]).toEqual([[], [], []]);
      }
      const from = await stack.container("medianest-nginx").inspect();
      const to = await other.container("medianest-backend").inspect();
      const addresses = Object.values(to.NetworkSettings.Networks).map((network) => network.IPAddress);
      const answers = await probeFrom(docker, {
        containerId: from.Id,
        image: standinImage(root),
        stack: stack.name,
        targets: addresses.map((address) => ({ address, port: 4000, protocol: "tcp" as const, tries: 2 })),
      });
      expect(answers).toEqual([]);
      expect((await other.ums("down")).exitCode).toBe(0);
      expect(await stack.identities()).toEqual(before);
    } finally {
      await other.dispose();
    }
  });
});

interface EngineEvent {
  Action: string;
  timeNano: number;
  Actor: { Attributes: Record<string, string> };
}

/** Records starts and health of a stack's containers as they happen: the engine remembers only its last 256 events. */
async function recordEvents(stack: string): Promise<() => EngineEvent[]> {
  const filters = { type: ["container"], event: ["start", "health_status"], label: [`ums.stack=${stack}`] };
  const stream = (await docker.getEvents({ filters: JSON.stringify(filters) })) as Readable;
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => {
    stream.destroy();
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as EngineEvent);
  };
}

/** Names of a container's inputs that the running container does not have. */
async function differences(declared: Record<string, unknown>): Promise<string[]> {
  const inputs = containerInputs({ inputs: declared } as Parameters<typeof containerInputs>[0]);
  const { Config, HostConfig, NetworkSettings } = await docker.getContainer(inputs.name).inspect();
  const same: Record<string, boolean> = {
    user: Config.User === inputs.user,
    readOnly: HostConfig.ReadonlyRootfs === (inputs.readOnly === true),
    capDrop: JSON.stringify(HostConfig.CapDrop) === JSON.stringify(inputs.capabilities?.drops),
    capAdd:
      JSON.stringify(
        (HostConfig.CapAdd ?? []).map((name: string) => name.replace(/^(CAP_)?/, "CAP_")).sort(),
      ) === JSON.stringify(inputs.capabilities?.adds ?? []),
    securityOpts: JSON.stringify(HostConfig.SecurityOpt ?? []) === JSON.stringify(inputs.securityOpts),
    memory: HostConfig.Memory === inputs.memory * mebibyte,
    memorySwap: HostConfig.MemorySwap === inputs.memorySwap * mebibyte,
    cpu: HostConfig.CpuQuota === inputs.cpuQuota && HostConfig.CpuPeriod === inputs.cpuPeriod,
    restart: HostConfig.RestartPolicy?.Name === inputs.restart,
    log:
      JSON.stringify(Object.entries(HostConfig.LogConfig?.Config ?? {}).sort()) ===
      JSON.stringify(Object.entries(inputs.logOpts).sort()),
    privileged: HostConfig.Privileged === false,
    networks:
      JSON.stringify(Object.keys(NetworkSettings.Networks).sort()) ===
      JSON.stringify((inputs.networksAdvanced ?? []).map(({ name }) => name).sort()),
    tmpfs:
      JSON.stringify(Object.keys(HostConfig.Tmpfs ?? {}).sort()) ===
      JSON.stringify(Object.keys(inputs.tmpfs ?? {}).sort()),
  };
  return Object.keys(same).filter((name) => !same[name]);
}

function secretValues(stack: TestStack): string[] {
  const store = SecretStore.open(join(stack.home, "stacks", stack.name, "secrets.json"), "a test passphrase");
  return store.values();
}

/** Owner and mode of a file as the container has it. */
async function fileHeader(
  container: string,
  path: string,
): Promise<{ mode: number; uid: number; gid: number }> {
  const archive = await docker.getContainer(container).getArchive({ path });
  return new Promise((resolve, reject) => {
    const reader = extract();
    reader.on("entry", (header, stream, next) => {
      resolve({ mode: header.mode ?? 0, uid: header.uid ?? -1, gid: header.gid ?? -1 });
      stream.resume();
      next();
    });
    reader.on("error", reject);
    archive.pipe(reader);
  });
}
