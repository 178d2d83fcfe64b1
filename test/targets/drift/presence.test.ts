import { describe, expect, it } from "vitest";
import type { InspectedContainer } from "../../../targets/drift/inspected.ts";
import { dockerTypes } from "../../../targets/resources.ts";
import { found } from "../../fixtures/platforms.ts";
import { Recording } from "./recordings.ts";

const engines = ["compose", "pulumi"] as const;

function remove<T>(list: T[], item: T): void {
  list.splice(list.indexOf(item), 1);
}

describe.each(engines)("a part of the stack that the %s engine made", (engine) => {
  it("is missed when it is gone", () => {
    const recording = new Recording(engine);
    remove(recording.stack.containers, recording.container("traefik"));
    remove(recording.stack.networks, recording.network("dmz"));
    remove(recording.stack.volumes, recording.volume("traefik_certs"));
    expect(recording.compare().drift).toEqual([
      part(engine, "container", "-traefik", "traefik", "running"),
      part(engine, "network", "-dmz", null, "present"),
      part(engine, "volume", "-traefik_certs", null, "present"),
    ]);
  });

  it("is found when nobody declared it", () => {
    const recording = new Recording(engine);
    const names = new Set([
      ...["traefik-container", "dmz-network", "traefik_certs-volume", "traefik_to_keyholder-network"],
    ]);
    recording.program.resources = recording.program.resources.filter(({ name }) => !names.has(name));
    const drift = recording.compare().drift.filter(({ property }) => property === "state");
    expect(drift).toEqual([
      { ...part(engine, "container", "-traefik", "traefik", null), running: "running" },
      { ...part(engine, "network", "-dmz", null, null), running: "present" },
      { ...part(engine, "network", "-traefik_to_keyholder", null, null), running: "present" },
    ]);
  });

  it("is found when there is a second network of its name", () => {
    const recording = new Recording(engine);
    recording.stack.networks.push({ ...recording.network("dmz"), Id: "another" });
    expect(recording.differing()).toEqual(["dmz state"]);
  });

  it.each(["exited", "restarting", "paused", "dead", "created"])("is found when it is %s", (status) => {
    const recording = new Recording(engine);
    recording.container("traefik").State.Status = status;
    expect(recording.differing()).toEqual(["traefik state"]);
  });

  it("has done its work when it is a one-shot container that exited with 0, and only then", () => {
    const recording = new Recording(engine);
    const { State } = recording.container("traefik_seed");
    expect(State.Status).toBe("exited");
    State.ExitCode = 1;
    expect(recording.compare().drift).toMatchObject([
      { service: "traefik", property: "state", declared: "exited 0", running: "exited 1" },
    ]);
    Object.assign(State, { Status: "running", ExitCode: 0 });
    expect(recording.differing()).toEqual(["traefik_seed state"]);
  });

  it("is missed once when it is a one-shot container, and not again by the service that names it", () => {
    const recording = new Recording(engine);
    recording.files.delete(`umsrec${engine}-traefik_seed`);
    remove(recording.stack.containers, recording.container("traefik_seed"));
    expect(recording.differing()).toEqual(["traefik_seed state"]);
  });

  it("names the one-shot container that is there, and no other of the same name", () => {
    const recording = new Recording(engine);
    const seed = recording.container("traefik_seed");
    seed.Id = "another";
    delete seed.Config.Labels?.["ums.fingerprint"];
    expect(recording.compare().drift).toMatchObject([
      {
        name: `umsrec${engine}-traefik`,
        property: "label ums.seed",
        declared: `umsrec${engine}-traefik_seed`,
      },
    ]);
  });
});

function part(engine: string, kind: string, name: string, service: string | null, declared: string | null) {
  return { kind, name: `umsrec${engine}${name}`, service, property: "state", declared, running: null };
}

describe.each(engines)("a client of the VPN that the %s engine made", (engine) => {
  const drift = (edit: (client: InspectedContainer, vpn: InspectedContainer) => void) => {
    const recording = new Recording(engine);
    edit(recording.container("keyholder"), recording.container("gluetun"));
    return recording
      .compare()
      .drift.map(({ name, property, running }) => [
        recording.short(name),
        property,
        running?.replaceAll(/umsrec\w+-/g, ""),
      ]);
  };

  it("is in another container's network", () => {
    expect(
      drift(({ HostConfig }) => Object.assign(HostConfig, { NetworkMode: `container:${"0".repeat(64)}` })),
    ).toEqual([["keyholder", "networkMode", "the network of 000000000000, which is not there"]]);
  });

  it("has the network of a VPN container that was started again since", () => {
    expect(drift((_, { State }) => Object.assign(State, { StartedAt: "2099-01-01T00:00:00Z" }))).toEqual([
      ["keyholder", "networkMode", "the network of gluetun before its restart, which is gone"],
    ]);
  });

  it("has a network of its own", () => {
    const networks = { [`umsrec${engine}-egress`]: {} };
    const edit = ({ HostConfig, NetworkSettings }: InspectedContainer) => {
      HostConfig.NetworkMode = `umsrec${engine}-egress`;
      NetworkSettings.Networks = networks;
    };
    expect(drift(edit)).toEqual([
      ["keyholder", `network umsrec${engine}-egress`, "no fixed address"],
      ["keyholder", "networkMode", "its own networks"],
    ]);
  });
});

