import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { secretValue } from "../../../stacks/configure/fixtures.ts";
import { prometheus as configOf, configured } from "../../../stacks/configure/monitoring/stack.ts";
import { makeNetwork, noReal, type RunningProgram, realProgram, removeTest, startReal } from "../real.ts";
import { everything, generated } from "./stacks.ts";
import { containerOf, giveNames, startStandIns } from "./standins.ts";

const programs = ["prometheus", "blackbox-exporter", "nginx"].map(realProgram);
const missing = (await Promise.all(programs.map(noReal))).find((why) => why !== "") ?? "";

const network = "umsmetrics";
const of = everything();
const config = configOf(of);
const prober = configured(of, "blackbox");
const unguarded = "sonarr.media.localhost";
/** A service that is in the stack and does not run. */
const gone = "redis-exporter";

interface Target {
  labels: Record<string, string>;
  scrapePool: string;
  health: string;
  lastError: string;
}

/** Prometheus and the blackbox exporter, real, over a stack that one nginx stands in for. */
describe.skipIf(missing)("Prometheus over the whole stack", () => {
  const running: RunningProgram[] = [];
  let collector: RunningProgram;
  let standIns: RunningProgram;
  const get = async (path: string, parameters: Record<string, string> = {}) => {
    const words = Object.entries(parameters).flatMap(([key, value]) => [
      "--data-urlencode",
      `${key}=${value}`,
    ]);
    const url = `http://${collector.address}:9090${path}`;
    const { output } = await standIns.exec(["curl", "-sS", "-G", ...words, url]);
    return (JSON.parse(output) as { data: unknown }).data;
  };
  const targets = async () =>
    ((await get("/api/v1/targets", { state: "active" })) as { activeTargets: Target[] }).activeTargets;
  const query = async (expression: string) =>
    (
      (await get("/api/v1/query", { query: expression })) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      }
    ).result;

  beforeAll(async () => {
    await makeNetwork(network);
    const id = (digit: string) => digit.repeat(64);
    const sonarr = containerOf(of.stack, "sonarr", id("a"));
    const radarr = containerOf(of.stack, "radarr", id("b"));
    const lidarr = containerOf(of.stack, "lidarr", id("c"));
    const endpoints = config.scrape_configs
      .flatMap(({ static_configs }) => static_configs)
      .flatMap(({ targets }) => targets)
      .map((target) => ({ host: target.split(":")[0] ?? "", port: Number(target.split(":")[1]) }))
      .filter(({ host }) => host !== "127.0.0.1" && host !== prober && host !== gone);
    standIns = await startStandIns({
      network,
      endpoints: [...endpoints, { host: "gluetun", port: 8000 }],
      gateway: { host: "traefik", port: 443 },
      unguarded,
      engine: {
        host: "socket-proxy",
        port: 2375,
        listed: [sonarr, radarr, lidarr],
        running: [sonarr, radarr],
        healthy: [sonarr, lidarr],
      },
      guarded: { port: 4000, token: secretValue(of, "medianest-backend/metrics-token") },
      vpn: {
        port: 8000,
        path: "/v1/publicip/ip",
        header: "X-API-Key",
        key: secretValue(of, "gluetun/control-key"),
        answer: '{"public_ip":"198.51.100.9","country":"Elsewhere"}',
      },
    });
    running.push(standIns);
    const blackbox = await startReal(realProgram("blackbox-exporter"), {
      name: `${network}-prober`,
      network,
      files: generated(of, "blackbox"),
    });
    running.push(blackbox);
    await giveNames(blackbox, network, [prober]);
    collector = await startReal(realProgram("prometheus"), {
      name: `${network}-prometheus`,
      network,
      files: generated(of, "prometheus"),
      tmpfs: ["/prometheus"],
      command: [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--web.external-url=https://prometheus.media.localhost",
      ],
    });
    running.push(collector);
    const pools = new Set(config.scrape_configs.map(({ job_name }) => job_name));
    await vi.waitFor(
      async () => {
        const found = await targets();
        const isJudged = ({ health, scrapePool }: Target) =>
          health !== "unknown" || scrapePool === "probe/certificates";
        const open = found.filter((target) => !isJudged(target)).map(({ scrapePool }) => scrapePool);
        const seen = new Set(found.map(({ scrapePool }) => scrapePool));
        expect([...open, ...[...pools].filter((name) => !seen.has(name))]).toEqual([]);
      },
      { timeout: 8 * 60_000, interval: 5_000 },
    );
  });
  afterAll(async () => {
    for (const program of running.reverse()) await program.stop();
    await removeTest(network);
  });

  it("has every declared target, up, or names why not", async () => {
    const own = async () =>
      (await targets()).filter(({ scrapePool }) => !/^(docker|probe)\//.test(scrapePool));
    const wanted = config.scrape_configs
      .map(({ job_name }) => job_name)
      .filter((name) => !/^(docker|probe)\//.test(name));
    expect((await own()).map(({ scrapePool }) => scrapePool).sort()).toEqual(wanted.sort());
    const down = async () => (await own()).filter(({ health }) => health !== "up");
    await expect
      .poll(down)
      .toMatchObject([{ labels: { service: gone }, lastError: expect.stringContaining(gone) }]);
  });

  it("shows a token to who asks for it", async () => {
    await expect
      .poll(() => query('up{service="medianest-backend"}'))
      .toMatchObject([{ value: [expect.anything(), "1"] }]);
  });

  it("labels every target with its service, segment and category", async () => {
    for (const { labels } of await targets()) {
      const service = of.services.find(({ name }) => name === labels.service);
      expect([labels.segment, labels.category]).toEqual([
        labels.job?.startsWith("docker/") ? "media" : service?.segment,
        service?.category,
      ]);
    }
  });

  it("probes every route: turned away where there is a sign-in, and told where there is none", async () => {
    const probed = await query('probe_success{job="probe/routes"}');
    expect(probed).toHaveLength(
      config.scrape_configs.find(({ job_name }) => job_name === "probe/routes")?.static_configs.length ?? 0,
    );
    const only = [{ metric: { instance: `https://${unguarded}/` } }];
    await expect.poll(() => query('probe_success{job="probe/routes"} == 0')).toMatchObject(only);
    const open = 'probe_http_status_code{job="probe/routes", checks="sign-in"} > 0 < 400';
    await expect.poll(() => query(open)).toMatchObject(only);
  });

  it("does not take a certificate that nobody signed", async () => {
    const verified = () => query('probe_success{job="probe/certificates"}');
    // They take turns within two minutes.
    await expect.poll(verified, { timeout: 180_000, interval: 5_000 }).not.toEqual([]);
    expect((await verified()).filter(({ value }) => value[1] !== "0")).toEqual([]);
  });

  it("asks the VPN for its address with the key, and compares it with the household's", async () => {
    const answers = async () =>
      (await query('probe_success{job="probe/vpn"}'))
        .map(({ metric, value }) => [metric.checks, value[1]])
        .sort();
    await expect.poll(answers).toEqual([
      ["address", "1"],
      ["leak", "1"],
    ]);
  });

  it("knows from the engine what is listed, what runs and what is healthy", async () => {
    const services = async (expression: string) =>
      (await query(expression)).map(({ metric }) => metric.service).sort();
    const lists = () =>
      Promise.all(["listed", "running", "healthy"].map((list) => services(`ums_container_${list}`)));
    // Each container of each list is scraped at a moment of its own: an evaluation in between has one list whole and
    // another in part.
    await expect.poll(lists, { timeout: 120_000, interval: 5_000 }).toEqual([
      ["lidarr", "radarr", "sonarr"],
      ["radarr", "sonarr"],
      ["lidarr", "sonarr"],
    ]);
    await expect
      .poll(() => services('ALERTS{alertname="ServiceUnhealthy"}'), { timeout: 120_000, interval: 5_000 })
      .toEqual(["radarr"]);
  });

  it("evaluates every rule", async () => {
    const rules = async () =>
      (
        (await get("/api/v1/rules")) as {
          groups: { rules: { name: string; health: string; lastError?: string }[] }[];
        }
      ).groups.flatMap((group) => group.rules);
    expect((await rules()).length).toBeGreaterThan(100);
    await expect
      .poll(async () => (await rules()).filter(({ health }) => health !== "ok"), {
        timeout: 180_000,
        interval: 5_000,
      })
      .toEqual([]);
  });
});
