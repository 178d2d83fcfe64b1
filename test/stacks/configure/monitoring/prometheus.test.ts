import { describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, service } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf, secretValue } from "../fixtures.ts";
import { configured, job, prometheus, tunnel, watched, watchers } from "./stack.ts";

/** Jobs that read what a service measures itself. */
const isOwn = ({ job_name }: { job_name: string }) => !/^(docker|probe)\//.test(job_name);

describe.each(["dev", "prod", "staging"])("the jobs of stack %s", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);
  const config = prometheus(of);
  const collector = configured(of, "prometheus");

  it("are every endpoint of every record, and nothing else", () => {
    const wanted = of.services.flatMap(({ name, metrics }) => {
      const host = name === collector ? "127.0.0.1" : name;
      return [...(metrics ? [metrics] : []), ...(metrics?.also ?? [])].map(({ port }) => `${host}:${port}`);
    });
    const found = config.scrape_configs
      .filter(isOwn)
      .flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets));
    expect(found.sort()).toEqual(wanted.sort());
    expect(found.length).toBeGreaterThan(3);
  });

  it("label every target with a service of the stack, its segment and its category", () => {
    for (const { static_configs } of config.scrape_configs) {
      for (const { labels } of static_configs) {
        const of_ = found(
          of.services.find(({ name }) => name === labels.service),
          labels.service ?? "a label",
        );
        expect(labels).toMatchObject({ segment: of_.segment, category: of_.category });
      }
    }
  });

  it("call only what the collector, and what the prober, is linked to", () => {
    const linked = (consumer: string, host: string) =>
      host === "127.0.0.1" || of.links.some((link) => link.consumer === consumer && link.provider === host);
    for (const { static_configs } of config.scrape_configs) {
      for (const { targets, labels } of static_configs) {
        for (const target of targets) expect(linked(collector, target.split(":")[0] ?? "")).toBe(true);
        const probed = labels.__param_target;
        if (probed === undefined) continue;
        const host = new URL(probed.includes("://") ? probed : `tcp://${probed}`).hostname;
        expect(linked(configured(of, "blackbox"), host)).toBe(true);
      }
    }
  });

  it("measure every 15 seconds, and say of which stack it is", () => {
    expect(config.global).toEqual({
      scrape_interval: "15s",
      evaluation_interval: "15s",
      external_labels: { stack },
    });
  });
});

describe.each(["dev", "prod"])("the probes of stack %s", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);

  it("meet every route under its public name through the gateway", () => {
    const hosts = of.services.flatMap(({ route }) => (route ? [new URL(route.url).hostname] : []));
    const probed = job(of, "probe/routes").static_configs.map(({ labels }) => labels.__param_hostname);
    expect(new Set(probed)).toEqual(new Set(hosts));
    const certificates = job(of, "probe/certificates").static_configs;
    expect(certificates.map(({ labels }) => labels.__param_hostname).sort()).toEqual(hosts.sort());
  });

  it("expect to be turned away where a route is behind the sign-in", () => {
    for (const { name, route } of of.services) {
      if (!route || route.access === "public" || route.bypass.some(({ path }) => path === "/")) continue;
      const own = job(of, "probe/routes").static_configs.filter(({ labels }) => labels.service === name);
      expect(own.map(({ labels }) => labels.__param_module)).toContain("route-protected");
    }
  });
});

const app = (more: RecordFields = {}): RecordFields => ({
  category: "streaming",
  segment: "media",
  ports: listensOn(80),
  metrics: { port: 80 },
  ...more,
});

it("a new record appears with no other change", () => {
  const before = prometheus(watched());
  const after = prometheus(watched({ app: app() }));
  expect(after.scrape_configs.filter(isOwn).map(({ job_name }) => job_name)).toEqual(["app", "watcher"]);
  expect(before.scrape_configs.filter(isOwn).map(({ job_name }) => job_name)).toEqual(["watcher"]);
  expect(job(watched({ app: app() }), "app")).toEqual({
    job_name: "app",
    metrics_path: "/metrics",
    static_configs: [
      { targets: ["app:80"], labels: { service: "app", segment: "media", category: "streaming" } },
    ],
  });
});

