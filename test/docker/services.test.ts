import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { stackVolumes } from "../../targets/docker/host.ts";
import { docker, readMarker, root, type StackSettings, TestStack, writeMarker } from "./harness.ts";

describe.skipIf(inject("noCompose") !== "")("the services of a running stack", () => {
  let stack: TestStack;
  const stateOf = async (service: string) => (await stack.container(service).inspect()).State.Status;

  beforeAll(async () => {
    stack = new TestStack("umsserv", { include: ["sonarr", "kavita"], octet: 208, offset: 21000 }, "compose");
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
  });
  afterAll(() => stack.dispose());

  it("are not stopped under those that cannot do without them", async () => {
    const run = await stack.ums("stop", ["gluetun"]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(
      "qbittorrent, sonarr run and cannot do without gluetun; --cascade stops them, too",
    );
    expect(await stateOf("gluetun")).toBe("running");
  });

  it("stop with their dependants, and start after what they need", async () => {
    const stopped = await stack.ums("stop", ["gluetun", "--cascade"]);
    expect(stopped.stdout).toBe("stopped: gluetun, qbittorrent, sonarr");
    expect(await stateOf("sonarr")).toBe("exited");
    const started = await stack.ums("start", ["sonarr"]);
    expect(started.exitCode, started.stderr).toBe(0);
    expect(started.stdout).toBe("started: gluetun, qbittorrent, sonarr");
    const { services } = await stack.json<{ services: { name: string; state: string }[] }>("status");
    expect(services.filter(({ state }) => state !== "healthy")).toEqual([]);
  });

  it("restart, and a client of the VPN is in its new network namespace", async () => {
    const run = await stack.ums("restart", ["gluetun", "--cascade"]);
    expect(run.exitCode, run.stderr).toBe(0);
    const vpn = await stack.container("gluetun").inspect();
    const client = await stack.container("qbittorrent").inspect();
    expect(Date.parse(client.State.StartedAt)).toBeGreaterThan(Date.parse(vpn.State.StartedAt));
  });

  it("show what they wrote", async () => {
    const run = await stack.ums("logs", ["sonarr", "--tail", "1"]);
    expect(run.stdout).toMatch(/^sonarr listening: .*8989/);
    expect((await stack.ums("logs", ["sonar"])).stderr).toContain('did you mean "sonarr"?');
  });

  it("leave their data behind, which is taken up again or deleted by its name", async () => {
    const volume = "umsserv-kavita_config";
    await writeMarker(volume, "kept");
    expect((await stack.ums("remove", ["kavita"])).stdout).toContain(`its data stays in ${volume}`);
    expect(readFileSync(stack.file, "utf8")).not.toContain("kavita");
    expect((await stack.up()).exitCode).toBe(0);
    const listed = await stack.json<{ name: string; declared: boolean }[]>("volumes");
    expect(listed.filter(({ declared }) => !declared).map(({ name }) => name)).toEqual([volume]);

    expect((await stack.ums("add", ["kavita"])).stdout).toContain("joins the stack: kavita");
    expect((await stack.up()).exitCode).toBe(0);
    expect(await readMarker(volume)).toBe("kept");
    expect((await stack.ums("volumes", ["--delete", volume], { input: `${volume}\n` })).exitCode).toBe(2);

    expect((await stack.ums("remove", ["kavita"])).exitCode).toBe(0);
    const early = await stack.ums("volumes", ["--delete", volume], { input: `${volume}\n` });
    expect(early.stderr).toContain(
      `${volume} still belongs to a container, so it was not removed\n  fix: npx ums up --stack umsserv first`,
    );
    expect(early.exitCode).toBe(3);
    expect((await stack.up()).exitCode).toBe(0);
    const wrong = await stack.ums("volumes", ["--delete", volume], { input: "kavita\n" });
    expect(wrong.stderr).toContain("nothing was removed");
    expect(await stackVolumes(docker, "umsserv")).toContain(volume);
    const right = await stack.ums("volumes", ["--delete", volume], { input: `${volume}\n` });
    expect(right.exitCode, right.stderr).toBe(0);
    expect(await stackVolumes(docker, "umsserv")).not.toContain(volume);
  });
});

describe.skipIf(inject("noPulumi") !== "")("a service of a stack with real data, on Pulumi", () => {
  let stack: TestStack;
  const volume = "umsheld-shelf_config";
  const up = async () => {
    const run = await stack.up();
    expect(run.exitCode, run.stderr).toBe(0);
  };
  const running = async () => Object.keys(await stack.identities());

  beforeAll(async () => {
    const settings: StackSettings = {
      environment: "staging",
      include: ["lamp", "shelf"],
      catalogs: [join(root, "test", "docker", "catalog")],
      octet: 212,
      offset: 22000,
    };
    stack = new TestStack("umsheld", settings, "pulumi");
    await up();
    await writeMarker(volume, "kept");
  });
  afterAll(() => stack.dispose());

  it("is removed, leaves its protected data behind, and takes it up again", async () => {
    expect((await stack.ums("remove", ["shelf"])).exitCode).toBe(0);
    await up();
    expect(await running()).toEqual(["lamp"]);
    expect(await readMarker(volume)).toBe("kept");
    expect((await stack.ums("add", ["shelf"])).exitCode).toBe(0);
    await up();
    expect(await running()).toEqual(["lamp", "shelf"]);
    expect(await readMarker(volume)).toBe("kept");
  });
});
