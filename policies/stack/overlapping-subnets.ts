import type { Network } from "../lib/graph";
import type { Finding, StackPolicy } from "../lib/policy";
import { dockerDocs } from "../lib/sources";

/** First and last address as numbers; nothing for IPv6, which the project does not use. */
function rangeOf(subject: Network, subnet = "") {
  const [, a, b, c, d, bits] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet) ?? [];
  if (bits === undefined) return [];
  const size = 2 ** (32 - Number(bits));
  const address = [a, b, c, d].reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const first = Math.floor(address / size) * size;
  return [{ subject, subnet, first, last: first + size - 1 }];
}

export const overlappingSubnets: StackPolicy = {
  kind: "stack",
  name: "overlapping-subnets",
  title: "No two networks overlap",
  level: "mandatory",
  severity: "high",
  source: dockerDocs("docker network create", "reference/cli/docker/network/create/"),
  reason: "Docker refuses the second network, or routes its packets into the first",
  fix: "change the pools of the stack's config",
  reads: ["ipamConfigs"],
  check: ({ networks }) => {
    const ranges = networks
      .flatMap((subject) =>
        (subject.inputs.ipamConfigs ?? []).flatMap(({ subnet }) => rangeOf(subject, subnet)),
      )
      .sort((a, b) => a.first - b.first);
    let widest = ranges[0];
    return ranges.slice(1).flatMap((range): Finding[] => {
      const other = widest;
      if (!other || range.last > other.last) widest = range;
      return other && range.first <= other.last
        ? [
            {
              subject: range.subject,
              problem: `${range.subnet} of ${range.subject.name} overlaps ${other.subnet} of ${other.subject.name}`,
            },
          ]
        : [];
    });
  },
};