it("a service's further endpoints are jobs of their own with the same labels", () => {
  const of = watched({
    app: app({
      ports: listensOn(80, 81),
      metrics: { port: 80, path: "/m", also: [{ name: "jobs", port: 81 }], honorLabels: true },
    }),
  });
  const common = { honor_labels: true };
  const labels = { service: "app", segment: "media", category: "streaming" };
  expect(job(of, "app")).toEqual({
    job_name: "app",
    metrics_path: "/m",
    ...common,
    static_configs: [{ targets: ["app:80"], labels }],
  });
  expect(job(of, "app/jobs")).toEqual({
    job_name: "app/jobs",
    metrics_path: "/metrics",
    ...common,
    static_configs: [{ targets: ["app:81"], labels }],
  });
  expect(
    of.links.find(({ consumer, provider }) => consumer === "watcher" && provider === "app")?.uses,
  ).toHaveLength(2);
});

it("a token is a file of its own, readable by the collector alone, and nowhere else", () => {
  const of = watched({
    app: app({ secrets: [{ name: "token", generate: "hex" }], metrics: { port: 80, bearer: "token" } }),
  });
  const path = "/run/secrets/metrics/app";
  expect(job(of, "app")).toMatchObject({ authorization: { credentials_file: path } });
  expect(filesOf(of, "watcher").get(path)).toBe(secretValue(of, "app/token"));
  const file = found(
    service(of, "watcher").files.find((one) => one.path === path),
    path,
  );
  expect(file.mode).toBe("0400");
  expect(filesOf(of, "watcher").get("/etc/prometheus/prometheus.yml")).not.toContain(
    secretValue(of, "app/token"),
  );
});

it("a service in a VPN's network namespace is measured under its own name", () => {
  const of = watched({ tunnel, app: app({ segment: "downloads", through: "tunnel" }) });
  expect(job(of, "app").static_configs.map(({ targets }) => targets)).toEqual([["app:80"]]);
});

describe("routes", () => {
  const routed = (route: RecordFields["route"], more: RecordFields = {}) => {
    const of = watched({ app: app({ ...(route ? { route } : {}), ...more }) });
    return job(of, "probe/routes").static_configs;
  };
  const health = { http: { port: 80, path: "/ready" }, command: ["true"] };

  it("behind the sign-in turn a visitor away", () => {
    expect(routed({ subdomain: "app", port: 80, access: "user" }, { health })).toEqual([
      {
        targets: ["prober:9115"],
        labels: {
          __param_module: "route-protected",
          __param_target: "https://door:8443/",
          __param_hostname: "app.media.localhost",
          instance: "https://app.media.localhost/",
          service: "app",
          segment: "media",
          category: "streaming",
          access: "user",
          checks: "sign-in",
        },
      },
    ]);
  });

  it("for anyone answer at their health path, or with anything but an error", () => {
    const open = { subdomain: "app", port: 80, access: "public", reason: "a test" } as const;
    const modules = (configs: ReturnType<typeof routed>) =>
      configs.map(({ labels }) => [labels.__param_module, labels.__param_target, labels.checks]);
    expect(modules(routed(open, { health }))).toEqual([
      ["route-health", "https://door:8443/ready", "service"],
    ]);
    expect(modules(routed(open))).toEqual([["route-open", "https://door:8443/", "service"]]);
  });

  it("whose health path needs no sign-in are asked for both", () => {
    const bypass = [{ path: "/ready", reason: "a test" }];
    const probes = routed({ subdomain: "app", port: 80, access: "user", bypass }, { health });
    expect(probes.map(({ labels }) => labels.checks)).toEqual(["service", "sign-in"]);
  });

  it("on the domain itself have its name", () => {
    const [probe] = routed({ subdomain: "@", port: 80, access: "user" });
    expect(probe?.labels.__param_hostname).toBe("media.localhost");
  });

  it("are not probed without a prober, or without a gateway it is linked to", () => {
    const route = { subdomain: "app", port: 80, access: "user" } as const;
    const jobs = (more: Record<string, RecordFields | undefined>) =>
      prometheus(watched({ app: app({ route }), ...more })).scrape_configs.map(({ job_name }) => job_name);
    expect(jobs({})).toContain("probe/routes");
    const unlinked = { ...watchers.prober, links: [] };
    for (const less of [{ prober: unlinked }, { watcher: { ...watchers.watcher, links: [] } }]) {
      expect(jobs(less)).not.toContain("probe/routes");
      expect(jobs(less)).not.toContain("probe/certificates");
    }
  });
});

