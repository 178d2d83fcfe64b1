import { z } from "zod";
import { dnsLabel } from "../../catalog/fields.ts";
import { parseCidr } from "../../cidr.ts";
import { wireguardKey } from "./wireguardKey.ts";

const network = z.string().refine((text) => parseCidr(text) !== undefined, "write a network as 10.8.0.0/24");

const device = z.strictObject({
  name: dnsLabel,
  publicKey: wireguardKey.describe("Of the key that the device made and keeps."),
  address: z.ipv4("write an address as 10.8.0.2").describe("Its own in the network; permanent."),
  presharedKey: z
    .string()
    .optional()
    .describe("Key of ums:secrets with a further key of both, as `wg genpsk` makes one."),
});

/** Devices that dial in, and their network. wg-easy takes the network at its first start alone. */
export const remoteAccessSection = z.strictObject({
  network: network.default("10.8.0.0/24").describe("IPv4 addresses of connected devices."),
  networkV6: z
    .cidrv6("write a network as fd00:8::/112")
    .default("fdcc:ad94:bacf:61a4::cafe:0/112")
    .describe("IPv6 addresses of connected devices."),
  dns: z.array(z.ipv4("write an address as 9.9.9.9")).min(1).optional().describe("Name servers of devices."),
  routes: z
    .array(z.union([network, z.cidrv6()]))
    .min(1)
    .optional()
    .describe("What devices send through the tunnel. Default: everything."),
  devices: z
    .array(device)
    .default([])
    .describe("Devices of wireguard-peers. Those of wg-easy are added in its interface."),
});
export type RemoteAccess = z.output<typeof remoteAccessSection>;
