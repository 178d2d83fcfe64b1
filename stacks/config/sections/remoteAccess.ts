import { z } from "zod";
import { parseCidr } from "../../cidr.ts";

const network = z.string().refine((text) => parseCidr(text) !== undefined, "write a network as 10.8.0.0/24");

/** What wg-easy takes at its first start; later changes are made in its interface. */
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
});
