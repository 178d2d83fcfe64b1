import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../../stacks/catalog/load.ts";
import { loadEnvironments } from "../../../../stacks/config/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { type PlatformInput, platformOf } from "../../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../../fixtures/problems.ts";
import { type StackOptions, stackConfig, stackText } from "../../../fixtures/stackConfigs.ts";
import { filesOf } from "../fixtures.ts";

const key = (letter: string) => `${letter.repeat(43)}=`;
const phone = { name: "phone", publicKey: key("A"), address: "10.8.0.2" };
const laptop = { name: "laptop", publicKey: key("B"), address: "10.8.0.3" };

type Fields = NonNullable<PlatformInput["config"]>;

const settings = (fields: Fields): Fields => ({
  services: { include: ["wireguard-peers", "authelia"] },
  ...fields,
});

const stack = (fields: Fields, options: StackOptions = {}) =>
  platformOf(
    loadCatalog(projectRoot, ["catalog"]),
    stackConfig(settings(fields), options),
    loadEnvironments(projectRoot),
  );

const files = (fields: Fields = {}) => filesOf(stack(fields), "wireguard-peers");

describe("WireGuard with declared devices", () => {
  it("has each device at its own address, and sends no packet of one to another", () => {
    const text = files({
      remoteAccess: { network: "10.9.0.0/16", devices: [{ ...phone, address: "10.9.3.2" }] },
    });
    expect(text.get("/etc/wireguard/wg0.conf")).toBe(`[Interface]
Address = 10.9.0.1/16
ListenPort = 51820
PostUp = wg set %i private-key /run/secrets/private_key
PostUp = iptables -t nat -A POSTROUTING -s 10.9.0.0/16 ! -o %i -j MASQUERADE
PostUp = iptables -A FORWARD -i %i -o %i -j DROP

# phone
[Peer]
PublicKey = ${phone.publicKey}
AllowedIPs = 10.9.3.2/32
`);
  });

  it("lets nobody in where no device is named", () => {
    expect(files().get("/etc/wireguard/wg0.conf")).not.toContain("[Peer]");
    expect(files().get("/etc/wireguard/devices.txt")?.trim()).toBe("");
  });

  it("has a key of its own, of 32 bytes", () => {
    const secret = files().get("/run/secrets/private_key") ?? "";
    expect(Buffer.from(secret, "base64")).toHaveLength(32);
    expect(secret).toHaveLength(44);
  });

  it("gives a device's shared key as a secret file, and names it nowhere else", () => {
    const remoteAccess = { devices: [phone, { ...laptop, presharedKey: "laptopKey" }] };
    const text = files({ remoteAccess });
    expect(text.get("/etc/wireguard/laptop.psk")).toMatch(/^\S+$/);
    expect([...text.keys()]).not.toContain("/etc/wireguard/phone.psk");
    expect(text.get("/etc/wireguard/wg0.conf")).toContain(
      `PostUp = wg set %i peer ${laptop.publicKey} preshared-key /etc/wireguard/laptop.psk\n`,
    );
    const { services } = stack({ remoteAccess });
    const written = services.find(({ name }) => name === "wireguard-peers")?.files ?? [];
    expect(
      written.filter(({ content }) => "secret" in content).map(({ path, mode }) => `${mode} ${path}`),
    ).toEqual(["0400 /etc/wireguard/laptop.psk", "0400 /run/secrets/private_key"]);
  });

  it("lets its owner alone read the interface's file", () => {
    const { services } = stack({});
    const written = services.find(({ name }) => name === "wireguard-peers")?.files ?? [];
    expect(written.find(({ path }) => path === "/etc/wireguard/wg0.conf")?.mode).toBe("0400");
  });

  it("writes down what a device has to be told", () => {
    const remoteAccess = { devices: [phone], dns: ["9.9.9.9"], routes: ["10.8.0.0/24"] };
    expect(files({ remoteAccess }).get("/etc/wireguard/devices.txt")).toBe(`# phone
[Interface]
# PrivateKey = the device's own
Address = 10.8.0.2/32
DNS = 9.9.9.9
[Peer]
PublicKey = SERVER_PUBLIC_KEY
Endpoint = media.localhost:51821
AllowedIPs = 10.8.0.0/24

`);
  });

  const wrong = (fields: Fields, words: string, options: StackOptions = {}) => {
    const { line, column } = positionOf(stackText(settings(fields), options), words);
    return (message: string) => `Pulumi.test.yaml:${line}:${column}: ${message}`;
  };

  it.each([
    ["10.9.0.2", "10.9.0.2 is no address of 10.8.0.0/24"],
    ["10.8.0.0", "10.8.0.0 is no address of 10.8.0.0/24"],
    ["10.8.0.255", "10.8.0.255 is no address of 10.8.0.0/24"],
    ["10.8.0.1", "10.8.0.1 is the server's; take another of 10.8.0.0/24"],
    ["10.8.0.2", "10.8.0.2 is phone's; take another of 10.8.0.0/24"],
  ])("refuses the address %s", (address, message) => {
    const fields = { remoteAccess: { devices: [phone, { ...laptop, address }] } };
    const text = stackText(settings(fields));
    const line = text.split("\n").findLastIndex((one) => one.includes(`address: ${address}`)) + 1;
    const told = complaints(() => stack(fields));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(new RegExp(`^Pulumi\\.test\\.yaml:${line}:\\d+: `));
    expect(told[0]).toContain(`remoteAccess.devices[1]: ${message}`);
  });

  it("refuses two devices of one name or one key", () => {
    const fields = { remoteAccess: { devices: [phone, { ...phone, address: "10.8.0.4" }] } };
    expect(complaints(() => stack(fields)).map((told) => told.replace(/^\S+ /, ""))).toEqual([
      'remoteAccess.devices[1]: there is another device "phone"',
      "remoteAccess.devices[1]: it is phone's key, too; each device makes its own",
    ]);
  });

  it("refuses the network of the platform, and with real images a shared key that is not set", () => {
    const own = { remoteAccess: { network: "10.10.7.0/24" } };
    expect(complaints(() => stack(own))).toEqual([
      wrong(
        own,
        "network: 10.10.7.0/24",
      )(
        "remoteAccess.network 10.10.7.0/24 overlaps network.segments 10.10.0.0/16; take another, such as 10.8.0.0/24",
      ),
    ]);
    const unset = {
      images: "real" as const,
      remoteAccess: { devices: [{ ...laptop, presharedKey: "laptopKey" }] },
    };
    const refused = () =>
      platformOf(
        loadCatalog(projectRoot, ["catalog"]),
        stackConfig(settings(unset)),
        loadEnvironments(projectRoot),
        { unsetSecrets: "refuse" },
      );
    expect(complaints(refused)).toContainEqual(
      expect.stringContaining('wireguard-peers (remoteAccess.devices[0]) needs the secret "laptopKey"'),
    );
  });
});
