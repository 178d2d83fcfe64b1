import { z } from "zod";
import { rateLimit } from "../../catalog/record.ts";
import { dnsProviders } from "../../configure/gateway/dnsProviders.ts";

/** Certificates of the gateway. What is left out depends on the environment. */
export const tlsSection = z
  .strictObject({
    challenge: z
      .enum(["http", "dns", "selfSigned"])
      .optional()
      .describe(
        "How Let's Encrypt is shown that the domain is yours: http over port 80 of the host, dns by an entry that the gateway writes, with the token ums:secrets.dnsApiToken, which also gives one certificate for all subdomains. selfSigned: no public certificate. Default: http; selfSigned in development and where the stack does not publish port 80 to the world.",
      ),
    email: z
      .email("not an e-mail address")
      .optional()
      .describe("Contact that Let's Encrypt asks for. Default: hostmaster@ the domain."),
    dnsProvider: z
      .enum(dnsProviders)
      .optional()
      .describe("Who serves the domain's DNS, by lego's name. Default: cloudflare."),
    authority: z
      .enum(["letsEncrypt", "letsEncryptStaging"])
      .optional()
      .describe(
        "letsEncryptStaging has generous limits, and no browser trusts it. Default: letsEncrypt in production.",
      ),
  })
  .superRefine(({ challenge, dnsProvider }, context) => {
    if (dnsProvider !== undefined && challenge !== "dns") {
      const message = "a DNS provider is asked with challenge: dns alone; say that too, or leave this out";
      context.addIssue({ code: "custom", path: ["dnsProvider"], message, input: dnsProvider });
    }
  })
  .prefault({});

const cidr = z.union([z.cidrv4(), z.cidrv6()]);
const network = z
  .string()
  .refine((text) => cidr.safeParse(text).success, "write a network as 192.0.2.0/24 or 2001:db8::/32")
  .refine((text) => !text.endsWith("/0"), "this network is the whole internet; name the proxy's own");

export const trustedProxiesSection = z
  .union([z.array(network), z.literal("cloudflare")])
  .default([])
  .describe(
    "Proxies in front of the gateway whose word on the client's address is taken: networks, or `cloudflare` for those it publishes. The tunnel is trusted without this.",
  );

export const tunnelSection = z
  .strictObject({
    id: z
      .uuid("write the tunnel's id, which `cloudflared tunnel create` prints")
      .describe(
        "Id of a tunnel made by `cloudflared tunnel create`. The file that it writes is ums:secrets.cloudflareTunnelCredentials.",
      ),
  })
  .describe(
    "Cloudflare tunnel. Also needs cloudflared in services.include, and a DNS entry for each address.",
  );

/** Limits that the gateway sets. A record's route can have its own. */
export const gatewaySection = z
  .strictObject({
    // A page with a hundred posters is a hundred requests at once.
    rateLimit: rateLimit
      .default({ average: 100, burst: 200 })
      .describe("Requests of one client to one service."),
    maxBody: z.int().min(1).max(1024).default(10).describe("MiB that a request may carry."),
    bouncer: z
      .boolean()
      .default(true)
      .describe(
        "Turn away whom CrowdSec has banned, where it is in the stack. The plugin for it is fetched from plugins.traefik.io at every start of the gateway: false starts without it, as when that site is down.",
      ),
  })
  .prefault({});
