import type { Service } from "../../../platform.ts";
import type { ConfigureContext } from "../../context.ts";
import { passes } from "../../gateway/paths.ts";
import { addressModule, leakModule, modules, vpnsOf } from "../modules.ts";
import { labelsOf, type Reached, reached } from "../reached.ts";
import type { ScrapeJob } from "./scrape.ts";

type Routed = Service & { route: NonNullable<Service["route"]> };

/** One thing that is probed: what the prober is asked, and the labels of what it answers. */
interface Probe {
  module: string;
  target: string;
  /** Host name it is asked under, for the request and for TLS. */
  hostname?: string;
  instance: string;
  labels: Record<string, string>;
}

/** Certificates last for months: nobody needs their age every 15 seconds. */
const certificateInterval = "2m";

/**
 * Jobs of the blackbox exporter. Every route is probed as a visitor meets it: over the one link to the gateway, under its
 * public host name. That shows route, certificate and sign-in at once and needs no link to the services themselves,
 * whose own health checks the engine runs.
 */
export function probeJobs(collector: Service, context: ConfigureContext): ScrapeJob[] {
  const prober = reached(collector, context, ({ configure }) => configure === "blackbox");
  if (!prober) return [];
  const gateway = reached(prober.service, context, ({ roles }) => roles.includes("gateway"));
  const routed = context.services.filter((service): service is Routed => service.route !== undefined);
  const jobs: [name: string, probes: Probe[], interval?: string][] = [
    ["routes", gateway ? routed.flatMap((service) => routeProbes(service, gateway)) : []],
    [
      "certificates",
      gateway ? routed.map((service) => certificateProbe(service, gateway)) : [],
      certificateInterval,
    ],
    ["vpn", vpnsOf(prober.service, context).flatMap((vpn) => vpnProbes(vpn, prober, context))],
  ];
  return jobs
    .filter(([, probes]) => probes.length > 0)
    .map(([name, probes, interval]) => ({
      job_name: `probe/${name}`,
      ...(interval === undefined ? {} : { scrape_interval: interval }),
      metrics_path: "/probe",
      static_configs: probes.map((probe) => staticConfig(probe, prober)),
    }));
}

function staticConfig({ module, target, hostname, instance, labels }: Probe, { address }: Reached) {
  return {
    targets: [address],
    labels: {
      __param_module: module,
      __param_target: target,
      ...(hostname === undefined ? {} : { __param_hostname: hostname }),
      instance,
      ...labels,
    },
  };
}

/**
 * The route as a visitor without a session meets it; and, where the health path needs no sign-in, the service behind it.
 */
function routeProbes(service: Routed, gateway: Reached): Probe[] {
  const { route, health } = service;
  const hostname = new URL(route.url).hostname;
  const probe = (module: string, path: string, checks: string): Probe => ({
    module,
    target: `https://${gateway.address}${path}`,
    hostname,
    instance: `${route.url}${path}`,
    labels: { ...labelsOf(service), access: route.access, checks },
  });
  const healthPath = health.http?.port === route.port ? health.http.path : undefined;
  const isOpen = (path: string) =>
    route.access === "public" || route.bypass.some((bypass) => passes(bypass, path));
  const own =
    healthPath !== undefined && isOpen(healthPath) ? [probe(modules.health, healthPath, "service")] : [];
  if (!isOpen("/")) return [...own, probe(modules.protected, "/", "sign-in")];
  return own.length > 0 ? own : [probe(modules.open, "/", "service")];
}

function certificateProbe(service: Routed, gateway: Reached): Probe {
  const hostname = new URL(service.route.url).hostname;
  return {
    module: modules.certificate,
    target: gateway.address,
    hostname,
    instance: hostname,
    labels: labelsOf(service),
  };
}

function vpnProbes(
  vpn: ReturnType<typeof vpnsOf>[number],
  { service: prober }: Reached,
  context: ConfigureContext,
): Probe[] {
  const target = `http://${context.hostOf(prober.name, vpn.name)}:${vpn.publicAddress.port}${vpn.publicAddress.path}`;
  const probe = (module: string, checks: string): Probe => ({
    module,
    target,
    instance: target,
    labels: { ...labelsOf(vpn), checks },
  });
  return [
    probe(addressModule(vpn), "address"),
    ...(context.settings.alerts.homeAddresses.length > 0 ? [probe(leakModule(vpn), "leak")] : []),
  ];
}
