import type { ContainerInputs } from "../../compose/render.ts";
import { type Fact, factOfEach, factsOf, variablesOf } from "../fact.ts";
import { withoutCompose } from "../finding.ts";
import type { InspectedHealth } from "../inspected.ts";
import {
  capability,
  commandOf,
  deviceRequest,
  endpointOf,
  healthOf,
  hostPort,
  mebibytes,
  memoryOf,
  mountOf,
  nanoseconds,
  pairsOf,
  restartPolicy,
  securityOption,
  setOf,
  shortId,
  signal,
  tmpfsOf,
} from "../words.ts";
import { networkOf, ownNetworks, type Scene } from "./scene.ts";

/** What a container's inputs say. What they leave out is as the image has it, else as Docker does by default. */
export function declaredContainer(inputs: ContainerInputs, scene: Scene): Map<string, Fact> {
  const image = scene.image?.Config;
  const { limits } = scene;
  return factsOf([
    ["state", inputs.mustRun === false ? "exited 0" : "running"],
    ["image", inputs.image],
    ["entrypoints", commandOf(inputs.entrypoints ?? image?.Entrypoint)],
    // Docker drops the image's command where it is given an entrypoint.
    ["command", commandOf(inputs.command ?? (inputs.entrypoints ? [] : image?.Cmd))],
    ["user", inputs.user ?? image?.User],
    ["workingDir", image?.WorkingDir],
    ["groupAdds", setOf(inputs.groupAdds)],
    ["readOnly", String(inputs.readOnly === true)],
    ["init", String(inputs.init === true)],
    ["privileged", "false"],
    ["capabilities.adds", setOf(inputs.capabilities?.adds?.map(capability))],
    ["capabilities.drops", setOf(inputs.capabilities?.drops?.map(capability))],
    ["securityOpts", setOf(inputs.securityOpts?.map(securityOption))],
    ["memory", limits.memory ? memoryOf(mebibytes(inputs.memory)) : undefined],
    ["memorySwap", limits.swap ? memoryOf(mebibytes(inputs.memorySwap)) : undefined],
    ["cpuPeriod", limits.cpu ? String(inputs.cpuPeriod) : undefined],
    ["cpuQuota", limits.cpu ? String(inputs.cpuQuota) : undefined],
    ["restart", restartPolicy(inputs.restart)],
    ["logDriver", inputs.logDriver],
    ["logOpts", pairsOf(inputs.logOpts)],
    ["stopTimeout", inputs.stopTimeout === undefined ? undefined : `${inputs.stopTimeout} s`],
    ["stopSignal", signal(inputs.stopSignal ?? image?.StopSignal)],
    ["deviceRequests", setOf(inputs.deviceRequests?.map((request) => deviceRequest(request)))],
    ["networkMode", networkMode(inputs, scene)],
    ...healthOf(healthcheck(inputs.healthcheck, image?.Healthcheck)),
    ...(inputs.mounts ?? []).map(
      ({ type, source, target, readOnly }) =>
        [`mount ${target}`, mountOf(type, source, readOnly === true)] as const,
    ),
    ...Object.entries(inputs.tmpfs ?? {}).map(
      ([path, options]) => [`tmpfs ${path}`, tmpfsOf(options)] as const,
    ),
    ...(inputs.devices ?? []).map(
      ({ hostPath, containerPath, permissions }) =>
        [`device ${containerPath}`, `${hostPath} ${permissions}`] as const,
    ),
    ...factOfEach("sysctl", inputs.sysctls),
    ...publishedPorts(inputs.ports ?? []),
    ...(inputs.networksAdvanced ?? []).map(
      ({ name, ipv4Address, aliases }) =>
        [`network ${name}`, endpointOf(ipv4Address, aliases ?? [])] as const,
    ),
    ...variablesOf(image?.Env),
    ...variablesOf(inputs.envs),
    ...factOfEach("label", withoutCompose(image?.Labels)),
    ...(inputs.labels ?? []).map(
      ({ label, value }) => [`label ${label}`, { text: scene.declaredName(value) ?? value }] as const,
    ),
  ]);
}

function networkMode({ networkMode: mode, networksAdvanced }: ContainerInputs, scene: Scene): string {
  if (mode.startsWith("container:")) {
    const identity = mode.slice("container:".length);
    return networkOf(scene.declaredName(identity) ?? shortId(identity));
  }
  return networksAdvanced && mode !== "host" ? ownNetworks : mode;
}

/** Docker takes what a health check leaves out, or has 0 for, from the image's. */
function healthcheck(
  declared: ContainerInputs["healthcheck"],
  image: InspectedHealth | null | undefined,
): InspectedHealth | null | undefined {
  if (!declared) return image;
  const given = {
    Test: declared.tests,
    Interval: nanoseconds(declared.interval),
    Timeout: nanoseconds(declared.timeout),
    StartPeriod: nanoseconds(declared.startPeriod),
    StartInterval: nanoseconds(declared.startInterval ?? ""),
    Retries: declared.retries,
  };
  return { ...image, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== 0)) };
}

function publishedPorts(ports: NonNullable<ContainerInputs["ports"]>): [string, string][] {
  const byPort = new Map<string, string[]>();
  for (const { internal, protocol, ip, external } of ports) {
    const port = `port ${internal}/${protocol}`;
    byPort.set(port, [...(byPort.get(port) ?? []), hostPort(ip, external)]);
  }
  return [...byPort].map(([port, bindings]) => [port, setOf(bindings)]);
}
