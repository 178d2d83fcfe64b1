import type { CatalogEntry } from "../../stacks/catalog/entry.ts";
import { categories, type ServiceRecord } from "../../stacks/catalog/record.ts";
import type { Chooser } from "../../stacks/chooser.ts";
import { compare } from "../../stacks/resolve/edges.ts";
import { urlPort } from "../../stacks/resolve/environment.ts";
import { limitsOf } from "../../stacks/resolve/limits.ts";

/** A service of the catalogue as the browser shows it. */
export interface Offer {
  name: string;
  title: string;
  category: ServiceRecord["category"];
  description: string;
  image: string;
  segment: string;
  /** MiB */
  memory: number;
  cpus: number;
  /** Ports inside the platform. */
  ports: readonly string[];
  /** Ports on the host. */
  hostPorts: readonly string[];
  url?: string;
  /** Others of the catalogue that it is the successor of. */
  replaces: readonly string[];
  retired?: string;
  conflicts: ServiceRecord["conflicts"];
  /** Why it cannot be chosen. */
  unavailable?: string;
}

/** Every service of the catalogue, by category in the order of the catalogue's categories, then by name. */
export function offersOf(chooser: Chooser): Offer[] {
  const rank = ({ category }: Offer) => categories.indexOf(category);
  return [...chooser.catalog.values()]
    .map((entry) => offerOf(entry, chooser))
    .sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name));
}

function offerOf(entry: CatalogEntry, chooser: Chooser): Offer {
  const { value: record } = entry;
  const { publish, domain } = chooser.config.platform;
  const { route, lifecycle } = record;
  const unavailable = chooser.unavailable(entry);
  return {
    name: record.name,
    title: record.title,
    category: record.category,
    description: record.description,
    image: `${record.image.repository}:${record.image.tag}`,
    segment: record.through === undefined ? record.segment : `${record.segment}, inside ${record.through}`,
    ...limitsOf(entry, chooser.config),
    ports: record.ports.map(({ port, protocol }) => showPort(port, protocol)),
    hostPorts: record.publish.map(({ host, protocol }) => showPort(host + publish.offset, protocol)),
    ...(route === undefined
      ? {}
      : {
          url: `https://${route.subdomain === "@" ? "" : `${route.subdomain}.`}${domain}${urlPort(publish.offset)}`,
        }),
    replaces: [...chooser.catalog.values()]
      .filter(({ value }) => value.lifecycle.successor === record.name)
      .map(({ value }) => value.name),
    ...(lifecycle.status === "retired"
      ? {
          retired: [lifecycle.successor && `its successor is ${lifecycle.successor}`, lifecycle.note]
            .filter((part) => part !== undefined)
            .join("; "),
        }
      : {}),
    conflicts: record.conflicts,
    ...(unavailable === undefined ? {} : { unavailable }),
  };
}

function showPort(port: number, protocol: string): string {
  return protocol === "tcp" ? String(port) : `${port}/${protocol}`;
}
