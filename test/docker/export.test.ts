import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { execa } from "execa";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { buildStandinImage } from "../../rehearsal/build.ts";
import { findCompose } from "../../targets/compose/client.ts";
import { stackContainers, stackNetworks, stackVolumes } from "../../targets/docker/host.ts";
import type { Drift } from "../../targets/drift/finding.ts";
import { docker, root, TestStack, until } from "./harness.ts";

const settings = { include: ["sonarr", "seerr"], octet: 184, offset: 26000 };

describe.skipIf(inject("noCompose") !== "")("an exported Compose project", () => {
  let stack: TestStack;
  let folder: string;

  /** Compose in the folder of the export, with nothing of ums around it. */
  async function compose(...words: string[]) {
    const client = await findCompose();
    const [program = "", ...first] = client?.command ?? [];
    return execa(program, [...first, ...words], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/", COMPOSE_HTTP_TIMEOUT: "600" },
      extendEnv: false,
      reject: false,
      all: true,
    });
  }

  async function starts(services: number) {
    const up = await compose("up", "-d");
    expect(up.exitCode, up.all).toBe(0);
    await until("every service is healthy", async () => {
      const containers = await stackContainers(docker, stack.name);
      return containers.filter(({ service, health }) => service && health === "healthy").length === services;
    });
  }

  beforeAll(async () => {
    await buildStandinImage(root, docker);
    stack = new TestStack("umsex1", settings, "compose");
    folder = join(stack.home, "export");
  });
  afterAll(() => stack.dispose());

  it("does not start without its secrets, and names what is missing", async () => {
    const run = await stack.ums("export compose", ["--out", folder]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toContain("sonarr/api-key");
    const refused = await compose("up", "-d");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.all).toMatch(/UMS_FILLED_IN|SEERR__/);
    expect(await stackContainers(docker, stack.name)).toEqual([]);
  });

  it("starts by Compose alone, with every service healthy and isolated as declared", async () => {
    const run = await stack.ums("export compose", ["--out", folder, "--with-secrets"]);
    expect(run.exitCode, run.stderr).toBe(0);
    const { services } = await stack.json<{ services: unknown[] }>("plan");
    expect(services.length).toBeGreaterThan(5);
    await starts(services.length);
    const verified = await stack.ums("verify");
    expect(verified.exitCode, verified.stdout).toBe(0);
    expect(verified.stdout).toContain("isolation holds");
  });

  it("is what is declared, but for how files come into their volumes", async () => {
    const { drift } = await stack.json<{ drift: Drift[] }>("drift");
    const differing = (seeds: boolean) => [
      ...new Set(
        drift.filter(({ name }) => name.endsWith("_seed") === seeds).map(({ property }) => property),
      ),
    ];
    expect(differing(false)).toEqual(["label ums.seed"]);
    expect(differing(true).sort()).toEqual(["command", "mount /export"]);
  });

  it("brings files with mode and owner, and keeps its secrets to their owner", async () => {
    const secret = await fileIn(stack.container("sonarr"), "/run/secrets/api_key");
    expect([secret.mode & 0o777, secret.uid, secret.gid]).toEqual([0o400, 1000, 1000]);
    const exported = join(folder, "files/sonarr/run/secrets/api_key");
    expect(secret.text).toBe(readFileSync(exported, "utf8"));
    expect(secret.text).toMatch(/^[0-9a-f]{32}$/);
    for (const path of [exported, join(folder, ".env")]) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "docker-compose.yml"), "utf8")).not.toContain(secret.text);
  });

  it("takes up what a second export changed, and nothing else", async () => {
    const before = await stack.identities();
    const odd = 'it\'s "$HOME" $$ #1 \\ é\n end ';
    stack.configure({ ...settings, overrides: { sonarr: { environment: { ODD: odd } } } });
    const run = await stack.ums("export compose", ["--out", folder, "--with-secrets"]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/ 1 written, 0 removed$/m);
    await starts(Object.keys(before).length);
    const after = await stack.identities();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(
      expect.arrayContaining(["sonarr"]),
    );
    expect(after.postgres).toBe(before.postgres);
    const { Env } = (await stack.container("sonarr").inspect()).Config;
    expect(Env.find((line) => line.startsWith("ODD="))).toBe(`ODD=${odd}`);
  });

  it("goes down by Compose alone, and leaves its volumes", async () => {
    const volumes = await stackVolumes(docker, stack.name);
    const down = await compose("down");
    expect(down.exitCode, down.all).toBe(0);
    expect(await stackContainers(docker, stack.name)).toEqual([]);
    expect(await stackNetworks(docker, stack.name)).toEqual([]);
    expect(await stackVolumes(docker, stack.name)).toEqual(volumes);
  });
});

/** A file as a container has it. */
async function fileIn(container: Docker.Container, path: string) {
  const reader = extract();
  (await container.getArchive({ path })).pipe(reader);
  for await (const entry of reader) {
    let text = "";
    for await (const chunk of entry) text += String(chunk);
    const { mode = 0, uid = -1, gid = -1 } = entry.header;
    return { mode, uid, gid, text };
  }
  throw new Error(`${path} is not there`);
}
