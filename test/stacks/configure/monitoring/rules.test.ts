import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { severities } from "../../../../stacks/catalog/monitoring.ts";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { alerts, fileOf, rules, tunnel, watched, watchers } from "./stack.ts";

describe.each(["dev", "prod", "staging"])("the rules of stack %s", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);

  it("say of every alert how bad it is, what it is about and what it means", () => {
    expect(alerts(of).length).toBeGreaterThan(0);
    for (const { labels, annotations } of alerts(of)) {
      expect(severities).toContain(labels?.severity);
      expect(labels?.concern).toMatch(/^(availability|capacity|security|backup)$/);
      expect(annotations?.summary).toBeTruthy();
    }
  });

  it("have no two alike", () => {
    const keys = rules(of).map(({ alert, record, labels }) => JSON.stringify([alert, record, labels]));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("know every service's limits and backup class", () => {
    const recorded = (record: string) =>
      rules(of)
        .filter((rule) => rule.record === record)
        .map(({ labels, expr }) => [labels?.service, expr]);
    expect(recorded("ums_service_memory_limit_bytes")).toEqual(
      of.services.map(({ name, limits }) => [name, `vector(${limits.memory * 1024 ** 2})`]),
    );
    expect(recorded("ums_service_cpu_limit_cores")).toEqual(
      of.services.map(({ name, limits }) => [name, `vector(${limits.cpus})`]),
    );
    const info = rules(of).filter(({ record }) => record === "ums_service_info");
    expect(info.map(({ labels }) => [labels?.service, labels?.backup])).toEqual(
      of.services.map(({ name, backup }) => [name, backup]),
    );
  });

  it("are those of the records in the stack", () => {
    const { groups } = parse(fileOf(of, "prometheus", "/etc/prometheus/rules/services.yml")) as {
      groups: { name: string; rules: unknown[] }[];
    };
    // Exporters of one program have the same rules, which are the first one's.
    const written = new Map<string, string>();
    for (const { name, rules } of of.services)
      for (const rule of rules) {
        const key = JSON.stringify([rule.expr, "alert" in rule ? rule.alert : rule.record]);
        if (!written.has(key)) written.set(key, name);
      }
    expect(groups.flatMap(({ name, rules }) => rules.map(() => name))).toEqual([...written.values()]);
  });
});

const names = (of: Parameters<typeof alerts>[0]) => [...new Set(alerts(of).map(({ alert }) => alert))];

it("a rule that two records have is there once", () => {
  const rule = {
    alert: "AppDown",
    expr: "app_up == 0",
    severity: "warning",
    concern: "availability",
    summary: "It is down",
  } as const;
  const app = (more: RecordFields["rules"] = []): RecordFields => ({
    ports: listensOn(9100),
    metrics: { port: 9100 },
    rules: [rule, ...more],
  });
  const of = watched({ one: app(), two: app([{ ...rule, alert: "AppGone" }]) });
  expect(alerts(of, "AppDown")).toHaveLength(1);
  expect(alerts(of, "AppGone")).toHaveLength(1);
});

it("a record's rules are there with it", () => {
  const app: RecordFields = {
    rules: [
      { record: "app:tasks:sum", expr: "sum(app_tasks)" },
      {
        alert: "AppBusy",
        expr: "app:tasks:sum > 5",
        for: "10m",
        severity: "warning",
        concern: "capacity",
        summary: "Busy",
        description: "Wait",
      },
    ],
  };
  expect(names(watched())).not.toContain("AppBusy");
  const of = watched({ app });
  expect(rules(of)).toContainEqual({ record: "app:tasks:sum", expr: "sum(app_tasks)" });
  expect(alerts(of, "AppBusy")).toEqual([
    {
      alert: "AppBusy",
      expr: "app:tasks:sum > 5",
      for: "10m",
      labels: { severity: "warning", concern: "capacity" },
      annotations: { summary: "Busy", description: "Wait" },
    },
  ]);
});

describe("alerts are made of what the stack has:", () => {
  const route: RecordFields = { ports: listensOn(80), route: { subdomain: "app", port: 80, access: "user" } };
  const noLinks = { ...watchers.watcher, links: [] };

  it("containers only where the engine can be asked", () => {
    expect(names(watched())).toContain("ServiceUnhealthy");
    const of = watched({ watcher: noLinks });
    expect(names(of)).not.toContain("ServiceUnhealthy");
    expect(alerts(of, "ServiceDown").map(({ expr }) => expr)).toEqual([
      'group by (service, segment, category) ((up{job!~"(docker|probe)/.+"} == 0))',
    ]);
    expect(rules(of).filter(({ record }) => record?.startsWith("ums_container"))).toEqual([]);
  });

  it("routes and certificates only where they are probed", () => {
    const probed = ["RouteDown", "SignInMissing", "CertificateExpiring", "CertificateInvalid"];
    expect(names(watched({ app: route }))).toEqual(expect.arrayContaining(probed));
    for (const name of probed) expect(names(watched({ app: route, watcher: noLinks }))).not.toContain(name);
  });

  it("a VPN only where there is one, its address only where the household's is known", () => {
    expect(names(watched())).not.toContain("VpnDown");
    expect(names(watched({ tunnel }))).toContain("VpnDown");
    expect(names(watched({ tunnel }))).not.toContain("VpnAddressLeaked");
    const config = { alerts: { homeAddresses: ["203.0.113.7"] } };
    expect(names(watched({ tunnel }, { config }))).toContain("VpnAddressLeaked");
  });

  it("backups only where something makes them, for each class that a service has", () => {
    const app = { backup: "config-daily" as const };
    expect(names(watched({ app })).filter((name) => name?.startsWith("Backup"))).toEqual([]);
    const of = watched({ app, other: { backup: "database-hourly" }, vault: { roles: ["backup"] } });
    expect(alerts(of, "BackupMissing").map(({ labels, for: after }) => [labels?.class, after])).toEqual([
      ["config-daily", "26h"],
      ["database-hourly", "2h"],
    ]);
    expect(alerts(of, "BackupLate").map(({ labels }) => labels?.class)).toEqual([
      "config-daily",
      "database-hourly",
    ]);
    expect(alerts(of, "BackupFailed")).toHaveLength(1);
  });
});

it("a limit that the stack's config overrides is the one that counts", () => {
  const of = watched({ app: {} }, { config: { overrides: { app: { memory: 64, cpus: 0.5 } } } });
  const limits = rules(of).filter(
    ({ labels, record }) => labels?.service === "app" && record?.includes("limit"),
  );
  expect(limits.map(({ expr }) => expr)).toEqual(["vector(67108864)", "vector(0.5)"]);
});
