import { describe, expect, it } from "vitest";
import { EnvironmentFault } from "../../../stacks/errors.ts";
import { createVolumes, runSeeds } from "../../../targets/docker/seed.ts";
import { type DeclaredProgram, dockerTypes, type RegisteredResource } from "../../../targets/resources.ts";
import { FakeDocker } from "./fakeDocker.ts";

/** A resource with inputs as the program registers them. */
function resource(type: string, name: string, inputs: Record<string, unknown>): RegisteredResource {
  return { type, name, custom: true, inputs, dependsOn: [], protect: false, retainOnDelete: false };
}

const volume = (name: string, of: string) =>
  resource(dockerTypes.volume, name, {
    name: `test-${name}`,
    driver: "local",
    labels: [
      { label: "ums.seeds", value: of },
      { label: "ums.stack", value: "test" },
    ],
  });

const seeder = (service: string, mounts: [string, string][], file: string, content: string) =>
  resource(dockerTypes.container, `${service}_seed-container`, {
    name: `test-${service}_seed`,
    image: "ums-standin:test",
    entrypoints: ["/standin"],
    command: ["seed"],
    user: "0:0",
    capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
    securityOpts: ["no-new-privileges:true"],
    networkMode: "none",
    memory: 64,
    memorySwap: 64,
    cpuPeriod: 100_000,
    cpuQuota: 50_000,
    mustRun: false,
    logDriver: "json-file",
    logOpts: { "max-size": "1m" },
    mounts: mounts.map(([source, target]) => ({ type: "volume", source, target, readOnly: false })),
    uploads: [{ file, content }],
    labels: [
      { label: "ums.seeds", value: service },
      { label: "ums.stack", value: "test" },
    ],
  });

const program: DeclaredProgram = {
  outputs: {},
  resources: [
    seeder(
      "app",
      [
        ["test-app_data", "/seed/data"],
        ["test-app_files.etc.app", "/seed/etc/app"],
      ],
      "/seed/etc/app/app.conf",
      "grüße\n",
    ),
    seeder(
      "other",
      [["test-other_files.etc.other", "/seed/etc/other"]],
      "/seed/etc/other/other.conf",
      "other",
    ),
    resource(dockerTypes.container, "app-container", { name: "test-app", mustRun: true, labels: [] }),
    volume("app_data", "app"),
    volume("app_files.etc.app", "app"),
    volume("other_files.etc.other", "other"),
  ],
};

const idOf = ({ name }: RegisteredResource) => `fingerprint of ${name}`;
const progress = () => {};

describe("volumes", () => {
  it("are made where they are missing, with their labels, and never touched where they are there", async () => {
    const fake = new FakeDocker("test", [], [], ["test-app_data"]);
    expect(await createVolumes(fake.docker, program)).toBe(2);
    expect(fake.done).toEqual([
      "create volume test-app_files.etc.app",
      "create volume test-other_files.etc.other",
    ]);
    expect(await createVolumes(fake.docker, program)).toBe(0);
  });
});

describe("one-shot containers", () => {
  it("write every file of theirs, and get no more than they need", async () => {
    const fake = new FakeDocker("test");
    expect(await runSeeds(fake.docker, program, idOf, progress)).toBe(2);
    expect(fake.uploads.get("test-app_seed")).toEqual({
      "seed/etc/app/app.conf": { text: "grüße\n", mode: 0o400 },
    });
    const app = fake.created.find(({ name }) => name === "test-app_seed");
    expect(app).toMatchObject({
      User: "0:0",
      Labels: {
        "ums.stack": "test",
        "ums.seeds": "app",
        "ums.fingerprint": "fingerprint of app_seed-container",
      },
      HostConfig: {
        NetworkMode: "none",
        CapDrop: ["ALL"],
        CapAdd: ["CAP_CHOWN"],
        SecurityOpt: ["no-new-privileges:true"],
        Memory: 64 * 1024 * 1024,
        MemorySwap: 64 * 1024 * 1024,
        CpuPeriod: 100_000,
        CpuQuota: 50_000,
        LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      },
    });
    expect(
      app?.HostConfig?.Mounts?.map(({ Source, Target, ReadOnly }) => ({ Source, Target, ReadOnly })),
    ).toEqual([
      { Source: "test-app_data", Target: "/seed/data", ReadOnly: false },
      { Source: "test-app_files.etc.app", Target: "/seed/etc/app", ReadOnly: false },
    ]);
  });

  it("run once: again only when what they write has changed, or they had failed", async () => {
    const done = (fields: { state?: string; exitCode?: number; fingerprint?: string }) => ({
      name: "test-app_seed",
      state: fields.state ?? "exited",
      exitCode: fields.exitCode ?? 0,
      labels: { "ums.fingerprint": fields.fingerprint ?? "fingerprint of app_seed-container" },
    });
    const ran = async (fields: Parameters<typeof done>[0]) => {
      const fake = new FakeDocker("test", [done(fields)]);
      await runSeeds(fake.docker, program, idOf, progress);
      return fake.created.map(({ name }) => name);
    };
    expect(await ran({})).toEqual(["test-other_seed"]);
    const both = ["test-app_seed", "test-other_seed"];
    expect((await ran({ fingerprint: "another" })).sort()).toEqual(both);
    expect((await ran({ exitCode: 1 })).sort()).toEqual(both);
    expect((await ran({ state: "running" })).sort()).toEqual(both);
  });

  it("that fail are told with their last words", async () => {
    const fake = new FakeDocker("test");
    fake.exitCodes = { "test-app_seed": 3 };
    const attempt = runSeeds(fake.docker, program, idOf, progress);
    await expect(attempt).rejects.toThrow(EnvironmentFault);
    await expect(attempt).rejects.toThrow(
      /test-app_seed could not write its files \(exit 3\):\n {2}test-app_seed says no/,
    );
  });
});
