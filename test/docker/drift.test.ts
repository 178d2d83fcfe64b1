import { join } from "node:path";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { standinImage } from "../../rehearsal/image.ts";
import type { Drift, NotCompared } from "../../targets/drift/finding.ts";
import { inspectStack } from "../../targets/drift/inspect.ts";
import { compareStack } from "../../targets/drift/stack.ts";
import { dockerTypes } from "../../targets/resources.ts";
import { docker, root, TestStack } from "./harness.ts";

interface DriftJson {
  up: boolean;
  drift: Drift[];
  notCompared: NotCompared[];
  changedSinceUp: number;
  compared: Record<string, number>;
}

const mebibyte = 1024 * 1024;
const secretVariable = "KEY";

/** A small stack: the gateway, a service with secrets of its own, and the VPN it goes through. */
const settings = {
  include: ["keyholder", "traefik"],
  catalogs: [join(import.meta.dirname, "..", "targets", "drift", "catalog")],
  octet: 146,
  offset: 18000,
};

describe.skipIf(inject("noCompose") !== "")(
  "drift finds what was edited behind the embedded engine's back",
  () => {
    let stack: TestStack;
    let secret: string;

    beforeAll(async () => {
      stack = new TestStack("umstw", settings, "compose");
    });
    afterAll(() => stack.dispose());

    it("says plainly that a stack was never brought up", async () => {
      const run = await stack.ums("drift");
      expect(run.exitCode).toBe(1);
      expect(run.stdout).toContain("the stack umstw was never brought up here");
      const found = await stack.json<DriftJson>("drift");
      expect([found.up, found.drift]).toEqual([false, []]);
    });

    it("finds nothing on a fresh stack", async () => {
      const up = await stack.up();
      expect(up.exitCode, up.stderr).toBe(0);
      secret = await secretOf(stack);
      const run = await stack.ums("drift");
      expect(run.stdout).toContain("what runs is what is declared");
      expect(run.exitCode).toBe(0);
      const found = await stack.json<DriftJson>("drift");
      expect([found.drift, found.notCompared, found.changedSinceUp]).toEqual([[], [], 0]);
      expect(found.compared.property).toBeGreaterThan(250);
    });

    it("finds another image by its name", async () => {
      const [repo = "", tag = ""] = standinImage(root).split(":");
      await docker.getImage(`${repo}:${tag}`).tag({ repo, tag: "drifted" });
      const change = ({ Config }: Inspected) => {
        Config.Image = `${repo}:drifted`;
      };
      await edited(stack, "traefik", change, async () => expect(await found()).toEqual(["traefik image"]));
      await docker.getImage(`${repo}:drifted`).remove();
    });

    it("finds a variable, and shows no value of one that is secret", async () => {
      const change = ({ Config }: Inspected) => {
        Config.Env = Config.Env.map((line) => {
          if (line.startsWith(`${secretVariable}=`)) return `${secretVariable}=${"f00d".repeat(8)}`;
          return line.replace("TZ=Etc/UTC", "TZ=Europe/Berlin");
        }).concat("HTTPS_PROXY=http://user:hunter2@192.0.2.1");
      };
      await edited(stack, "keyholder", change, async () => {
        const { drift } = await stack.json<DriftJson>("drift");
        expect(drift.map(({ property, declared, running }) => [property, declared, running])).toEqual([
          ["env HTTPS_PROXY", null, "a value that is not shown"],
          [`env ${secretVariable}`, "a secret", "differs"],
          ["env TZ", "Etc/UTC", "Europe/Berlin"],
        ]);
        for (const words of [[], ["--json"]]) {
          const { stdout, stderr } = await stack.ums("drift", words);
          for (const value of [secret, "f00df00d", "hunter2"]) expect(stdout + stderr).not.toContain(value);
        }
      });
    });

    it("finds limits that were changed in place", async () => {
      const traefik = stack.container("traefik");
      const { HostConfig } = await traefik.inspect();
      const { Memory = 0, MemorySwap = 0, CpuQuota = 0, RestartPolicy } = HostConfig;
      const limit = 64 * mebibyte;
      await traefik.update({
        ...{ Memory: limit, MemorySwap: limit, CpuQuota: 50_000, PidsLimit: 100 },
        RestartPolicy: { Name: "always" },
      });
      const properties = await found();
      await traefik.update({ Memory, MemorySwap, CpuQuota, PidsLimit: 0, RestartPolicy });
      expect(properties).toEqual(
        ["cpuQuota", "memory", "memorySwap", "pidsLimit", "restart"].map((property) => `traefik ${property}`),
      );
      expect(await found()).toEqual([]);
    });

    it("finds a network that was joined", async () => {
      const stray = await docker.createNetwork({ Name: "umstw-stray", Internal: true });
      const Container = stack.container("gluetun").id;
      await stray.connect({ Container });
      const properties = await found();
      await stray.disconnect({ Container, Force: true });
      await stray.remove();
      expect(properties).toEqual(["gluetun network umstw-stray"]);
    });

    it("finds a network that was left, and joined again without its address and name", async () => {
      const name = "umstw-traefik_to_keyholder";
      const link = docker.getNetwork(name);
      const { Id: Container, NetworkSettings } = await stack.container("gluetun").inspect();
      const IPAMConfig = NetworkSettings.Networks[name]?.IPAMConfig as { IPv4Address: string };
      await link.disconnect({ Container, Force: true });
      const left = await stack.json<DriftJson>("drift");
      await link.connect({ Container });
      const joined = await stack.json<DriftJson>("drift");
      await link.disconnect({ Container, Force: true });
      await link.connect({ Container, EndpointConfig: { IPAMConfig, Aliases: ["keyholder"] } });
      const end = { name: "umstw-gluetun", property: `network ${name}` };
      const declared = `${IPAMConfig.IPv4Address} as keyholder`;
      expect(left.drift).toMatchObject([{ ...end, declared, running: null }]);
      expect(joined.drift).toMatchObject([{ ...end, declared, running: "no fixed address" }]);
      expect(await found()).toEqual([]);
    });

    it("finds a stranger in a network, and a container with the stack's label", async () => {
      const stranger = await docker.createContainer({
        name: "umstw-stranger",
        Image: standinImage(root),
        Entrypoint: ["/standin"],
        Cmd: ["serve", "--tcp", "80"],
        Labels: { "ums.stack": "umstw" },
        HostConfig: { NetworkMode: "umstw-dmz" },
      });
      await stranger.start();
      const properties = await found();
      await stranger.remove({ force: true });
      expect(properties).toEqual(["stranger state", "dmz container umstw-stranger"]);
    });

    it("finds mounts, capabilities and labels", async () => {
      const edits: Record<string, (inspected: Inspected) => void> = {
        "mount /host": ({ HostConfig }) => {
          HostConfig.Binds = ["/etc:/host:ro"];
        },
        "mount /certs": ({ HostConfig }) => {
          for (const mount of HostConfig.Mounts ?? [])
            if (mount.Target === "/certs") mount.Source = "umstw-other_certs";
        },
        "capabilities.drops": ({ HostConfig }) => {
          HostConfig.CapDrop = ["NET_RAW"];
        },
        "capabilities.adds": ({ HostConfig }) => {
          HostConfig.CapAdd = ["NET_ADMIN"];
        },
        "label ums.segment": ({ Config }) => {
          Config.Labels = { ...Config.Labels, "ums.segment": "media" };
        },
        "label added": ({ Config }) => {
          Config.Labels = { ...Config.Labels, added: "by hand" };
        },
      };
      await docker.createVolume({ Name: "umstw-other_certs", Labels: { "ums.stack": "umstw" } });
      for (const [property, edit] of Object.entries(edits)) {
        await edited(stack, "traefik", edit, async () => {
          // The stand-in refuses to run with more capabilities than declared, which is a difference of its own.
          const properties = (await found()).filter((one) => one !== "traefik state");
          expect(properties).toEqual([`traefik ${property}`]);
        });
      }
      expect(await found()).toEqual([]);
    });

    it("finds an edited file in a volume that a service only reads", async () => {
      const seed = docker.getContainer("umstw-keyholder_seed");
      const archive = pack();
      archive.entry({ name: "run/secrets/token", mode: 0o400 }, "another token");
      archive.entry({ name: "etc/keyholder/settings" }, "mode: loud\n");
      archive.finalize();
      await seed.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/seed" });
      const { drift } = await stack.json<DriftJson>("drift");
      const file = { name: "umstw-keyholder_seed", service: "keyholder" };
      expect(drift.filter(({ property }) => property.startsWith("file "))).toMatchObject([
        { ...file, property: "file /seed/etc/keyholder/settings" },
        { ...file, property: "file /seed/run/secrets/token", declared: "a secret", running: "differs" },
      ]);
      await seed.remove({ force: true });
      expect(await found()).toEqual(["keyholder_seed state"]);
      expect((await stack.up()).exitCode).toBe(0);
      expect(await found()).toEqual([]);
    });

    it("finds a seeded file that others may read, or that is another's", async () => {
      const seed = docker.getContainer("umstw-keyholder_seed");
      const archive = pack();
      archive.entry({ name: "etc/keyholder/settings", mode: 0o666, uid: 1000, gid: 1001 }, "mode: quiet\n");
      archive.finalize();
      await seed.putArchive(archive as unknown as NodeJS.ReadableStream, { path: "/seed" });
      const { drift } = await stack.json<DriftJson>("drift");
      const path = "/seed/etc/keyholder/settings";
      expect(drift.map(({ property, declared, running }) => [property, declared, running])).toEqual([
        [`mode ${path}`, "0444", "0666"],
        [`owner ${path}`, "1000:1000", "1000:1001"],
      ]);
      await seed.remove({ force: true });
      expect((await stack.up()).exitCode).toBe(0);
      expect(await found()).toEqual([]);
    });

    it("finds clients of a VPN that was started again, until the next up mends them", async () => {
      await stack.container("gluetun").restart();
      expect(await found()).toEqual(["keyholder networkMode"]);
      expect((await stack.up()).exitCode).toBe(0);
      expect(await found()).toEqual([]);
    });

    it("finds a service that does not run", async () => {
      await stack.container("traefik").stop();
      const run = await stack.ums("drift");
      expect(run.exitCode).toBe(1);
      expect(run.stdout).toMatch(/container umstw-traefik\n.*\n {2}state +running +exited/);
      await stack.container("traefik").start();
    });

    it("compares around secrets it cannot read, and says so", async () => {
      const env = { PULUMI_CONFIG_PASSPHRASE: "another" };
      const run = await stack.ums("drift", [], { env });
      expect(run.stdout).toMatch(/^\d+ secret values were not compared: the passphrase is wrong/m);
      expect(run.exitCode).toBe(0);
    });

    it("tells a changed declaration from a changed container", async () => {
      stack.configure({ ...settings, overrides: { traefik: { environment: { TZ: "Europe/Berlin" } } } });
      const run = await stack.ums("drift");
      stack.configure(settings);
      expect(run.exitCode).toBe(1);
      expect(run.stdout).toContain("env TZ");
      expect(run.stdout).toContain("1 resource is declared differently since the last up; run `ums plan`");
    });

    it("refuses a stack that is not there, and says when no engine answers", async () => {
      const words = ["--stack", "nowhere", "--stack-file", "Pulumi.nowhere.yaml"];
      expect((await stack.ums("drift", words)).exitCode).toBe(2);
      const run = await stack.ums("drift", [], { env: { DOCKER_HOST: "tcp://127.0.0.1:1" } });
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toContain("no Docker engine answers");
    });

    /** What differs, as `name property`, without the stack's name. */
    async function found(): Promise<string[]> {
      const { drift } = await stack.json<DriftJson>("drift");
      return drift.map(({ name, property }) => `${name.replace(/^umstw-/, "")} ${property}`);
    }
  },
);