describe("a VPN", () => {
  const probes = (homeAddresses: string[]) =>
    job(watched({ tunnel }, { config: { alerts: { homeAddresses } } }), "probe/vpn").static_configs;

  it("is asked for its public address", () => {
    expect(probes([])).toEqual([
      {
        targets: ["prober:9115"],
        labels: {
          __param_module: "address-tunnel",
          __param_target: "http://tunnel:8000/ip",
          instance: "http://tunnel:8000/ip",
          service: "tunnel",
          segment: "downloads",
          category: "downloads",
          checks: "address",
        },
      },
    ]);
  });

  it("is compared with the household's addresses where the config has some", () => {
    expect(probes(["203.0.113.7"]).map(({ labels }) => labels.__param_module)).toEqual([
      "address-tunnel",
      "leak-tunnel",
    ]);
  });
});

describe("the engine's containers", () => {
  const jobs = (more: Record<string, RecordFields | undefined> = {}) =>
    prometheus(watched(more)).scrape_configs.filter(({ job_name }) => job_name.startsWith("docker/"));

  it("are listed three times: all, those that run, those that are healthy; of this stack alone", () => {
    const asked = jobs().map(({ job_name, docker_sd_configs }) => ({ job_name, docker_sd_configs }));
    const asks = (filters: { name: string; values: string[] }[]) => [
      {
        host: "tcp://engine:2375",
        refresh_interval: "30s",
        filters: [{ name: "label", values: ["ums.stack=test"] }, ...filters],
      },
    ];
    expect(asked).toEqual([
      { job_name: "docker/listed", docker_sd_configs: asks([]) },
      { job_name: "docker/running", docker_sd_configs: asks([{ name: "status", values: ["running"] }]) },
      {
        job_name: "docker/healthy",
        docker_sd_configs: asks([{ name: "health", values: ["healthy", "none", "starting"] }]),
      },
    ]);
  });

  it("are never called: the target is Prometheus itself", () => {
    for (const { relabel_configs, metrics_path, params } of jobs()) {
      expect(relabel_configs).toContainEqual({ target_label: "__address__", replacement: "127.0.0.1:9090" });
      expect({ metrics_path, params }).toEqual({
        metrics_path: "/federate",
        params: { "match[]": ['{__name__="none"}'] },
      });
    }
  });

  it("get their category from the records", () => {
    const [{ relabel_configs } = { relabel_configs: [] }] = jobs({ app: app() });
    expect(relabel_configs).toContainEqual({
      source_labels: ["service"],
      regex: "app",
      target_label: "category",
      replacement: "streaming",
    });
  });

  it("are not asked for without a way to the engine", () => {
    expect(jobs({ watcher: { ...watchers.watcher, links: [] } })).toEqual([]);
  });
});

describe("alerts", () => {
  it("go to the Alertmanager of the stack", () => {
    expect(prometheus(watched()).alerting?.alertmanagers).toEqual([
      { static_configs: [{ targets: ["pager:9093"] }] },
    ]);
    expect(
      prometheus(watched({ pager: undefined, watcher: { ...watchers.watcher, links: [] } })).alerting,
    ).toBeUndefined();
  });

  it("for receivers need one", () => {
    const config = { alerts: { receivers: [{ name: "me", type: "telegram" as const, chat: 1 }] } };
    const told = complaints(() =>
      watched({ pager: undefined, watcher: { ...watchers.watcher, links: [] } }, { config }),
    );
    expect(told).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: alerts\.receivers: the stack has no service that sends alerts to them; add alertmanager to services\.include$/,
      ),
    ]);
  });
});

it("the same stack gives the same bytes", () => {
  const files = () => [...filesOf(watched({ tunnel, app: app() }), "watcher")];
  expect(files()).toEqual(files());
});
