import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { buildStandinImage } from "../../rehearsal/build.ts";
import { docker, root, TestStack, until } from "./harness.ts";

/** A prober writes what becomes of each line it is given, once it was given all. */
const line = (id: number) => `${id} tcp 127.0.0.1 9 500 1\n`;

describe.skipIf(inject("noDocker") !== "")("ums logs", () => {
  let stack: TestStack;
  let talker: Docker.Container;

  beforeAll(async () => {
    const Image = await buildStandinImage(root, docker);
    stack = new TestStack("umsex3", { include: ["sonarr"], octet: 192, offset: 27000 }, "compose");
    talker = await docker.createContainer({
      name: "umsex3-talker",
      Image,
      Entrypoint: ["/standin"],
      Cmd: ["probe", "-"],
      Labels: { "ums.stack": "umsex3", "ums.service": "talker" },
      OpenStdin: true,
      StdinOnce: true,
      HostConfig: { NetworkMode: "none" },
    });
  });
  afterAll(() => stack.dispose());

  async function talk(id: number) {
    const input = await talker.attach({ stream: true, hijack: true, stdin: true });
    input.end(line(id));
    await talker.wait();
  }

  /** Starts to follow, and resolves once the text was shown. */
  async function follow(shown: string) {
    const process = stack.follow("logs", ["talker", "--follow"]);
    let text = "";
    process.stdout.on("data", (chunk: Buffer) => {
      text += String(chunk);
    });
    await until(`${shown} is shown`, async () => text.includes(shown));
    return { process, text: () => text };
  }

  it("shows what was written, and follows what is written until the container ends", async () => {
    await talker.start();
    await talk(1);
    expect((await stack.ums("logs", ["talker"])).stdout).toContain("1 refused");
    expect((await stack.ums("logs", ["talker", "--tail", "0"])).stdout).toBe("");
    await talker.start();
    const following = await follow("1 refused");
    expect(following.text()).not.toContain("2 refused");
    await talk(2);
    expect((await following.process).exitCode).toBe(0);
    expect(following.text()).toContain("2 refused");
  });

  it("follows until it is interrupted, which is no failure", async () => {
    await talker.start();
    const { process } = await follow("2 refused");
    process.kill("SIGINT");
    expect((await process).exitCode).toBe(0);
    expect((await talker.inspect()).State.Running).toBe(true);
  });

  it("needs no config that is right", async () => {
    stack.configure({ include: ["no-such-service"], octet: 192, offset: 27000 });
    expect((await stack.ums("logs", ["talker"])).stdout).toContain("2 refused");
    const unknown = await stack.ums("logs", ["talked"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      'no service "talked" has a container, did you mean "talker"?',
    ]);
  });
});
