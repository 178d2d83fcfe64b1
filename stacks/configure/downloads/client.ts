import type { Mount, Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";
import type { SecretValue } from "../text.ts";

/** Name that people and applications sign in to a client with. */
export const userName = "admin";

/** Interface of the tunnel: the VPN makes it, and clients bind to it. */
export const tunnelInterface = "tun0";

/** The tunnel's interface for a client that lives behind the VPN. */
export function tunnelOf(service: Service, context: ConfigureContext): string | undefined {
  const host = service.through === undefined ? undefined : context.service(service.through);
  return host?.roles.includes("vpn") ? tunnelInterface : undefined;
}

/** The port of its web interface and API. */
export function webPort({ route, ports }: Service): number | undefined {
  return route?.port ?? ports.find(({ protocol }) => protocol === "tcp")?.port;
}

/** The port on which other peers reach it: the one it listens on for TCP and for UDP. */
export function peerPort({ ports }: Service): number | undefined {
  return ports.find(
    ({ port, protocol }) =>
      protocol === "tcp" && ports.some((other) => other.port === port && other.protocol === "udp"),
  )?.port;
}

/** Names under which it is asked for: those that may stand in a request's Host header. */
export function hostNames({ name, route }: Service): string[] {
  return [name, ...(route ? [new URL(route.url).hostname] : [])];
}

/** Addresses from which it is called over its links, sorted; with an origin only those of such links. */
export function callers({ name }: Service, context: ConfigureContext, origin?: "route"): string[] {
  return context.links
    .filter(
      ({ provider, uses }) => provider === name && (!origin || uses.some((use) => use.origin === origin)),
    )
    .map(({ consumerAddress }) => consumerAddress)
    .sort();
}

/** A folder of the library that a client shares with those who hand it downloads. */
export interface LibraryFolder {
  volume: string;
  /** Inside the volume. */
  name: string;
  /** Inside the client's container. */
  path: string;
}

/** A folder that the record makes in a shared volume, by the end of its name. A missing one is reported. */
export function libraryFolder(
  service: Service,
  end: string,
  context: ConfigureContext,
): LibraryFolder | undefined {
  const folder = findFolder(service, end);
  if (!folder) {
    context.report({
      place: context.recordPlace(service.name, ["volumes"]),
      message: `${service.name} needs a folder "${end}" in the volume of downloads: folders: [${end}]`,
    });
  }
  return folder;
}

/** The same where it may be missing. */
export function findFolder({ mounts }: Service, end: string): LibraryFolder | undefined {
  for (const { volume, path, folders } of mounts) {
    const name = folders?.find((one) => one === end || one.endsWith(`/${end}`));
    if (name !== undefined) return { volume, name, path: `${path}/${name}` };
  }
  return undefined;
}

/**
 * Categories that the services which hand over downloads file them under, sorted: a folder of theirs directly below
 * the client's folder of complete downloads, in the volume they share, is one.
 */
export function categoriesIn(
  { volume, name: folder }: LibraryFolder,
  service: Service,
  context: ConfigureContext,
): string[] {
  const consumers = context.links.filter(({ provider }) => provider === service.name);
  const names = consumers.flatMap(({ consumer }) =>
    foldersBelow(
      folder,
      context.service(consumer)?.mounts.filter((mount) => mount.volume === volume) ?? [],
    ).filter((name) => isCategory(name, consumer, context)),
  );
  return [...new Set(names)].sort();
}

function foldersBelow(folder: string, mounts: readonly Mount[]): string[] {
  return mounts
    .flatMap(({ folders }) => folders ?? [])
    .filter((path) => path.startsWith(`${folder}/`))
    .map((path) => path.slice(folder.length + 1))
    .filter((name) => !name.includes("/"));
}

/** In all clients' settings a category stands unquoted. */
function isCategory(name: string, consumer: string, context: ConfigureContext): boolean {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return true;
  context.report({
    place: context.recordPlace(consumer, ["volumes"]),
    message: `the folder "${name}" of ${consumer} is a category of its downloads: use letters, digits, '.', '_' and '-'`,
  });
  return false;
}

/** A secret of the client's own record. A missing one is reported with what to write. */
export function ownSecret(
  service: Service,
  context: ConfigureContext,
  { name, write, form, salt }: { name: string; write: string; form?: SecretValue["form"]; salt?: string },
): SecretValue | undefined {
  const own = (secret: string) => context.secret(service.name, service.name, secret);
  const value = context.secret(service.name, service.name, name, form, salt);
  if (value && (salt === undefined || own(salt))) return value;
  const missing = value ? salt : name;
  context.report({
    place: context.recordPlace(service.name, ["secrets"]),
    message: `${service.name} needs a secret "${missing}": ${write}`,
  });
  return undefined;
}
