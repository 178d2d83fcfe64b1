import { formatAddress, parseCidr, sizeOf } from "../../cidr.ts";
import { type RemoteAccess, remoteAccessSection } from "../../config/sections/remoteAccess.ts";
import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext, GeneratedFile } from "../context.ts";
import { linesText } from "../text.ts";
import { checkNetwork } from "./wireguard.ts";

/** Where wg-quick looks for an interface's file. */
const folder = "/etc/wireguard";

/**
 * WireGuard with the devices that the stack's config names: each has an address, and reaches the gateway and the
 * internet, but no other device. Its own key stays on the device. Lines are those of wg-quick(8) and wg(8).
 */
export function configureWireguardPeers(service: Service, context: ConfigureContext): Configuration {
  const settings = context.settings.remoteAccess ?? remoteAccessSection.parse({});
  const key = service.files.find(
    ({ content }) => "secret" in content && content.secret === `${service.name}/private-key`,
  );
  const listens = service.ports.find(({ protocol }) => protocol === "udp");
  if (!key || !listens) {
    context.report({
      place: context.recordPlace(service.name, []),
      message: `${service.name} needs a UDP port, and a secret "private-key" in a file: {name: private-key, generate: base64, length: 32, file: /run/secrets/private_key}`,
    });
    return { files: [] };
  }
  checkNetwork(settings, context);
  checkDevices(settings, context);
  const shared = sharedKeys(service, settings.devices, context);
  return {
    files: [
      // wg-quick warns of a file that all may read.
      {
        path: `${folder}/wg0.conf`,
        text: linesText(serverLines(settings, listens.port, key.path)),
        mode: "0400",
      },
      { path: `${folder}/start.sh`, text: startScript },
      { path: `${folder}/devices.txt`, text: linesText(deviceLines(service, settings, context)) },
      ...shared,
    ],
  };
}

/** Starts the interface, says what devices have to be told, and stays. */
const startScript = `set -eu
wg-quick up wg0
sed "s#SERVER_PUBLIC_KEY#$(wg show wg0 public-key)#" ${folder}/devices.txt
exec sleep infinity
`;

function serverLines({ network, devices }: RemoteAccess, port: number, key: string) {
  return [
    "[Interface]",
    `Address = ${serverAddress(network)}/${network.split("/")[1]}`,
    `ListenPort = ${port}`,
    `PostUp = wg set %i private-key ${key}`,
    // The platform's networks know the container, not the devices.
    `PostUp = iptables -t nat -A POSTROUTING -s ${network} ! -o %i -j MASQUERADE`,
    "PostUp = iptables -A FORWARD -i %i -o %i -j DROP",
    ...devices.flatMap(({ presharedKey, publicKey, name }) =>
      presharedKey === undefined
        ? []
        : [`PostUp = wg set %i peer ${publicKey} preshared-key ${sharedKeyPath(name)}`],
    ),
    ...devices.flatMap(({ name, publicKey, address }) => [
      "",
      `# ${name}`,
      "[Peer]",
      `PublicKey = ${publicKey}`,
      `AllowedIPs = ${address}/32`,
    ]),
  ];
}

/** The other side of each device, for a person to copy: all but the keys that are the device's own. */
function deviceLines(service: Service, settings: RemoteAccess, context: ConfigureContext) {
  const door = service.publish.find(({ protocol }) => protocol === "udp");
  const endpoint = door ? [`Endpoint = ${context.settings.domain}:${door.host}`] : [];
  return settings.devices.flatMap(({ name, address, presharedKey }) => [
    `# ${name}`,
    "[Interface]",
    "# PrivateKey = the device's own",
    `Address = ${address}/32`,
    ...(settings.dns ? [`DNS = ${settings.dns.join(", ")}`] : []),
    "[Peer]",
    "PublicKey = SERVER_PUBLIC_KEY",
    ...(presharedKey === undefined ? [] : [`# PresharedKey = ums:secrets.${presharedKey}`]),
    ...endpoint,
    `AllowedIPs = ${(settings.routes ?? ["0.0.0.0/0"]).join(", ")}`,
    "",
  ]);
}

/** The network's first address. */
function serverAddress(network: string): string {
  return formatAddress((parseCidr(network)?.base ?? 0) + 1);
}

function sharedKeyPath(device: string): string {
  return `${folder}/${device}.psk`;
}

function sharedKeys(
  service: Service,
  devices: RemoteAccess["devices"],
  context: ConfigureContext,
): GeneratedFile[] {
  return devices.flatMap(({ name, presharedKey }, index): GeneratedFile[] => {
    if (presharedKey === undefined) return [];
    const place = context.configPlace(["remoteAccess", "devices", index, "presharedKey"]);
    const whose = `${service.name} (remoteAccess.devices[${index}])`;
    context.addSecret(service.name, `${name}-psk`, { config: presharedKey, whose, place });
    const secret = context.secret(service.name, service.name, `${name}-psk`);
    return secret ? [{ path: sharedKeyPath(name), text: [{ secret: secret.id }] }] : [];
  });
}

/** Each device is one of its own, at an address of the network that is nobody else's. */
function checkDevices({ network, devices }: RemoteAccess, context: ConfigureContext): void {
  const pool = parseCidr(network);
  if (!pool) return;
  const taken = new Map([[serverAddress(network), "the server's"]]);
  const names = new Set<string>();
  const keys = new Map<string, string>();
  for (const [index, { name, publicKey, address }] of devices.entries()) {
    const report = (field: "name" | "publicKey" | "address", message: string) =>
      context.report({
        place: context.configPlace(["remoteAccess", "devices", index, field]),
        message: `remoteAccess.devices[${index}]: ${message}`,
      });
    const own = parseCidr(`${address}/32`);
    const inside = own && own.base > pool.base && own.base < pool.base + sizeOf(pool) - 1;
    if (!inside) report("address", `${address} is no address of ${network}`);
    const owner = taken.get(address);
    if (owner !== undefined) report("address", `${address} is ${owner}; take another of ${network}`);
    if (names.has(name)) report("name", `there is another device "${name}"`);
    const holder = keys.get(publicKey);
    if (holder !== undefined) report("publicKey", `it is ${holder}'s key, too; each device makes its own`);
    taken.set(address, `${name}'s`);
    names.add(name);
    keys.set(publicKey, name);
  }
}
