import type { StackConfig } from "../config/load.ts";
import type { DataVolume, Mount, Service } from "../platform.ts";
import { compare } from "./edges.ts";

/** Where the volumes of a service stand, below the folder of its name, in the services that copy them. */
const sources = "/sources";

/** Path of a service's volume in the services that back it up. */
export function sourcePath(stack: string, service: string, volume: string): string {
  return `${sources}/${service}/${volume.slice(`${stack}-${service}_`.length)}`;
}

/** Folder of a repository in the service with the role backup, where it is a folder of the host. */
export function repositoryPath(name: string): string {
  return `/repositories/${name}`;
}

/**
 * The services, with what is backed up mounted read-only in those that do it: everything in the one with the role
 * backup, and in the copier what may hold SQLite databases. The backup gets a volume for every repository that is a
 * folder of the host, too.
 */
export function withBackup(
  services: readonly Service[],
  config: StackConfig,
): { services: Service[]; volumes: DataVolume[] } {
  const copied = services.flatMap(({ name, mounts }) =>
    mounts.filter(({ copy }) => copy !== undefined).map((mount) => ({ service: name, mount })),
  );
  const source = ({ service, mount }: (typeof copied)[number]): Mount => ({
    volume: mount.volume,
    path: sourcePath(config.stack, service, mount.volume),
    readOnly: true,
    copyImageContent: false,
    setOwner: false,
  });
  const repositories = services
    .filter(({ roles }) => roles.includes("backup"))
    .flatMap((backup) => repositoryVolumes(backup, config));
  const mountsFor = ({ name, roles }: Service): Mount[] => [
    ...(roles.includes("backup") ? copied.map(source) : []),
    ...(roles.includes("copier") ? copied.filter(({ mount }) => mount.copy !== "server").map(source) : []),
    ...repositories.filter(({ volume }) => volume.users.includes(name)).map(({ mount }) => mount),
  ];
  return {
    volumes: repositories.map(({ volume }) => volume),
    services: services.map((service) => {
      const added = mountsFor(service);
      if (added.length === 0) return service;
      return { ...service, mounts: [...service.mounts, ...added].sort((a, b) => compare(a.path, b.path)) };
    }),
  };
}

function repositoryVolumes(
  backup: Service,
  { stack, platform }: StackConfig,
): { volume: DataVolume; mount: Mount }[] {
  return platform.backup.repositories.flatMap((repository) => {
    if (repository.kind !== "local" || repository.folder === undefined) return [];
    const volume = `${stack}-${backup.name}_repository-${repository.name}`;
    return [
      {
        volume: {
          name: volume,
          class: "media",
          shared: false,
          owner: backup.owner,
          users: [backup.name],
          placement: { kind: "bind", path: repository.folder },
        },
        mount: {
          volume,
          path: repositoryPath(repository.name),
          readOnly: false,
          copyImageContent: false,
          setOwner: true,
        },
      },
    ];
  });
}
