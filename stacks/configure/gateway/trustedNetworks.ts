import type { Service } from "../../platform.ts";
import type { ConfigureContext } from "../context.ts";
import { cloudflareNetworks } from "./cloudflareNetworks.ts";

/** Networks whose word on a client's address the gateway takes: proxies of the config, and tunnels at their end of the link. */
export function trustedNetworks({ name }: Service, { settings, links, service }: ConfigureContext): string[] {
  const { trustedProxies } = settings;
  const proxies = trustedProxies === "cloudflare" ? cloudflareNetworks : trustedProxies;
  const tunnels = links
    .filter(({ consumer, provider }) => provider === name && service(consumer)?.roles.includes("tunnel"))
    .map(({ consumerAddress }) => `${consumerAddress}/32`);
  return [...new Set([...proxies, ...tunnels])].sort();
}
