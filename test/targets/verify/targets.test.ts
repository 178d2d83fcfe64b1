import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cidr, parseCidr } from "../../../stacks/cidr.ts";
import type { Platform } from "../../../stacks/platform.ts";
import {
  commonPorts,
  isConfined,
  isRoutable,
  meaningOf,
  type Namespace,
  type Target,
  targetsFrom,
} from "../../../targets/verify/targets.ts";
import { found, link, platform } from "../../fixtures/platforms.ts";
import { linkTo, listensOn } from "../../fixtures/records.ts";

function cidr(text: string): Cidr {
  return found(parseCidr(text), `a network ${text}`);
}

/** The platform's namespaces as they should run: each at its address in its segments and on its links. */
function namespacesOf(of: Platform): Namespace[] {
  return of.services
    .filter(({ through }) => through === undefined)
    .map(({ name, addresses }) => {
      const onLinks = of.links.flatMap((one) => [
        ...(one.consumerHost === name ? [{ address: one.consumerAddress, subnet: one.cidr }] : []),
        ...(one.providerHost === name ? [{ address: one.providerAddress, subnet: one.cidr }] : []),
      ]);
      const segments = of.segments.filter((one) => addresses.some(({ segment }) => segment === one.name));
      return {
        host: name,
        members: of.services.filter((one) => one.name === name || one.through === name),
        containerId: `id of ${name}`,
        containerName: `${of.stack}-${name}`,
        addresses: [...addresses, ...onLinks].map(({ address }) => address).sort(),
        subnets: [...segments.map((one) => one.cidr), ...onLinks.map(({ subnet }) => subnet)].map(cidr),
        wayOut: segments.some(({ internal }) => !internal),
      };
    });
}

const of = platform({
  gate: { segment: "dmz", roles: ["gateway"], ports: listensOn(443) },
  sign: {
    segment: "proxy",
    roles: ["sso"],
    ports: listensOn(9091),
    route: { subdomain: "auth", port: 9091, access: "public", reason: "people sign in here" },
  },
  app: {
    ports: [...listensOn(80, 9100), { port: 53, protocol: "udp", purpose: "names" }],
    route: { subdomain: "app", port: 80, access: "user" },
    links: [linkTo("store", 5432), linkTo("client", 8080)],
  },
  store: { segment: "data", ports: listensOn(5432, 8888) },
  tunnel: { segment: "downloads", roles: ["vpn"], egress: { reason: "the way out" }, ports: listensOn(8000) },
  client: { segment: "downloads", through: "tunnel", ports: listensOn(8080) },
  other: { links: [linkTo("app", 80, { required: false })] },
});
const namespaces = namespacesOf(of);
const namespace = (host: string) =>
  found(
    namespaces.find((one) => one.host === host),
    host,
  );
const show = ({ to, address, port, protocol }: Target) => `${to} ${address} ${port}/${protocol}`;

describe("the connections to try from a container", () => {
  it("go to every other container, by every name and address, on every declared and every common port", () => {
    for (const source of namespaces) {
      const tried = new Set(targetsFrom(source, namespaces, of).map(show));
      for (const target of namespaces) {
        if (target.host === source.host) continue;
        const names = [...target.members.map(({ name }) => name), target.containerName, ...target.addresses];
        const ports = [
          ...target.members.flatMap(({ ports: own }) =>
            own.map(({ port, protocol }) => `${port}/${protocol}`),
          ),
          ...commonPorts.map((port) => `${port}/tcp`),
        ];
        for (const name of names)
          for (const port of ports) expect(tried).toContain(`${target.host} ${name} ${port}`);
      }
    }
  });

  it("go nowhere else, and never to itself", () => {
    for (const source of namespaces) {
      for (const target of targetsFrom(source, namespaces, of)) {
        expect(target.host).toBe(source.host);
        expect(target.to).not.toBe(source.host);
        const other = namespace(target.to);
        expect([...other.members.map(({ name }) => name), other.containerName, ...other.addresses]).toContain(
          target.address,
        );
      }
    }
  });

  it("must open where a link is declared, by alias and by the address it stands for, and nowhere else", () => {
    const declared = (host: string) =>
      targetsFrom(namespace(host), namespaces, of)
        .filter((target) => target.declared)
        .map(show);
    expect(declared("app").sort()).toEqual(
      [
        "store store 5432/tcp",
        `store ${link(of, "app", "store").providerAddress} 5432/tcp`,
        "tunnel client 8080/tcp",
        `tunnel ${link(of, "app", "client").providerAddress} 8080/tcp`,
      ].sort(),
    );
    expect(declared("store")).toEqual([]);
    expect(declared("tunnel")).toEqual([]);
    expect(new Set(declared("gate"))).toEqual(
      new Set([
        "app app 80/tcp",
        `app ${link(of, "gate", "app").providerAddress} 80/tcp`,
        "sign sign 9091/tcp",
        `sign ${link(of, "gate", "sign").providerAddress} 9091/tcp`,
      ]),
    );
  });

  it("are all the platform's links, each from where its consumer is", () => {
    const all = namespaces.flatMap((source) => targetsFrom(source, namespaces, of));
    for (const one of of.links)
      for (const { port, protocol } of one.uses)
        for (const address of [one.provider, one.providerAddress])
          expect(all).toContainEqual({
            host: one.consumerHost,
            to: one.providerHost,
            address,
            port,
            protocol,
            declared: true,
          });
  });

  it("are without repeats, also where one port is declared for two reasons", () => {
    for (const source of namespaces) {
      const shown = targetsFrom(source, namespaces, of).map(show);
      expect(shown.filter((one, index) => shown.indexOf(one) < index)).toEqual([]);
    }
  });
});

