import { shellQuoted } from "../../stacks/shell.ts";

/** What one look at the machine found. */
export interface Check {
  name: string;
  /** failed: an `up` would fail, or leave the stack less isolated than declared. skipped: it could not be looked at. */
  state: "ok" | "warning" | "failed" | "skipped";
  found: string;
  /** The command, or the line of the stack's config, that puts it right on Debian and Ubuntu. */
  fix?: string;
}

/** Names of the checks, as people and scripts see them. */
export const names = {
  node: "Node.js",
  engine: "Docker engine",
  compose: "Docker Compose",
  pulumi: "Pulumi CLI",
  standin: "stand-in image",
  limits: "cgroup limits",
  bridge: "br_netfilter",
  neighbours: "neighbour table",
  pools: "address pools",
  ports: "published ports",
  disk: "disk space",
  memory: "memory",
  gpu: "GPU",
  folders: "storage folders",
  filesystem: "one filesystem",
} as const;

export type Version = readonly [major: number, minor: number, patch: number];

/** The first dotted number in a text: 20.10.24 in `20.10.24+dfsg1`, 1.41.0 in `1.41`. Undefined where there is none. */
export function versionIn(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

export function isBefore(a: Version, b: Version): boolean {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** Things named one by one before the rest is counted. */
const namedOnes = 3;

/** `a; b; c; and 4 more` */
export function listed(items: readonly string[]): string {
  const more = items.length - namedOnes;
  return [...items.slice(0, namedOnes), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** A word as a shell reads it back. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuoted(text);
}
