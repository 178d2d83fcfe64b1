import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeNetwork, noReal, type RunningProgram, realProgram, removeTest, startReal } from "../real.ts";
import { everything, generated } from "./stacks.ts";

const missing = (await Promise.all(["loki", "nginx"].map((name) => noReal(realProgram(name))))).find(
  (why) => why !== "",
);
const network = "umslogs";

describe.skipIf(missing)("Loki", () => {
  let loki: RunningProgram;
  let reader: RunningProgram;
  const curl = async (...words: string[]) => {
    const { exitCode, output } = await reader.exec(["curl", "-sSf", ...words]);
    if (exitCode !== 0) throw new Error(output);
    return output;
  };
  const url = (path: string) => `http://${loki.address}:3100${path}`;

  beforeAll(async () => {
    await makeNetwork(network);
    reader = await startReal(realProgram("nginx"), {
      name: `${network}-reader`,
      network,
      files: new Map(),
      command: ["sh", "-c", "trap exit TERM; sleep 3600 & wait"],
    });
    loki = await startReal(realProgram("loki"), {
      name: `${network}-loki`,
      network,
      files: generated(everything(), "loki"),
      user: "10001:10001",
      tmpfs: ["/loki"],
    });
    await vi.waitFor(() => curl(url("/ready")), { timeout: 180_000, interval: 2_000 });
  });
  afterAll(async () => {
    await loki?.stop();
    await reader?.stop();
    await removeTest(network);
  });

  it("passes its own health check", async () => {
    expect((await loki.exec(["/usr/bin/loki", "-health"])).exitCode).toBe(0);
  });

  it("keeps lines and finds them by the labels that Alloy gives them", async () => {
    const stream = { service: "sonarr", segment: "media", stack: "test" };
    const line = JSON.stringify({
      streams: [{ stream, values: [[`${Date.now()}000000`, "found a film"]] }],
    });
    await curl("-H", "Content-Type: application/json", "-d", line, url("/loki/api/v1/push"));
    const find = async () => {
      const text = await curl(
        "-G",
        "--data-urlencode",
        'query={service="sonarr", segment="media"} |= "film"',
        url("/loki/api/v1/query_range"),
      );
      return (JSON.parse(text) as { data: { result: { values: [string, string][] }[] } }).data.result.flatMap(
        ({ values }) => values.map(([, written]) => written),
      );
    };
    await expect.poll(find).toEqual(["found a film"]);
  });

  it("deletes what is older than the stack's config says", async () => {
    const settings = await curl(url("/config"));
    expect(settings).toMatch(/retention_enabled: true/);
    expect(settings).toMatch(/retention_period: 31d|retention_period: 744h/);
  });
});