describe("an open connection", () => {
  const target = (fields: Partial<Target>): Target => ({
    host: "app",
    to: "store",
    address: "store",
    port: 5432,
    protocol: "tcp",
    declared: false,
    ...fields,
  });
  const onLink = link(of, "app", "store");

  it("is declared when it was, or went over the link to a port the link is for", () => {
    expect(meaningOf(target({ declared: true }), onLink.providerAddress, of)).toBe("declared");
    expect(meaningOf(target({ address: "test-store" }), onLink.providerAddress, of)).toBe("declared");
  });

  it("is on another port when it went over the link to a port the link is not for", () => {
    expect(meaningOf(target({ port: 8888 }), onLink.providerAddress, of)).toBe("other-port-on-link");
    expect(meaningOf(target({ protocol: "udp" }), onLink.providerAddress, of)).toBe("other-port-on-link");
  });

  it("is in reverse when the provider reached its consumer over the link", () => {
    const back = target({ host: "store", to: "app", address: "app", port: 80 });
    expect(meaningOf(back, onLink.consumerAddress, of)).toBe("reverse-on-link");
  });

  it("is undeclared when it went any other way, even between two that have a link", () => {
    const [store, app] = [namespace("store"), namespace("app")];
    for (const address of store.addresses.filter((one) => one !== onLink.providerAddress))
      expect(meaningOf(target({ address }), address, of)).toBe("undeclared");
    const back = target({ host: "store", to: "app", port: 80 });
    for (const address of app.addresses.filter((one) => one !== onLink.consumerAddress))
      expect(meaningOf({ ...back, address }, address, of)).toBe("undeclared");
    expect(meaningOf(target({ host: "other" }), onLink.providerAddress, of)).toBe("undeclared");
    expect(meaningOf(target({ to: "sign", port: 9091 }), onLink.providerAddress, of)).toBe("undeclared");
  });

  it("of a client is its VPN container's", () => {
    const client = link(of, "app", "client");
    const to = target({ to: "tunnel", address: "client", port: 8080 });
    expect(meaningOf(to, client.providerAddress, of)).toBe("declared");
    expect(meaningOf({ ...to, port: 8000 }, client.providerAddress, of)).toBe("other-port-on-link");
    expect(meaningOf({ ...to, host: "tunnel", to: "app" }, client.consumerAddress, of)).toBe(
      "reverse-on-link",
    );
  });

  it("is undeclared when the alias led elsewhere than to the link", () => {
    const segment = found(
      namespace("store").addresses.find((address) => address.startsWith("10.10.")),
      "the address in the segment",
    );
    expect(meaningOf(target({ declared: true }), segment, of)).toBe("undeclared");
  });
});

describe("what a packet can arrive at", () => {
  const source = (wayOut: boolean): Namespace => ({
    ...namespace("app"),
    subnets: [cidr("10.10.1.0/24"), cidr("10.32.0.0/29")],
    wayOut,
  });
  const hostRoutes = [cidr("172.17.0.0/16")];

  it("is anything, from where nothing leads out", () => {
    for (const address of ["10.10.1.7", "192.0.2.1", "172.17.0.3", "store"])
      expect(isRoutable(source(false), address, hostRoutes)).toBe(true);
  });

  it("is its own networks, the host's and names, from where something leads out", () => {
    for (const address of ["10.10.1.7", "10.32.0.3", "172.17.0.3", "store"])
      expect(isRoutable(source(true), address, hostRoutes)).toBe(true);
    for (const address of ["10.10.2.7", "10.32.0.8", "192.0.2.1", "172.18.0.3"])
      expect(isRoutable(source(true), address, hostRoutes)).toBe(false);
  });

  it("is never left out of the networks a container is on", () => {
    fc.assert(fc.property(fc.nat(255), (last) => isRoutable(source(true), `10.10.1.${last}`, [])));
  });
});

describe("a service without a way out", () => {
  it.each([
    ["gate", false],
    ["sign", true],
    ["app", true],
    ["store", true],
    ["tunnel", false],
  ])("%s: %s", (host, confined) => expect(isConfined(namespace(host), of)).toBe(confined));

  it("is judged by its record, whatever it has in fact", () => {
    expect(isConfined({ ...namespace("store"), wayOut: true, subnets: [cidr("0.0.0.0/0")] }, of)).toBe(true);
  });

  it("may be no service at all", () => {
    expect(isConfined({ ...namespace("store"), members: [] }, of)).toBe(false);
  });
});