describe.skipIf(inject("noPulumi") !== "")("drift on the Pulumi engine", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = new TestStack("umstx", { ...settings, octet: 150, offset: 19000 }, "pulumi");
    const up = await stack.up();
    expect(up.exitCode, up.stderr).toBe(0);
  });
  afterAll(() => stack.dispose());

  it("finds nothing on a fresh stack, its secrets compared", async () => {
    const found = await stack.json<DriftJson>("drift");
    expect([found.drift, found.notCompared]).toEqual([[], []]);
  });

  it("finds an edited variable, secret or not", async () => {
    const secret = await secretOf(stack);
    const change = ({ Config }: Inspected) => {
      Config.Env = Config.Env.map((line) =>
        line.startsWith(`${secretVariable}=`)
          ? `${secretVariable}=other`
          : line.replace("TZ=Etc/UTC", "TZ=UTC"),
      );
    };
    await edited(stack, "keyholder", change, async () => {
      const run = await stack.ums("drift", ["--json"]);
      expect(run.exitCode).toBe(1);
      expect(run.stdout + run.stderr).not.toContain(secret);
      const { drift } = JSON.parse(run.stdout) as DriftJson;
      expect(drift.map(({ name, property, running }) => [name, property, running])).toEqual([
        ["umstx-keyholder", `env ${secretVariable}`, "differs"],
        ["umstx-keyholder", "env TZ", "UTC"],
      ]);
    });
    expect((await stack.json<DriftJson>("drift")).drift).toEqual([]);
  });

  it("compares around secrets when the state cannot be decrypted", async () => {
    const run = await stack.ums("drift", [], { env: { PULUMI_CONFIG_PASSPHRASE: "another" } });
    expect(run.stdout).toMatch(/^\d+ secret values were not compared: .*passphrase/m);
    expect(run.exitCode).toBe(0);
  });
});

