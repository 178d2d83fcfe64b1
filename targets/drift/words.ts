import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { InspectedHealth } from "./inspected.ts";

/** Words for a container's properties that are the same for what was declared and for what Docker inspects. */

const mebibyte = 1024 * 1024;

/** Sorted, each once. */
export function setOf(items: readonly string[] | null | undefined): string {
  return [...new Set(items ?? [])].sort().join(", ");
}

export function pairsOf(record: Readonly<Record<string, string>> | null | undefined): string {
  return setOf(Object.entries(record ?? {}).map(([key, value]) => `${key}=${value}`));
}

/** A command line; empty for none. */
export function commandOf(words: string | readonly string[] | null | undefined): string {
  if (typeof words === "string") return JSON.stringify([words]);
  return words?.length ? JSON.stringify(words) : "";
}

/** Docker writes 0 for no limit, and -1 for unlimited swap. */
export function memoryOf(bytes: number | undefined): string {
  if (bytes === undefined || bytes <= 0) return "no limit";
  return bytes % mebibyte === 0 ? `${bytes / mebibyte} MiB` : `${bytes} bytes`;
}

export function mebibytes(count: number): number {
  return count > 0 ? count * mebibyte : count;
}

/** Engines and clients write a capability with and without its prefix. */
export function capability(name: string): string {
  const plain = name.toUpperCase().replace(/^CAP_/, "");
  return plain === "ALL" ? plain : `CAP_${plain}`;
}

/** `no-new-privileges`, `…:true` and `…=true` are the same; so are `seccomp=…` and `seccomp:…`. */
export function securityOption(text: string): string {
  return text === "no-new-privileges" ? `${text}:true` : text.replace(/[=:]/, ":");
}

export function signal(name: string | undefined): string {
  return `SIG${(name || "TERM").toUpperCase().replace(/^SIG/, "")}`;
}

export function restartPolicy(name: string | undefined, retries = 0): string {
  return `${name || "no"}${retries > 0 ? `:${retries}` : ""}`;
}

export function mountOf(type: string, source: string, readOnly: boolean): string {
  const where = type === "bind" ? posix.normalize(source).replace(/(?<=.)\/$/, "") : source;
  return `${type} ${where} ${readOnly ? "read-only" : "read-write"}`;
}

/** The order of mount options says nothing. */
export function tmpfsOf(options: string): string {
  return setOf(options.split(",")).replaceAll(", ", ",") || "defaults";
}

export function hostPort(ip: string | undefined, port: string | number): string {
  return `${ip || "0.0.0.0"}:${port}`;
}

export function endpointOf(address: string | undefined, aliases: readonly string[]): string {
  const known = setOf(aliases);
  return `${address || "no fixed address"}${known === "" ? "" : ` as ${known}`}`;
}

export function deviceRequest(request: {
  driver: string;
  count: number;
  ids?: readonly string[] | null;
  capabilities: readonly string[];
}): string {
  const which = request.ids?.length ? setOf(request.ids) : request.count < 0 ? "all" : String(request.count);
  return `${which} of ${request.driver || "any driver"} with ${setOf(request.capabilities)}`;
}

const units: Readonly<Record<string, number>> = {
  h: 3600e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  ns: 1,
};

/** Nanoseconds of a duration as Go prints it: `1m30s`. */
export function nanoseconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
}

/** A health check's facts, in Docker's terms: durations are nanoseconds, and 0 is nothing said. */
export function healthOf(health: InspectedHealth | null | undefined): [string, string | undefined][] {
  const seconds = (duration: number | undefined) => (duration ? `${duration / 1e9} s` : undefined);
  return [
    ["healthcheck.tests", commandOf(health?.Test)],
    ["healthcheck.interval", seconds(health?.Interval)],
    ["healthcheck.timeout", seconds(health?.Timeout)],
    ["healthcheck.startPeriod", seconds(health?.StartPeriod)],
    ["healthcheck.startInterval", seconds(health?.StartInterval)],
    ["healthcheck.retries", health?.Retries ? String(health.Retries) : undefined],
  ];
}

/** A file without what it says. */
export function fileOf(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return `${Buffer.byteLength(text)} bytes, sha256 ${digest}`;
}

export function shortId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}
