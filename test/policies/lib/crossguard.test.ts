import { describe, expect, it } from "vitest";
import { policies } from "../../../policies/pack.ts";
import { dockerTypes, type ResourceReference } from "../../../targets/resources.ts";
import { found } from "../../fixtures/platforms.ts";
import { type EngineResource, inEngine, unknown } from "../engine.ts";
import { container, link } from "../program.ts";

const policy = (name: string) =>
  found(
    policies.find((one) => one.name === name),
    name,
  );
const downloads = { "ums.segment": "downloads" };
const vpn = container("gluetun", { networksAdvanced: [{ name: "test-app_to_torrent" }] }, downloads);
const reference = (type: keyof typeof dockerTypes, name: string): ResourceReference => ({
  type: dockerTypes[type],
  name,
});
/** A download client in a preview: its mode is made from these resources, and not known. */
const client = (...origins: ResourceReference[]): EngineResource => ({
  ...container("torrent", { networkMode: unknown, networksAdvanced: undefined }, downloads),
  propertyDependencies: { networkMode: origins },
});

describe("a network mode that is not known before the update", () => {
  const tunnel = reference("container", "gluetun-container");
  const messages = (name: string, ...resources: EngineResource[]) =>
    inEngine(policy(name), resources).messages;

  it("is the VPN's where it is made from the VPN's container alone", () => {
    const own = client(tunnel, reference("network", "media-network"));
    for (const name of ["download-clients", "default-bridge", "link-declared"]) {
      expect(messages(name, link("app", "torrent", "10.1.0.0/29"), vpn, own), name).toEqual([]);
    }
  });

  it.each([
    ["another container", [reference("container", "app-container")]],
    ["another container, too", [tunnel, reference("container", "app-container")]],
    ["no container", [reference("network", "media-network")]],
    ["nothing", []],
  ])("is refused where it is made from %s", (_, origins) => {
    expect(messages("download-clients", vpn, container("app"), client(...origins))).toEqual([
      expect.stringMatching(/^torrent: networkMode is not the VPN's container/),
    ]);
  });
});
