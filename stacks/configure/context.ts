import type { PlatformConfig } from "../config/schema.ts";
import type { Place, Problem } from "../errors.ts";
import type { YamlPath } from "../issues.ts";
import type { Link, Service, Warning } from "../platform.ts";
import type { FileText, SecretValue } from "./text.ts";

/** What the configuration of a service is made from: the whole resolved platform, and the stack's settings. */
export interface ConfigureContext {
  stack: string;
  settings: PlatformConfig;
  /** Template variables: LOG_LEVEL, DOMAIN, TZ and the like. */
  variables: Readonly<Record<string, string>>;
  /** Every service of the stack, sorted by name, as its record says: without generated files. */
  services: readonly Service[];
  service(name: string): Service | undefined;
  links: readonly Link[];
  /** Address under which a consumer reaches a provider: its name, or 127.0.0.1 in one network namespace. */
  hostOf(consumer: string, provider: string): string;
  /** True where a link, or a shared network namespace, lets the consumer call the provider. */
  reaches(consumer: string, provider: string): boolean;
  /**
   * A secret of a record, in a form; undefined where it is left out because something optional is not set. The salt is
   * another secret of the owner; or of any service, as service/name.
   * @throws Error when `reader` is neither the owner, nor linked to it, nor its sign-in: a mistake in a generator
   */
  secret(
    reader: string,
    owner: string,
    name: string,
    form?: SecretValue["form"],
    salt?: string,
  ): SecretValue | undefined;
  /**
   * Adds a secret that no record can name because the stack's config asks for it, such as a user's password. `secret`
   * then finds it.
   */
  addSecret(owner: string, name: string, source: AddedSecret): void;
  /** True where the stack's config has a value for a key of ums:secrets, or a rehearsal makes one up. */
  hasConfigSecret(key: string): boolean;
  report(problem: Problem): void;
  /** Something that a plan says and an `up` goes on with. */
  warn(warning: Warning): void;
  /** Where something in a record is written. */
  recordPlace(service: string, path: YamlPath): Place;
  /** Where something in the stack's config is written. */
  configPlace(path: YamlPath): Place;
}

/**
 * A generated secret, or one the user sets: its key, where it is asked for, and whose it is. With words it is a password
 * that people type, and must not be easily guessed, from those words least of all.
 */
export type AddedSecret =
  | { generate: "password" | "hex"; length: number }
  | { config: string; whose: string; place: Place; words?: readonly string[] };

/** A file that a generator writes for a service. With a secret in it its mode is 0400 whatever is asked for. */
export interface GeneratedFile {
  path: string;
  text: FileText;
  /** Default 0444. */
  mode?: string;
}

/** What a generator adds to a service. What its record says about the same variable or path wins. */
export interface Configuration {
  files: GeneratedFile[];
  environment?: Record<string, string>;
}

/** Writes the configuration of one service from everything the stack knows. */
export type Configure = (service: Service, context: ConfigureContext) => Configuration;