describe.skipIf(inject("noDocker") !== "")("what an image sets", () => {
  const name = "umstw-defaults";

  it("is no drift where the engine took it over", async () => {
    await buildImage(`${name}:1`, [
      `FROM ${standinImage(root)}`,
      "ENV PATH=/usr/bin TZ=Europe/Berlin",
      "LABEL org.opencontainers.image.title=Defaults",
      "VOLUME /anonymous",
      "WORKDIR /app",
      "STOPSIGNAL SIGQUIT",
      "USER 1000:1000",
      'ENTRYPOINT ["/standin"]',
      'CMD ["serve", "--tcp", "8080"]',
      'HEALTHCHECK --interval=30s --start-period=7s CMD ["/standin", "routes"]',
    ]);
    const inputs = {
      name,
      image: `${name}:1`,
      networkMode: "none",
      ...{ memory: 64, memorySwap: 64, cpuPeriod: 100_000, cpuQuota: 100_000, restart: "no" },
      ...{ logDriver: "json-file", logOpts: {}, envs: ["TZ=Etc/UTC"] },
      healthcheck: {
        tests: ["CMD", "/standin"],
        interval: "10s",
        timeout: "5s",
        startPeriod: "0s",
        retries: 3,
      },
      labels: [{ label: "ums.stack", value: name }],
    };
    const container = await docker.createContainer({
      name,
      Image: inputs.image,
      Env: inputs.envs,
      Labels: { "ums.stack": name },
      Healthcheck: {
        Test: inputs.healthcheck.tests,
        Interval: 10e9,
        Timeout: 5e9,
        StartPeriod: 0,
        Retries: 3,
      },
      HostConfig: {
        NetworkMode: "none",
        ...{ Memory: 64 * mebibyte, MemorySwap: 64 * mebibyte, CpuPeriod: 100_000, CpuQuota: 100_000 },
        LogConfig: { Type: "json-file", Config: {} },
      },
    });
    try {
      await container.start();
      const resource = {
        type: dockerTypes.container,
        name,
        custom: true,
        dependsOn: [],
        protect: false,
        retainOnDelete: false,
        inputs,
      };
      const program = { resources: [resource], outputs: {} };
      const inspected = await inspectStack(docker, name, program);
      const secrets = { inputsOf: () => undefined, why: "there are none" };
      expect(compareStack(program, inspected, secrets).drift).toEqual([]);
    } finally {
      await container.remove({ force: true, v: true });
      await docker.getImage(`${name}:1`).remove();
    }
  });
});

