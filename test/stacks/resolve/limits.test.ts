import { describe, expect, it } from "vitest";
import { platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";

type Records = Record<string, RecordFields>;

const wrong = (records: Records, config: Parameters<typeof platform>[1] = {}) =>
  complaints(() => platform(records, config));
const reason = "a test needs it";
const publishing = (host: number, port = host): RecordFields => ({
  segment: "dmz",
  ports: listensOn(port),
  publish: [{ port, host, reason }],
});

describe("the memory budget", () => {
  const records: Records = {
    small: { limits: { memory: 100, cpus: 1 } },
    large: { limits: { memory: 900, cpus: 1 } },
    middle: { limits: { memory: 500, cpus: 1 } },
  };

  it("that is exceeded is told with the sum and the largest services, at the budget", () => {
    expect(wrong(records, { config: { budget: { memory: 1499, cpus: 4 } } })).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: .*add up to 1500 MiB, the budget is 1499 MiB; the largest: large 900, middle 500, small 100$/,
      ),
    ]);
  });

  it("that is met exactly is kept", () => {
    expect(wrong(records, { config: { budget: { memory: 1500, cpus: 4 } } })).toEqual([]);
  });

  it("counts the stack's overrides", () => {
    const overrides = { large: { memory: 200 } };
    const config = { budget: { memory: 800, cpus: 4 }, overrides };
    expect(wrong(records, { config })).toEqual([]);
    expect(service(platform(records, { config }), "large").limits).toEqual({ memory: 200, cpus: 1 });
  });

  it("counts only services of the stack", () => {
    const config = {
      budget: { memory: 600, cpus: 4 },
      services: { include: "all" as const, exclude: ["large"] },
    };
    expect(wrong(records, { config })).toEqual([]);
  });
});

describe("the processor budget", () => {
  const records: Records = {
    one: { limits: { memory: 16, cpus: 4 } },
    two: { limits: { memory: 16, cpus: 8 } },
  };

  it("that a service exceeds is told at the record", () => {
    expect(wrong(records, { config: { budget: { memory: 64, cpus: 4 } } })).toEqual([
      expect.stringMatching(
        /^catalog\/two\.yaml:\d+:\d+: two is limited to 8 processors, the stack's budget is 4; lower it in overrides\.two\.cpus$/,
      ),
    ]);
  });

  it("is kept by an override", () => {
    const config = { budget: { memory: 64, cpus: 4 }, overrides: { two: { cpus: 2 } } };
    expect(wrong(records, { config })).toEqual([]);
  });
});

describe("host ports", () => {
  it("of two services clash", () => {
    expect(wrong({ alpha: publishing(80), beta: publishing(80, 8080) })).toEqual([
      expect.stringMatching(/^catalog\/beta\.yaml:\d+:\d+: beta and alpha both want the host port 80\/tcp$/),
    ]);
  });

  it("of two protocols do not", () => {
    const udp: RecordFields = {
      segment: "dmz",
      ports: [{ port: 80, protocol: "udp", purpose: "a test calls it" }],
      publish: [{ port: 80, host: 80, protocol: "udp", reason }],
    };
    expect(wrong({ alpha: publishing(80), beta: udp })).toEqual([]);
  });

  it("are moved by the stack's offset and listen on its address", () => {
    const config = { publish: { address: "127.0.0.1", offset: 10000 } };
    expect(service(platform({ alpha: publishing(443) }, { config }), "alpha").publish).toEqual([
      { port: 443, host: 10443, address: "127.0.0.1", protocol: "tcp", reason },
    ]);
  });

  it("over 65535 are refused at the offset", () => {
    expect(wrong({ alpha: publishing(51820) }, { config: { publish: { offset: 20000 } } })).toEqual([
      expect.stringMatching(
        /^Pulumi\.test\.yaml:\d+:\d+: alpha: host port 51820 plus publish\.offset 20000 is over 65535$/,
      ),
    ]);
  });

  it("need a network that leads out", () => {
    expect(wrong({ alpha: { ...publishing(80), segment: "media" } })).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha publishes a port but sits on the internal segment media/,
      ),
    ]);
    expect(wrong({ alpha: { ...publishing(80), segment: "media", egress: { reason } } })).toEqual([]);
  });

  it("of a service called host do not clash with its own port", () => {
    expect(wrong({ host: publishing(80) })).toEqual([]);
  });

  it("may be those of a service that is in the dmz among others", () => {
    expect(wrong({ alpha: { ...publishing(80), segment: "media", alsoIn: ["dmz"] } })).toEqual([]);
  });
});

describe("subdomains", () => {
  const routed = (subdomain: string): RecordFields => ({
    ports: listensOn(80),
    route: { subdomain, port: 80, access: "user" },
  });

  it("of two services clash", () => {
    expect(wrong({ alpha: routed("music"), beta: routed("music") })).toEqual([
      expect.stringMatching(/^catalog\/beta\.yaml:\d+:\d+: beta and alpha both want the subdomain "music"$/),
    ]);
  });

  it("do so for the domain itself", () => {
    expect(wrong({ alpha: routed("@"), beta: routed("@") })).toEqual([
      expect.stringContaining("beta and alpha both want the domain itself"),
    ]);
  });

  it("become addresses, with the port where it is not 443", () => {
    const config = { domain: "media.test" };
    const url = (fields: RecordFields, offset = 0) =>
      service(platform({ alpha: fields }, { config: { ...config, publish: { offset } } }), "alpha").route
        ?.url;
    expect(url(routed("music"))).toBe("https://music.media.test");
    expect(url(routed("@"))).toBe("https://media.test");
    expect(url(routed("music"), 10000)).toBe("https://music.media.test:10443");
  });
});

describe("ports inside one network", () => {
  const through = (port: number): RecordFields => ({ through: "vpn", ports: listensOn(port) });

  it("of two services behind one VPN clash", () => {
    expect(wrong({ vpn: {}, alpha: through(8080), beta: through(8080) })).toEqual([
      expect.stringMatching(
        /^catalog\/beta\.yaml:\d+:\d+: beta and alpha both want port 8080\/tcp of vpn's network namespace$/,
      ),
    ]);
  });

  it("of the VPN and a service behind it clash", () => {
    expect(wrong({ vpn: { ports: listensOn(8080) }, client: through(8080) })).toEqual([
      expect.stringContaining("vpn and client both want port 8080/tcp of vpn's network namespace"),
    ]);
  });

  it("of services in networks of their own do not", () => {
    expect(
      wrong({
        alpha: { ports: listensOn(8080) },
        beta: { ports: listensOn(8080), links: [linkTo("alpha", 8080)] },
      }),
    ).toEqual([]);
  });

  it("written twice in one record are told", () => {
    expect(wrong({ alpha: { ports: listensOn(80, 80) } })).toHaveLength(1);
  });
});
