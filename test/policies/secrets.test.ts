import { beforeAll, describe, expect, it } from "vitest";
import { containerPolicies } from "../../policies/container/index.ts";
import { evaluate, policies } from "../../policies/pack.ts";
import { unwrapSecrets } from "../../targets/inProcess/run.ts";
import { realStack } from "../components/fixtures.ts";
import { rawRun, secretMark } from "../components/rawRun.ts";
import { type EngineResource, inEngine } from "./engine.ts";

type Inputs = Record<string, unknown>;
const list = (value: unknown) => (value ?? []) as Inputs[];

/** A container that breaks rules, with secrets wherever a person may write one. What one cannot break, the other does. */
function broken(inputs: Inputs, isOther: boolean): Inputs {
  const secret = `${secretMark}written`;
  const labels = list(inputs.labels).filter(({ label }) => label !== "ums.lifted");
  return {
    ...inputs,
    image: `evil.example/app:latest`,
    privileged: true,
    readOnly: false,
    user: "0:0",
    capabilities: { drops: [], adds: ["SYS_ADMIN"] },
    securityOpts: ["seccomp=unconfined"],
    pidMode: "host",
    sysctls: { "kernel.shmmax": "1" },
    tmpfs: { "/tmp": "rw,exec" },
    devices: [{ hostPath: "/dev/sda" }],
    mounts: [
      ...list(inputs.mounts),
      { type: "bind", source: "/etc", target: "/x", bindOptions: { propagation: "rshared" } },
      { type: "bind", source: "/var/run/docker.sock", target: "/y" },
    ],
    ports: [{ internal: 1, external: 1, ip: "0.0.0.0", protocol: "tcp" }],
    memory: isOther ? 0 : 1_000_000,
    memorySwap: 2_000_000,
    cpuQuota: 0,
    healthcheck: undefined,
    restart: "no",
    logOpts: {},
    links: ["postgres:db"],
    uploads: list(inputs.uploads).map((upload) => ({ ...upload, permissions: "0644" })),
    envs: [
      ...((inputs.envs ?? []) as string[]),
      `APP_PASSWORD=${secret}`,
      `DB=postgres://app:${secret}@db/app`,
    ],
    command: [
      ...(isOther ? [] : ((inputs.command ?? []) as string[])),
      "--password",
      secret,
      `--token=${secret}`,
    ],
    labels: [...labels, { label: "app.password", value: secret }],
  };
}

describe("a policy", () => {
  let resources: EngineResource[];
  beforeAll(async () => {
    const raw = await rawRun(realStack());
    resources = raw.map(({ type, name, inputs, options }, index) => {
      const plain = unwrapSecrets(inputs) as Inputs;
      return {
        type,
        name,
        custom: true,
        inputs: type.endsWith(":Container") ? broken(plain, index % 2 === 1) : plain,
        dependsOn: [],
        protect: options.protect === true,
        retainOnDelete: options.retainOnDelete === true,
      };
    });
  });

  it("prints no secret of the catalogue, whatever it refuses", () => {
    const { violations, undecided, used } = evaluate(resources);
    const spoke = new Set(violations.map(({ policy }) => policy));
    expect(containerPolicies.map(({ name }) => name).filter((name) => !spoke.has(name))).toEqual([]);
    expect(JSON.stringify([violations, undecided, used])).not.toContain(secretMark);
  });

  it("prints none in the engine either", () => {
    const said = policies.map((policy) => inEngine(policy, resources));
    expect(said.flatMap(({ messages }) => messages).length).toBeGreaterThan(resources.length);
    expect(JSON.stringify(said)).not.toContain(secretMark);
  });
});
