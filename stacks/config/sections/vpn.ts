import { z } from "zod";
import { port } from "../../catalog/fields.ts";
import { providerNames, resolvers, vpnTypes } from "../../configure/downloads/gluetun/providers.ts";
import { wireguardKey } from "./wireguardKey.ts";

/** Gluetun separates places by commas, and has no way to write one inside. */
const places = z
  .array(z.string().regex(/^[^,\s](?:[^,\r\n]*[^,\s])?$/, "write one place an entry, without commas"))
  .default([]);

/** The tunnel that download clients live behind. Its keys and passwords are ums:secrets.vpn…, which the plan names. */
export const vpnSection = z
  .strictObject({
    provider: z
      .enum(providerNames)
      .default("mullvad")
      .describe("As Gluetun names it; custom: a server of your own."),
    type: z.enum(vpnTypes).default("wireguard"),
    countries: places.describe("Countries to choose a server from, as the provider names them."),
    regions: places,
    cities: places,
    hostnames: places.describe("Single servers."),
    endpoint: z
      .strictObject({
        address: z.ipv4("write an IPv4 address"),
        port,
        publicKey: wireguardKey.describe("The server's."),
      })
      .optional()
      .describe("WireGuard server of the provider custom."),
    portForwarding: z
      .enum(["none", "provider", "static"])
      .default("none")
      .describe(
        "How peers reach a client from outside. provider: Gluetun asks the provider for a port and tells it to one client. static: the provider forwards the clients' own ports, as you have set it up there.",
      ),
    forwardTo: z
      .string()
      .optional()
      .describe("Client that gets the provider's port. Default: the only one that can."),
    resolvers: z
      .array(z.enum(resolvers))
      .min(1)
      .default(["cloudflare"])
      .describe("Resolvers of host names, asked over TLS through the tunnel."),
  })
  .prefault({});
export type VpnConfig = z.output<typeof vpnSection>;
