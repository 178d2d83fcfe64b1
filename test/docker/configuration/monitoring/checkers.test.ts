import { describe, expect, it } from "vitest";
import { noReal, realProgram, runOnce } from "../real.ts";
import { generated, stacks } from "./stacks.ts";

/** A program's own check of its configuration, and what it must refuse: in a file, one text for another. */
const checks: readonly {
  program: string;
  generator: string;
  command: string[];
  broken: [path: string, from: string, to: string][];
}[] = [
  {
    program: "prometheus",
    generator: "prometheus",
    command: ["promtool", "check", "config", "--lint-fatal", "/etc/prometheus/prometheus.yml"],
    broken: [
      ["/etc/prometheus/prometheus.yml", "scrape_interval", "scrape_intervall"],
      ["/etc/prometheus/rules/platform.yml", "up{job", "up{{job"],
    ],
  },
  {
    program: "alertmanager",
    generator: "alertmanager",
    command: ["amtool", "check-config", "/etc/alertmanager/alertmanager.yml"],
    broken: [["/etc/alertmanager/alertmanager.yml", "receiver: (nobody)", "receiver: someone"]],
  },
  {
    program: "blackbox-exporter",
    generator: "blackbox",
    command: ["blackbox_exporter", "--config.check", "--config.file=/etc/blackbox_exporter/config.yml"],
    broken: [["/etc/blackbox_exporter/config.yml", "fail_if_not_ssl", "fail_if_no_ssl"]],
  },
  {
    program: "loki",
    generator: "loki",
    command: ["/usr/bin/loki", "-verify-config", "-config.file=/etc/loki/local-config.yaml"],
    broken: [
      ["/etc/loki/local-config.yaml", "retention_enabled", "retention"],
      // Retention without a place for requests to delete is refused.
      ["/etc/loki/local-config.yaml", "  delete_request_store: filesystem\n", ""],
    ],
  },
  {
    program: "alloy-check",
    generator: "alloy",
    command: ["/usr/bin/alloy-check", "/etc/alloy/config.alloy"],
    broken: [["/etc/alloy/config.alloy", "endpoint {", "endpoint"]],
  },
];

describe.each(checks)("$program", async ({ program: name, generator, command, broken }) => {
  const program = realProgram(name);
  const missing = await noReal(program);
  const has = stacks.filter(([, of]) => generated(of, generator).size > 0);

  it.skipIf(missing)("has stacks to look at", () => {
    expect(has.length).toBeGreaterThan(2);
  });

  it.skipIf(missing).each(has)("accepts what stack %s generates", async (_, of) => {
    const { exitCode, output } = await runOnce(program, {
      files: generated(of, generator),
      command,
    });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: expect.any(String) });
  });

  it.skipIf(missing).each(broken)("refuses %s with %j as %j", async (path, from, to) => {
    const files = new Map(has.flatMap(([, of]) => [...generated(of, generator)]));
    const text = files.get(path) ?? "";
    expect(text).toContain(from);
    const { exitCode } = await runOnce(program, {
      files: files.set(path, text.replace(from, to)),
      command,
    });
    expect(exitCode).not.toBe(0);
  });
});
