import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  makeNetwork,
  noReal,
  type RunningProgram,
  realProgram,
  removeTest,
  runOnce,
  startReal,
} from "../real.ts";
import { everything, generated } from "./stacks.ts";

const program = realProgram("alertmanager");
const missing = await noReal(program);
const files = generated(everything(), "alertmanager");
const network = "umsalerts";
const api = "--alertmanager.url=http://127.0.0.1:9093";

describe.skipIf(missing)("Alertmanager", () => {
  it.each([
    ["critical", "people,hook,chat"],
    ["warning", "people,hook,phone"],
    ["info", "phone"],
    ["none", "(nobody)"],
  ])("routes alerts of severity %s to %s", async (severity, receivers) => {
    const { exitCode, output } = await runOnce(program, {
      files,
      command: [
        "amtool",
        "config",
        "routes",
        "test",
        "--config.file=/etc/alertmanager/alertmanager.yml",
        `--verify.receivers=${receivers}`,
        `severity=${severity}`,
      ],
    });
    // Beside a warning, which comes before or after.
    expect(output.split("\n")).toContain(receivers);
    expect(exitCode).toBe(0);
  });

  describe("running", () => {
    let running: RunningProgram;
    const amtool = async (...words: string[]) => {
      const { exitCode, output } = await running.exec(["amtool", api, ...words]);
      if (exitCode !== 0) throw new Error(output);
      return output;
    };
    /** Fires an alert; labels as name=value. */
    const fire = (...labels: string[]) => amtool("alert", "add", ...labels);
    /** Names and services of the alerts that are kept back. */
    const kept = async () => {
      const found = JSON.parse(await amtool("alert", "query", "--inhibited", "-o", "json")) as {
        labels: Record<string, string>;
        status: { state: string; inhibitedBy: string[] };
      }[];
      return found
        .filter(({ status }) => status.inhibitedBy.length > 0)
        .map(({ labels }) => `${labels.alertname} ${labels.service}`)
        .sort();
    };

    beforeAll(async () => {
      await makeNetwork(network);
      running = await startReal(program, {
        name: `${network}-alertmanager`,
        network,
        files,
        tmpfs: ["/alertmanager"],
        command: [
          "--config.file=/etc/alertmanager/alertmanager.yml",
          "--storage.path=/alertmanager",
          "--cluster.listen-address=",
          "--web.external-url=https://alerts.media.localhost",
        ],
      });
      await vi.waitFor(() => amtool("cluster", "show"), { timeout: 60_000, interval: 500 });
    });
    afterAll(async () => {
      await running?.stop();
      await removeTest(network);
    });

    it("has every secret in a file that it can read", async () => {
      for (const path of [...files.keys()].filter((one) => one.startsWith("/run/secrets/"))) {
        const { exitCode, output } = await running.exec(["cat", path]);
        expect({ exitCode, output }).toEqual({ exitCode: 0, output: files.get(path) });
      }
    });

    it("keeps back what follows from a dead provider, and nothing else", async () => {
      const down = (service: string) =>
        fire("alertname=ServiceDown", `service=${service}`, "severity=critical", "concern=availability");
      for (const service of ["grafana", "postgres-exporter", "jellyfin", "prowlarr"]) await down(service);
      await fire("alertname=HighMemoryUsage", "service=grafana", "severity=warning", "concern=capacity");
      expect(await kept()).toEqual([]);
      await down("postgres");
      await expect
        .poll(kept)
        .toEqual(["ServiceDown grafana", "ServiceDown postgres-exporter", "ServiceDown prowlarr"]);
    });

    it("keeps back routes while the gateway is down", async () => {
      await fire(
        "alertname=RouteDown",
        "service=kavita",
        "access=user",
        "severity=critical",
        "concern=availability",
      );
      expect(await kept()).not.toContain("RouteDown kavita");
      await fire("alertname=ServiceDown", "service=traefik", "severity=critical", "concern=availability");
      await expect.poll(kept).toContain("RouteDown kavita");
    });

    it("keeps back the lesser alert about one thing", async () => {
      const expiring = [
        "alertname=CertificateExpiring",
        "service=kavita",
        "instance=books",
        "concern=security",
      ];
      await fire(...expiring, "severity=warning");
      await fire(...expiring, "severity=critical");
      await expect.poll(kept).toContain("CertificateExpiring kavita");
    });
  });
});
