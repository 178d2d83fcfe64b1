import { describe, expect, it } from "vitest";
import { overlaps, parseCidr } from "../../../stacks/cidr.ts";
import { linkNetwork, readPools } from "../../../stacks/resolve/networks.ts";
import { found, link, platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";
import { stackConfig } from "../../fixtures/stackConfigs.ts";

const reason = "a test needs it";
const cidrs = (of: ReturnType<typeof platform>) =>
  Object.fromEntries(of.segments.map(({ name, cidr }) => [name, cidr]));

describe("segments", () => {
  const all = [
    "proxy",
    "media",
    "admin",
    "data",
    "dmz",
    "downloads",
    "medianest-frontend",
    "medianest-backend",
  ] as const;
  const records = Object.fromEntries(all.map((segment) => [segment, { segment } satisfies RecordFields]));

  it("have the seed documents' networks, and the rest follow on", () => {
    expect(cidrs(platform(records))).toEqual({
      proxy: "10.10.0.0/24",
      media: "10.10.1.0/24",
      admin: "10.10.2.0/24",
      data: "10.10.3.0/24",
      dmz: "10.10.4.0/24",
      downloads: "10.10.5.0/24",
      "medianest-frontend": "10.10.6.0/24",
      "medianest-backend": "10.10.7.0/24",
    });
  });

  it("lie in the stack's own pool", () => {
    const config = { network: { segments: "172.20.0.0/16", links: "10.32.0.0/15" } };
    expect(cidrs(platform({ alpha: { segment: "data" } }, { config }))).toEqual({ data: "172.20.3.0/24" });
  });

  it("that nobody lives in are not there", () => {
    expect(platform({ alpha: { segment: "media" } }).segments.map(({ name }) => name)).toEqual(["media"]);
  });

  it("have no way out but for the dmz and the egress network", () => {
    const of = platform({ ...records, media: { segment: "media", egress: { reason } } });
    expect(of.segments.filter(({ internal }) => !internal).map(({ name }) => name)).toEqual([
      "dmz",
      "egress",
    ]);
  });

  it("have their first address as gateway", () => {
    expect(platform({ alpha: { segment: "media" } }).segments[0]?.gateway).toBe("10.10.1.1");
  });
});

describe("a service's addresses", () => {
  const addresses = (fields: RecordFields) =>
    service(platform({ alpha: { number: 20, ...fields } }), "alpha").addresses;

  it("come from its number, home segment first", () => {
    expect(addresses({ segment: "medianest-backend", alsoIn: ["medianest-frontend"] })).toEqual([
      { segment: "medianest-backend", address: "10.10.7.30" },
      { segment: "medianest-frontend", address: "10.10.6.30" },
    ]);
  });

  it("leave the first ones of a network to the gateway, and stay inside it", () => {
    expect(addresses({ number: 0 })).toEqual([{ segment: "media", address: "10.10.1.10" }]);
    expect(addresses({ number: 127 })).toEqual([{ segment: "media", address: "10.10.1.137" }]);
  });

  it("include one on the egress network where the record declares a way out", () => {
    expect(addresses({ egress: { reason } }).map(({ segment }) => segment)).toEqual(["media", "egress"]);
  });

  it("include none on it in the dmz, which leads out itself", () => {
    expect(addresses({ segment: "dmz", egress: { reason } }).map(({ segment }) => segment)).toEqual(["dmz"]);
  });

  it("are on one network that leads out, at most", () => {
    const fields: RecordFields = { segment: "proxy", alsoIn: ["dmz"], egress: { reason } };
    expect(addresses(fields).map(({ segment }) => segment)).toEqual(["proxy", "dmz"]);
  });
});

describe("a link's network", () => {
  const numbered = (consumer: number, provider: number) =>
    link(
      platform({
        alpha: { number: consumer, links: [linkTo("beta")] },
        beta: { number: provider, ports: listensOn(80) },
      }),
      "alpha",
      "beta",
    );

  it("is a /29 from the pair of numbers", () => {
    expect(numbered(0, 1)).toMatchObject({
      cidr: "10.32.0.8/29",
      gateway: "10.32.0.9",
      consumerAddress: "10.32.0.10",
      providerAddress: "10.32.0.11",
    });
    expect(numbered(20, 25).cidr).toBe("10.32.80.200/29");
    expect(numbered(127, 126).cidr).toBe("10.33.255.240/29");
  });

  it("differs for each of the 128 x 128 pairs, inside the pool, with its addresses inside it", () => {
    const config = stackConfig();
    const pools = found(
      readPools(config, () => {}),
      "pools",
    );
    const pool = found(parseCidr(config.platform.network.links), "the pool");
    const seen = new Set<string>();
    const outside: string[] = [];
    for (let consumer = 0; consumer < 128; consumer++) {
      for (let provider = 0; provider < 128; provider++) {
        const { cidr, gateway, consumerAddress, providerAddress } = linkNetwork(pools, consumer, provider);
        seen.add(cidr);
        const own = found(parseCidr(cidr), cidr);
        const hosts = [gateway, consumerAddress, providerAddress].map((address) =>
          found(parseCidr(`${address}/32`), address),
        );
        const good =
          own.prefix === 29 &&
          overlaps(own, pool) &&
          hosts.every(
            (host) => overlaps(host, own) && host.base !== own.base && host.base !== own.base + 7,
          ) &&
          new Set(hosts.map(({ base }) => base)).size === 3;
        if (!good) outside.push(cidr);
      }
    }
    expect(seen.size).toBe(128 * 128);
    expect(outside).toEqual([]);
  });
});

describe("the address pools", () => {
  const wrong = (segments: string, links: string) =>
    complaints(() => platform({ alpha: {} }, { config: { network: { segments, links } } }));

  it("for the segments may not be smaller than a /20", () => {
    expect(wrong("10.10.0.0/21", "10.32.0.0/15")).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: network\.segments 10\.10\.0\.0\/21 is exhausted .*\/20 or larger/,
      ),
    ]);
    expect(wrong("10.10.0.0/20", "10.32.0.0/15")).toEqual([]);
  });

  it("for the links may not be smaller than a /15", () => {
    expect(wrong("10.10.0.0/16", "10.32.0.0/16")).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: network\.links 10\.32\.0\.0\/16 is exhausted .*\/15 or larger/,
      ),
    ]);
    expect(wrong("10.10.0.0/16", "10.32.0.0/14")).toEqual([]);
  });

  it("may not overlap", () => {
    expect(wrong("10.32.0.0/16", "10.32.0.0/15")).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: network\.links 10\.32\.0\.0\/15 overlaps network\.segments 10\.32\.0\.0\/16$/,
      ),
    ]);
  });

  it("are told with everything else that is wrong", () => {
    const run = () =>
      platform(
        { alpha: { environment: { KEY: "${NOBODY}" } } },
        { config: { network: { segments: "10.10.0.0/24", links: "10.32.0.0/24" } } },
      );
    expect(complaints(run)).toHaveLength(3);
  });
});
