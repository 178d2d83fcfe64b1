import type { EnvironmentName, Lifted, Protocol, SegmentName, ServiceRecord } from "./catalog/record.ts";
import type { Place } from "./errors.ts";

/** A network that gives services addresses but no neighbours. */
export interface Segment {
  name: SegmentName | "egress";
  cidr: string;
  gateway: string;
  /** No way out of the host. */
  internal: boolean;
}

/** One use of a link: the port the consumer calls, and what for. */
export interface LinkUse {
  port: number;
  protocol: Protocol;
  why: string;
  /** declared in the record, or generated from a route, a metrics endpoint, the single sign-on, a widget or a load balancer. */
  origin: "declared" | "route" | "metrics" | "sso" | "portal" | "balance";
}

/** A consumer-provider edge: a network of its own with these two as its only members. */
export interface Link {
  consumer: string;
  provider: string;
  /** Service in whose network namespace the consumer's end is; the consumer itself unless it goes through a VPN. */
  consumerHost: string;
  providerHost: string;
  cidr: string;
  gateway: string;
  consumerAddress: string;
  providerAddress: string;
  required: boolean;
  /** Required, and the stack has no alternative to it. */
  indispensable?: boolean;
  /** The consumer starts when the provider is healthy. */
  ordered: boolean;
  uses: readonly LinkUse[];
  /** Public host names under which the consumer reaches the provider, besides its name. */
  hosts?: readonly string[];
}

export interface Mount {
  volume: string;
  path: string;
  readOnly: boolean;
  /** A new volume starts as a copy of what the image holds at the path, with its owner. */
  copyImageContent: boolean;
  /** How a copy for the backup is made; absent where none is. */
  copy?: "files" | "stopped" | "server";
  /** Paths below it that a copy leaves out. */
  leaveOut?: readonly string[];
  /** The volume's root folder is given to the service's user before it starts. */
  setOwner: boolean;
  /** Folders made in the volume before the service starts, parents first, with the service's user as their owner. */
  folders?: readonly string[];
}

/** A named volume that holds data. */
export interface DataVolume {
  name: string;
  class: "config" | "database" | "media" | "cache";
  shared: boolean;
  /** Ids that own its root folder. */
  owner: { uid: number; gid: number };
  users: readonly string[];
  placement: PlatformPlacement;
}

export type PlatformPlacement =
  | { kind: "local" }
  | { kind: "bind"; path: string }
  | { kind: "nfs"; server: string; path: string; options: string };

/**
 * What stands in a text in place of a secret's plain value. `json`: the value as JSON and YAML escape it inside double
 * quotes. `rsa-key`: a private key made from the value, escaped likewise. The others are hashes, salted with a second
 * secret where they need one. None changes by itself.
 */
export type SecretForm =
  | "json"
  | "sha256"
  | "argon2id"
  | "pbkdf2-sha512"
  | "rsa-key"
  | "qbittorrent-pbkdf2"
  | "scram-sha-256"
  | "transmission-sha1";

/** A piece of a text: a string, or a secret by its id. */
export type TemplatePart = string | { secret: string; form?: SecretForm; salt?: string };

/** A password that people type at a sign-in: one that is easily guessed is refused. */
export interface TypedPassword {
  /** Where it is asked for. */
  place: Place;
  /** Words that are guessed first, such as the user's name. */
  words: readonly string[];
}

/** Where a secret's value comes from. */
export type SecretSource =
  | {
      kind: "generate";
      form: "password" | "hex" | "base64" | "uuid";
      length: number;
      /** Default 1. Another version is another value. */
      version?: number;
      /** Version before it, which is kept while a rotation is under way. */
      previous?: number;
      /** It is the version before of this secret. */
      of?: string;
    }
  | { kind: "config"; key: string; isSet: boolean; typed?: TypedPassword }
  | {
      kind: "template";
      parts: readonly TemplatePart[];
      /** It is a generated file with secrets in it. */
      isFile?: boolean;
    };

export interface PlatformSecret {
  /** service/name */
  id: string;
  source: SecretSource;
  /** Why its value must never change. */
  fixed?: string;
  /** The version before is a secret of its own, and stays until the next rotation. */
  keepsPrevious?: boolean;
  /** Command in its service's container that removes a version there, with `${SUFFIX}` for the version. */
  retire?: readonly string[];
}

