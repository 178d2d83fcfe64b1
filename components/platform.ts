import * as pulumi from "@pulumi/pulumi";
import type { Platform, Service as ResolvedService } from "../stacks/platform.ts";
import { GpuDevice } from "./gpu/gpuDevice.ts";
import { Link } from "./network/link.ts";
import { NetworkSegment } from "./network/segment.ts";
import { secretName } from "./secret/generated.ts";
import { type Derive, Secret } from "./secret/secret.ts";
import { Service } from "./service/service.ts";
import { DataVolume } from "./storage/dataVolume.ts";
import { SeededVolume } from "./storage/seededVolume.ts";
import { planSeeding, type Seeder } from "./storage/seeding.ts";

export interface MediaPlatformArgs {
  platform: Platform;
  seeder: Seeder;
  /** A value the user set with `pulumi config set --secret`. */
  configSecret(key: string): pulumi.Output<string>;
  derive: Derive;
  /** What must be there before the first container. */
  ready: readonly pulumi.Resource[];
}

/** The whole platform of a stack: secrets, networks, volumes and services, with every dependency an edge of the graph. */
export class MediaPlatform extends pulumi.ComponentResource {
  readonly services: ReadonlyMap<string, Service>;

  constructor(name: string, args: MediaPlatformArgs, options?: pulumi.ComponentResourceOptions) {
    super("ums:platform:MediaPlatform", name, {}, options);
    const { platform, seeder, ready } = args;
    const { stack, environment } = platform;
    const inner = { parent: this };

    const secretValue = this.createSecrets(args);
    const segments = new Map(
      platform.segments.map((segment) => [
        segment.name,
        new NetworkSegment(segment.name, { stack, segment }, inner),
      ]),
    );
    const links = platform.links.map((link) => ({
      link,
      resource: new Link(`${link.consumer}_to_${link.provider}`, { stack, link }, inner),
    }));
    const volumes = new Map(
      platform.volumes.map((volume) => [
        volume.name,
        new DataVolume(
          volume.name.slice(stack.length).replace(/^[-_]/, ""),
          { stack, volume, protectData: platform.protectData },
          inner,
        ),
      ]),
    );

    const services = new Map<string, Service>();
    const create = (service: ResolvedService) => {
      const ends = links.filter(
        ({ link }) => link.consumerHost === service.name || link.providerHost === service.name,
      );
      const mounted = service.mounts.flatMap((mount) => volumes.get(mount.volume) ?? []);
      const seeding = planSeeding(stack, service);
      const seed =
        seeding &&
        new SeededVolume(
          `${service.name}_seed`,
          {
            stack,
            environment,
            service: service.name,
            plan: seeding,
            seeder,
            secretValue,
            after: [...ready, ...mounted],
          },
          inner,
        );
      const gpu = service.gpu && new GpuDevice(`${service.name}_gpu`, { gpu: service.gpu }, inner);
      return new Service(
        service.name,
        {
          stack,
          environment,
          service,
          links: ends.map(({ link }) => link),
          seeding,
          seed,
          through: service.through === undefined ? undefined : services.get(service.through),
          secretValue,
          after: [
            ...ready,
            ...service.after.flatMap((needed) => services.get(needed) ?? []),
            ...service.addresses.flatMap(({ segment }) => segments.get(segment) ?? []),
            ...ends.map(({ resource }) => resource),
            ...mounted,
            ...(seed ? [seed] : []),
            ...(gpu ? [gpu] : []),
          ],
        },
        inner,
      );
    };
    const byName = new Map(platform.services.map((service) => [service.name, service]));
    for (const name of platform.waves.flat()) {
      const service = byName.get(name);
      if (service) services.set(name, create(service));
    }
    this.services = services;
    this.registerOutputs({});
  }

  /** Creates every secret once, whoever asks first, so that templates can be made of other secrets. */
  private createSecrets({
    platform,
    configSecret,
    derive,
  }: MediaPlatformArgs): (id: string) => pulumi.Output<string> {
    const known = new Map(platform.secrets.map((secret) => [secret.id, secret]));
    const made = new Map<string, Secret>();
    const secretValue = (id: string): pulumi.Output<string> => {
      const secret = known.get(id);
      if (!secret) throw new Error(`no secret ${id} in the platform`);
      let resource = made.get(id);
      if (!resource) {
        resource = new Secret(
          secretName(id),
          { source: secret.source, secretValue, configValue: configSecret, derive },
          { parent: this },
        );
        made.set(id, resource);
      }
      return resource.value;
    };
    for (const id of known.keys()) secretValue(id);
    return secretValue;
  }
}