/** Value of the stack's one secret variable, as it runs. */
async function secretOf(stack: TestStack): Promise<string> {
  const { Config } = await stack.container("keyholder").inspect();
  const value = Config.Env.find((line) => line.startsWith(`${secretVariable}=`))?.slice(
    secretVariable.length + 1,
  );
  expect(value).toMatch(/^[0-9a-f]{32}$/);
  return value ?? "";
}

type Inspected = Docker.ContainerInspectInfo & {
  HostConfig: { Mounts?: { Source: string; Target: string }[] };
};

/** Works with a container that somebody made anew with a change, as with `docker run`; afterwards it is as before. */
async function edited(
  stack: TestStack,
  service: string,
  change: (inspected: Inspected) => void,
  work: () => Promise<void>,
): Promise<void> {
  const before = await stack.container(service).inspect();
  const changed = structuredClone(before) as Inspected;
  change(changed);
  try {
    await makeAnew(changed);
    await work();
  } finally {
    await makeAnew(before);
  }
}

async function makeAnew({
  Id,
  Name,
  Config,
  HostConfig,
  NetworkSettings,
}: Docker.ContainerInspectInfo): Promise<void> {
  const name = Name.slice(1);
  await docker
    .getContainer(name)
    .remove({ force: true })
    .catch(() => {});
  const { Hostname, ...config } = Config;
  const ends = Object.fromEntries(
    Object.entries(NetworkSettings.Networks).map(([network, { IPAMConfig, Aliases }]) => [
      network,
      { IPAMConfig, Aliases: (Aliases as string[]).filter((alias) => alias !== Id.slice(0, 12)) },
    ]),
  );
  const { NetworkMode: mode = "" } = HostConfig;
  const container = await docker.createContainer({
    ...config,
    name,
    HostConfig,
    NetworkingConfig: { EndpointsConfig: mode in ends ? { [mode]: ends[mode] ?? {} } : {} },
  });
  if (mode === "bridge") await docker.getNetwork(mode).disconnect({ Container: container.id, Force: true });
  for (const [network, EndpointConfig] of Object.entries(ends))
    if (network !== mode)
      await docker.getNetwork(network).connect({ Container: container.id, EndpointConfig });
  await container.start();
}

async function buildImage(tag: string, lines: readonly string[]): Promise<void> {
  const context = pack();
  context.entry({ name: "Dockerfile" }, lines.join("\n"));
  context.finalize();
  const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: tag });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
}
