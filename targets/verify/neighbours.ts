import { EnvironmentFault } from "../../stacks/errors.ts";
import type { Platform } from "../../stacks/platform.ts";

/**
 * The kernel's table of IPv4 neighbours, which all network namespaces of a host share. Where it is full, packets to
 * addresses that are not in it are not sent, without an error for who sends them.
 */
export interface NeighbourTable {
  /** Entries it takes at most: `net.ipv4.neigh.default.gc_thresh3`, of itself 1,024 (Linux, ip-sysctl). */
  limit: number;
  entries: number;
  /** Times that it was full since the host started. */
  full: number;
}

/** The limit's name among the kernel's settings. */
export const limitSetting = "net.ipv4.neigh.default.gc_thresh3";

/** Where the limit is on a host. */
export const neighbourLimit = `/proc/sys/${limitSetting.replaceAll(".", "/")}`;

/** A limit with room for several stacks of the whole catalogue. */
export const roomyLimit = 8192;

export const neighbourFix = `sysctl -w ${limitSetting}=${roomyLimit} (and the same line, without sysctl -w, in /etc/sysctl.d/60-neighbours.conf for the next boot)`;

/**
 * Entries of the table when every service of the stack has looked for every other one on its networks, as a measurement
 * makes them: theirs of each other and of the gateway, and the host's of them.
 */
export function neighboursNeeded({ segments, links, services }: Platform): number {
  const onOne = (members: number) => members * (members - 1) + 2 * members;
  const sizes = segments.map(
    ({ name }) =>
      services.filter(({ addresses }) => addresses.some(({ segment }) => segment === name)).length,
  );
  return sizes.reduce((sum, size) => sum + onOne(size), links.length * onOne(2));
}

/** Whether a measurement of the whole stack at once fits beside what is in the table; not where that is unknown. */
export function hasRoom(table: NeighbourTable | undefined, platform: Platform): boolean {
  return table !== undefined && table.limit - table.entries >= neighboursNeeded(platform);
}

/**
 * Judges what was measured between two looks at the table.
 * @throws EnvironmentFault when it was full meanwhile, so that what seemed closed may be open
 */
export function requireSent(before: NeighbourTable | undefined, after: NeighbourTable | undefined): void {
  if (!before || !after || after.full === before.full) return;
  throw new EnvironmentFault(
    `the host's table of neighbours takes ${after.limit} entries, and was full while this was measured: packets were not sent, so what seemed closed may be open`,
    neighbourFix,
  );
}