/** A file written into a volume before the service starts: plain text, or a secret by its id. */
export interface SeededFile {
  path: string;
  mode: string;
  content: { text: string } | { secret: string };
}

export interface Tmpfs {
  path: string;
  /** MiB */
  size: number;
  exec: boolean;
}

export interface PublishedPort {
  port: number;
  host: number;
  address: string;
  protocol: Protocol;
  reason: string;
}

export type GpuChoice = { vendor: "nvidia" } | { vendor: "intel" | "amd"; renderGroup: number };

export interface Service {
  name: string;
  number: number;
  title: string;
  category: ServiceRecord["category"];
  description: string;
  icon: string;
  place: Place;
  image: { repository: string; tag: string; digest?: string; reference: string };
  segment: SegmentName;
  /** Segments it has an address in, home first; empty when it goes through another service. */
  addresses: readonly { segment: Segment["name"]; address: string }[];
  through?: string;
  egress?: { reason: string };
  roles: ServiceRecord["roles"];
  ports: ServiceRecord["ports"];
  publish: readonly PublishedPort[];
  route?: NonNullable<ServiceRecord["route"]> & { url: string };
  balance?: NonNullable<ServiceRecord["balance"]>;
  replicaOf?: string;
  oidc?: NonNullable<ServiceRecord["oidc"]>;
  crowdsec?: NonNullable<ServiceRecord["crowdsec"]>;
  widget?: NonNullable<ServiceRecord["widget"]>;
  /** Services that must be healthy before it starts, sorted. */
  after: readonly string[];
  mounts: readonly Mount[];
  tmpfs: readonly Tmpfs[];
  files: readonly SeededFile[];
  environment: Readonly<Record<string, string>>;
  /** Variables whose value is a secret, by its id. */
  secretVariables: readonly { variable: string; secret: string; reason: string }[];
  user: { uid: number; gid: number; groups: readonly number[] };
  /** Ids that own its volumes and files. */
  owner: { uid: number; gid: number };
  command?: readonly string[];
  entrypoint?: readonly string[];
  init: boolean;
  lifted: readonly Lifted[];
  gpu?: GpuChoice;
  health: ServiceRecord["health"] & { interval: number; startInterval?: number };
  limits: { memory: number; cpus: number };
  stop: { grace: number; signal?: string };
  metrics?: NonNullable<ServiceRecord["metrics"]>;
  publicAddress?: NonNullable<ServiceRecord["publicAddress"]>;
  rules: ServiceRecord["rules"];
  panels: ServiceRecord["panels"];
  backup: ServiceRecord["backup"];
  drill?: NonNullable<ServiceRecord["drill"]>;
  lifecycle: ServiceRecord["lifecycle"];
  exceptions: ServiceRecord["exceptions"];
  accounts: ServiceRecord["accounts"];
  configure?: NonNullable<ServiceRecord["configure"]>;
}

export interface Warning {
  service?: string;
  place?: Place;
  message: string;
}

/** A program that is built on the host and runs in place of a stand-in. */
export interface RealImage {
  program: string;
  /** Name and tag; the tag is made from its recipe. */
  image: string;
  /** Services that run it, sorted. */
  services: readonly string[];
}

/** The images of a rehearsal, which are all built on the host. */
export interface RehearsalImages {
  standin: string;
  real: readonly RealImage[];
}

/** Everything the components need, resolved: immutable, sorted by name, free of any engine's words. */
export interface Platform {
  stack: string;
  environment: EnvironmentName;
  images: "rehearsal" | "real";
  /** What a rehearsal runs; absent with real images. */
  rehearsal?: RehearsalImages;
  domain: string;
  /** Data volumes are protected from deletion and replacement. */
  protectData: boolean;
  segments: readonly Segment[];
  links: readonly Link[];
  services: readonly Service[];
  volumes: readonly DataVolume[];
  secrets: readonly PlatformSecret[];
  /** Start order: services of one wave need only services of earlier waves. */
  waves: readonly (readonly string[])[];
  warnings: readonly Warning[];
}

/** Whether a service runs what its record says: a rehearsal's stand-in keeps no data. */
export function isReal({ rehearsal }: Pick<Platform, "rehearsal">, service: string): boolean {
  return rehearsal === undefined || rehearsal.real.some(({ services }) => services.includes(service));
}
