import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, type PlatformInput, service } from "../../../fixtures/platforms.ts";
import type { RecordFields } from "../../../fixtures/records.ts";
import { secretValue } from "../fixtures.ts";
import { fileOf, prometheus, tunnel, watched } from "./stack.ts";

const path = "/etc/blackbox_exporter/config.yml";
const modulesOf = (of: Platform) =>
  (
    parse(fileOf(of, "blackbox", path)) as {
      modules: Record<string, { prober: string; http?: object; tcp?: object }>;
    }
  ).modules;

it.each(["dev", "prod"])("stack %s has every module that its jobs name", (stack) => {
  const { platform: of } = loadStack(projectRoot, stack);
  const named = prometheus(of).scrape_configs.flatMap(({ static_configs }) =>
    static_configs.flatMap(({ labels }) => labels.__param_module ?? []),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(Object.keys(modulesOf(of))).toEqual(expect.arrayContaining([...new Set(named)]));
});

it("a route behind the sign-in has to answer 401 to a program", () => {
  expect(modulesOf(watched())["route-protected"]).toMatchObject({
    prober: "http",
    http: { valid_status_codes: [401], headers: { Accept: "application/json" }, follow_redirects: false },
  });
});

it("certificates are verified where that is what is asked, and nowhere else", () => {
  const modules = modulesOf(watched());
  expect(modules.certificate).toMatchObject({ prober: "tcp", tcp: { tls: true } });
  expect(modules.certificate?.tcp).not.toHaveProperty("tls_config");
  for (const name of ["route-health", "route-open", "route-protected"]) {
    expect(modules[name]?.http).toMatchObject({
      fail_if_not_ssl: true,
      tls_config: { insecure_skip_verify: true },
    });
  }
});

it("a VPN is asked with its key, in a file that only the exporter reads", () => {
  const of = watched({ tunnel });
  expect(modulesOf(of)["address-tunnel"]?.http).toMatchObject({
    headers: { "X-Key": secretValue(of, "tunnel/key") },
    fail_if_body_not_matches_regexp: ['"public_ip":"[0-9a-f.:]+"'],
  });
  const file = found(
    service(of, "prober").files.find((one) => one.path === path),
    path,
  );
  expect(file.mode).toBe("0400");
  expect(Object.keys(modulesOf(of))).not.toContain("leak-tunnel");
});

it("an address of the household is matched as the VPN writes it", () => {
  const config = { alerts: { homeAddresses: ["203.0.113.7", "2001:DB8:0:0::7"] } };
  const { http } = found(modulesOf(watched({ tunnel }, { config }))["leak-tunnel"], "the module");
  const patterns = (http as { fail_if_body_matches_regexp: string[] }).fail_if_body_matches_regexp;
  const [four, six] = patterns.map((text) => new RegExp(text));
  expect(four?.test('{"public_ip":"203.0.113.7","region":"x"}')).toBe(true);
  expect(four?.test('{"public_ip":"203.0.113.70"}')).toBe(false);
  expect(four?.test('{"public_ip":"203a0b113c7"}')).toBe(false);
  expect(six?.test('{"public_ip":"2001:db8::7"}')).toBe(true);
});

describe("without the household's addresses", () => {
  const warned = (tunnelled: RecordFields, config: PlatformInput["config"]) =>
    watched({ tunnel: tunnelled }, { config }).warnings.filter(({ message }) =>
      message.includes("alerts.homeAddresses"),
    );
  const { publicAddress: _, ...silent } = tunnel;

  it("a plan says that a leak would go unnoticed", () => {
    expect(warned(tunnel, { images: "real" })).toEqual([
      {
        service: "tunnel",
        place: expect.objectContaining({ file: "Pulumi.test.yaml" }),
        message:
          "no alert would say that tunnel is seen under the household's own address; list its public addresses in alerts.homeAddresses",
      },
    ]);
  });

  it.each<[string, RecordFields, NonNullable<PlatformInput["config"]>]>([
    ["they are listed", tunnel, { images: "real", alerts: { homeAddresses: ["203.0.113.7"] } }],
    ["the VPN is not probed", silent, { images: "real" }],
    ["it is a rehearsal, whose VPN has no tunnel", tunnel, { images: "rehearsal" }],
  ])("it says nothing where %s", (_, tunnelled, config) => {
    expect(warned(tunnelled, config)).toEqual([]);
  });
});

it("a VPN that the prober is not linked to is not asked", () => {
  const { publicAddress: _, ...silent } = tunnel;
  expect(Object.keys(modulesOf(watched({ tunnel: silent })))).toEqual([
    "route-health",
    "route-open",
    "route-protected",
    "certificate",
  ]);
});
