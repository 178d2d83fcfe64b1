import { describe, expect, it } from "vitest";
import { link, pairs, platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, linkToAny, listensOn, type RecordFields } from "../../fixtures/records.ts";

type Records = Record<string, RecordFields>;

const listening = { ports: listensOn(80) };
const routed = (subdomain: string, port = 80): RecordFields => ({
  ports: listensOn(port),
  route: { subdomain, port, access: "user" },
});
const wrong = (records: Records) => complaints(() => platform(records));

describe("a declared link", () => {
  it("names its port and what for", () => {
    const { uses, required, ordered } = link(
      platform({ alpha: { links: [linkTo("beta")] }, beta: listening }),
      "alpha",
      "beta",
    );
    expect(uses).toEqual([{ port: 80, protocol: "tcp", why: "a test needs it", origin: "declared" }]);
    expect({ required, ordered }).toEqual({ required: true, ordered: true });
  });

  it("to a port the provider does not listen on is refused, with those it does", () => {
    const records: Records = {
      alpha: { links: [linkTo("beta", 8080)] },
      beta: { ports: [...listensOn(80), { port: 53, protocol: "udp", purpose: "names" }] },
    };
    expect(wrong(records)).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: links\[0\]: "beta" does not listen on 8080\/tcp; it listens on 80\/tcp, 53\/udp$/,
      ),
    ]);
  });

  it("to a port of the other protocol is refused", () => {
    expect(wrong({ alpha: { links: [linkTo("beta", 80, { protocol: "udp" })] }, beta: listening })).toEqual([
      expect.stringContaining("does not listen on 80/udp; it listens on 80/tcp"),
    ]);
  });

  it("to a provider without ports is refused", () => {
    expect(wrong({ alpha: { links: [linkTo("beta")] }, beta: {} })).toEqual([
      expect.stringContaining("it listens on no port"),
    ]);
  });

  it.each([
    ["first", [linkTo("beta", 80), linkTo("beta", 81, { required: false, ordered: false })]],
    ["last", [linkTo("beta", 81, { required: false, ordered: false }), linkTo("beta", 80)]],
  ])("used twice is one link, as strict as the stricter use, which comes %s", (_, links) => {
    const both = platform({ alpha: { links }, beta: { ports: listensOn(80, 81) } });
    expect(pairs(both)).toEqual(["alpha -> beta"]);
    const { uses, required, ordered } = link(both, "alpha", "beta");
    expect(uses.map(({ port }) => port)).toEqual([80, 81]);
    expect({ required, ordered }).toEqual({ required: true, ordered: true });
  });

  it("the other way round is another link", () => {
    const both = platform({
      alpha: { ...listening, links: [linkTo("beta")] },
      beta: { ...listening, links: [linkTo("alpha", 80, { ordered: false })] },
    });
    expect(pairs(both)).toEqual(["alpha -> beta", "beta -> alpha"]);
    expect(link(both, "alpha", "beta").cidr).not.toBe(link(both, "beta", "alpha").cidr);
  });

  it("to any of several uses each one's route where it names no port", () => {
    const both = platform({
      alpha: { links: [linkToAny(["beta", "gamma"])] },
      beta: routed("b", 8096),
      gamma: routed("g", 32400),
    });
    expect(both.links.map(({ provider, uses }) => [provider, uses[0]?.port])).toEqual([
      ["beta", 8096],
      ["gamma", 32400],
    ]);
  });

  it("to any of several without a route or a port is refused", () => {
    expect(
      wrong({ alpha: { links: [linkToAny(["beta", "gamma"])] }, beta: listening, gamma: routed("g") }),
    ).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: links\[0\]: "beta" has no route, so say the port$/,
      ),
    ]);
  });
});

