import { containerName } from "../stacks/containerName.ts";
import type { Platform, Service } from "../stacks/platform.ts";
import { linkNetworkName } from "./network/link.ts";
import { segmentNetworkName } from "./network/segment.ts";

/** One default that a service's record lifts. */
export interface LiftedDefault {
  service: string;
  privilege: string;
  reason: string;
}

/** `privilege value`, as it is shown to people. */
export function showLift(lift: Service["lifted"][number]): string {
  return "value" in lift ? `${lift.privilege} ${lift.value}` : lift.privilege;
}

export function liftedDefaults(platform: Platform): LiftedDefault[] {
  return platform.services.flatMap((service) => [
    ...service.lifted.map((lift) => ({
      service: service.name,
      privilege: showLift(lift),
      reason: lift.reason,
    })),
    ...service.secretVariables.map(({ variable, reason }) => ({
      service: service.name,
      privilege: `secret-variable ${variable}`,
      reason,
    })),
  ]);
}

/** The stack's outputs: plain facts for people and other programs, and no secret. */
export function stackOutputs(platform: Platform) {
  const { stack } = platform;
  return {
    services: Object.fromEntries(
      platform.services.map((service) => [
        service.name,
        {
          title: service.title,
          container: containerName(stack, service.name),
          image: service.image.reference,
          segment: service.segment,
          addresses: Object.fromEntries(service.addresses.map(({ segment, address }) => [segment, address])),
          ...(service.through === undefined ? {} : { through: service.through }),
          ...(service.route === undefined ? {} : { url: service.route.url }),
        },
      ]),
    ),
    networks: Object.fromEntries([
      ...platform.segments.map((segment) => [segmentNetworkName(stack, segment.name), segment.cidr]),
      ...platform.links.map((link) => [linkNetworkName(stack, link), link.cidr]),
    ]) as Record<string, string>,
    volumes: platform.volumes.map((volume) => volume.name),
    lifted: liftedDefaults(platform),
    warnings: platform.warnings.map((warning) => warning.message),
  };
}