describe.each(engines)("a container's place in a network that the %s engine made", (engine) => {
  const link = `umsrec${engine}-traefik_to_keyholder`;
  const drift = (
    edit: (networks: NonNullable<InspectedContainer["NetworkSettings"]["Networks"]>) => void,
  ) => {
    const recording = new Recording(engine);
    edit(recording.container("gluetun").NetworkSettings.Networks ?? {});
    return recording.compare().drift.map(({ property, declared, running }) => [property, declared, running]);
  };
  const address = /^10\.\d+\.\d+\.\d+/.exec(
    found(
      new Recording(engine).compare().compared &&
        new Recording(engine).container("gluetun").NetworkSettings.Networks?.[link]?.IPAMConfig?.IPv4Address,
      "an address",
    ),
  )?.[0];

  it("is missed, with what it is called there", () => {
    expect(drift((networks) => delete networks[link])).toEqual([
      [`network ${link}`, `${address} as keyholder`, null],
    ]);
  });

  it("has another address, or none of its own", () => {
    expect(
      drift((networks) =>
        Object.assign(found(networks[link], link), { IPAMConfig: { IPv4Address: "10.0.0.9" } }),
      ),
    ).toEqual([[`network ${link}`, `${address} as keyholder`, "10.0.0.9 as keyholder"]]);
    expect(drift((networks) => Object.assign(found(networks[link], link), { IPAMConfig: null }))).toEqual([
      [`network ${link}`, `${address} as keyholder`, "no fixed address as keyholder"],
    ]);
  });

  it("is known there by other names", () => {
    const running = (aliases: string[]) =>
      drift((networks) => Object.assign(found(networks[link], link), { Aliases: aliases }))[0]?.[2];
    expect(running([])).toBe(address);
    expect(running(["keyholder", "postgres"])).toBe(`${address} as keyholder, postgres`);
    expect(running(["keyholder", `umsrec${engine}-gluetun`])).toBeUndefined();
  });
});

describe("a network", () => {
  const drift = (edit: (recording: Recording) => void) => {
    const recording = new Recording("compose");
    edit(recording);
    return recording.compare().drift.map(({ kind, property, declared, running }) => {
      expect(kind).toBe("network");
      return [property, declared, running];
    });
  };

  it.each([
    ["internal", { Internal: true }, ["false", "true"]],
    ["driver", { Driver: "macvlan" }, ["bridge", "macvlan"]],
    ["ipv6", { EnableIPv6: true }, ["false", "true"]],
    ["label ums.segment", { Labels: { "ums.stack": "umsreccompose" } }, ["dmz", null]],
    ["option com.docker.network.bridge.enable_icc", { Options: {} }, ["false", null]],
  ])("that has another %s is found", (property, change, [declared, running]) => {
    expect(drift((recording) => Object.assign(recording.network("dmz"), change))).toEqual([
      [property, declared, running],
    ]);
  });

  it("that has other addresses is found", () => {
    const IPAM = { Config: [{ Subnet: "10.0.0.0/8", Gateway: "10.0.0.1" }] };
    expect(drift((recording) => Object.assign(recording.network("dmz"), { IPAM }))).toEqual([
      ["gateway", "10.146.4.1", "10.0.0.1"],
      ["subnet", "10.146.4.0/24", "10.0.0.0/8"],
    ]);
  });

  it("that has a stranger on it is found", () => {
    const stranger = { other: { Name: "intruder", IPv4Address: "10.146.4.99/24" } };
    const edit = (recording: Recording) => Object.assign(recording.network("dmz").Containers ?? {}, stranger);
    expect(drift(edit)).toEqual([["container intruder", null, "10.146.4.99/24"]]);
  });
});

describe("a volume", () => {
  it("that has another driver, options or labels is found", () => {
    const recording = new Recording("pulumi");
    Object.assign(recording.volume("traefik_certs"), {
      Driver: "other",
      Options: { type: "none", o: "bind", device: "/etc" },
      Labels: { "ums.stack": "umsrecpulumi" },
    });
    expect(recording.differing()).toEqual(
      ["driver", "label ums.class", "option device", "option o", "option type"].map(
        (property) => `traefik_certs ${property}`,
      ),
    );
  });

  it("that nobody declares any more is data, and no drift", () => {
    const recording = new Recording("compose");
    recording.program.resources = recording.program.resources.filter(
      ({ type, name }) => type !== dockerTypes.volume || name !== "traefik_certs-volume",
    );
    expect(recording.differing()).toEqual([]);
  });
});