describe("links that records imply", () => {
  const gateway: RecordFields = { segment: "dmz", roles: ["gateway"] };

  it("lead from the gateway to every route, which it does not wait for", () => {
    const of = platform({ door: gateway, alpha: routed("music"), beta: routed("@") });
    expect(link(of, "door", "alpha")).toMatchObject({
      required: true,
      ordered: false,
      uses: [{ port: 80, protocol: "tcp", why: "serves music.", origin: "route" }],
    });
    expect(link(of, "door", "beta").uses[0]?.why).toBe("serves the domain itself");
    expect(service(of, "door").after).toEqual([]);
  });

  it("never lead from the gateway to itself", () => {
    expect(pairs(platform({ door: { ...gateway, ...routed("door") } }))).toEqual([]);
  });

  it("are none without a gateway", () => {
    expect(pairs(platform({ alpha: routed("music") }))).toEqual([]);
  });

  it("lead from the collector to every metrics endpoint but its own", () => {
    const of = platform({
      collector: { ports: listensOn(9090), roles: ["metrics"], metrics: { port: 9090 } },
      alpha: { ports: listensOn(80, 9100), metrics: { port: 9100 } },
    });
    expect(pairs(of)).toEqual(["collector -> alpha"]);
    expect(link(of, "collector", "alpha").uses).toEqual([
      { port: 9100, protocol: "tcp", why: "collects its metrics", origin: "metrics" },
    ]);
  });

  it("lead from the gateway to the single sign-on", () => {
    const of = platform({ door: gateway, sso: { ...routed("auth", 9091), roles: ["sso"] } });
    expect(link(of, "door", "sso").uses.map(({ port, origin }) => [port, origin])).toEqual([
      [9091, "route"],
      [9091, "sso"],
    ]);
  });

  it("join a declared one between the same two", () => {
    const of = platform({
      door: { ...gateway, links: [linkTo("alpha", 81, { required: false })] },
      alpha: { ...routed("a"), ports: listensOn(80, 81) },
    });
    expect(pairs(of)).toEqual(["door -> alpha"]);
    expect(link(of, "door", "alpha").uses.map(({ port, origin }) => [port, origin])).toEqual([
      [80, "route"],
      [81, "declared"],
    ]);
  });

  it("need a route of the single sign-on", () => {
    expect(wrong({ door: gateway, login: { roles: ["sso"] } })).toEqual([
      expect.stringMatching(
        /^catalog\/login\.yaml:\d+:\d+: login has the role sso but no route, .*; give it a route$/,
      ),
    ]);
  });

  it("lead from a gateway and a collector that live in another's network", () => {
    const of = platform({
      alpha: { ...routed("a"), metrics: { port: 80 } },
      collector: { through: "vpn", roles: ["metrics"] },
      door: { through: "vpn", roles: ["gateway"] },
      login: { ...routed("login", 9091), roles: ["sso"] },
      vpn: { egress: { reason: "dials the tunnel" } },
    });
    expect(
      of.links.map(({ consumer, consumerHost, provider }) => [consumer, consumerHost, provider]),
    ).toEqual([
      ["collector", "vpn", "alpha"],
      ["door", "vpn", "alpha"],
      ["door", "vpn", "login"],
    ]);
  });

  it.each(["gateway", "sso", "metrics"] as const)("need one holder of the role %s", (role) => {
    const holders: Records = {
      alpha: { ...routed("a"), roles: [role] },
      beta: { ...routed("b"), roles: [role] },
    };
    expect(wrong(holders)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^catalog/beta\\.yaml:\\d+:\\d+: beta and alpha both have the role ${role}; a stack has one$`,
        ),
      ),
    ]);
  });
});

describe("a service in another's network", () => {
  const records: Records = {
    vpn: { segment: "downloads", egress: { reason: "dials the tunnel" } },
    client: { segment: "downloads", through: "vpn", ...routed("client", 8080), links: [linkTo("beta")] },
    alpha: { links: [linkTo("client", 8080)] },
    beta: listening,
  };

  it("has the ends of its links there, under its own name", () => {
    const of = platform(records);
    expect(link(of, "alpha", "client")).toMatchObject({
      provider: "client",
      providerHost: "vpn",
      consumerHost: "alpha",
    });
    expect(link(of, "client", "beta")).toMatchObject({
      consumer: "client",
      consumerHost: "vpn",
      providerHost: "beta",
    });
  });

  it("has no address of its own", () => {
    expect(service(platform(records), "client").addresses).toEqual([]);
    expect(service(platform(records), "client").through).toBe("vpn");
  });

  it("starts after it", () => {
    expect(service(platform(records), "client").after).toEqual(["beta", "vpn"]);
  });

  it("which is itself in another's, is refused with the one to name", () => {
    const chain: Records = {
      inner: { through: "middle", ...listening },
      middle: { through: "outer" },
      outer: {},
      alpha: { links: [linkTo("inner")] },
    };
    expect(wrong(chain)).toEqual([
      expect.stringMatching(
        /^catalog\/inner\.yaml:\d+:\d+: inner goes through "middle", which has no network of its own: it goes through "outer"; name that here$/,
      ),
    ]);
  });

  it.each<[string, Records, string]>([
    [
      "of that service",
      { alpha: { through: "vpn", links: [linkTo("vpn")] }, vpn: listening },
      "alpha and vpn share vpn's",
    ],
    [
      "to that service",
      { alpha: { through: "vpn", ...listening }, vpn: { links: [linkTo("alpha", 80, { ordered: false })] } },
      "vpn and alpha share vpn's",
    ],
    [
      "of another one there",
      { alpha: { through: "vpn", links: [linkTo("beta")] }, beta: { through: "vpn", ...listening }, vpn: {} },
      "alpha and beta share vpn's",
    ],
  ])("has no link to or from one there: that %s", (_, together, told) => {
    expect(wrong(together)).toEqual([expect.stringMatching(/^catalog\/(alpha|vpn)\.yaml:\d+:\d+: /)]);
    expect(wrong(together)[0]).toContain(`${told} network namespace: use 127.0.0.1, and no link`);
  });

  it("has no link there that a route or metrics imply", () => {
    const together: Records = {
      alpha: { through: "vpn", ...routed("a"), metrics: { port: 80 } },
      door: { through: "vpn", roles: ["gateway", "metrics"] },
      vpn: {},
    };
    expect(wrong(together)).toEqual([
      expect.stringMatching(/door and alpha share vpn's network namespace: .* what route implies/),
      expect.stringMatching(/door and alpha share vpn's network namespace: .* what metrics implies/),
    ]);
  });
});
