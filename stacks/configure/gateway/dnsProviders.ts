/**
 * Variable with the API token of each DNS provider that needs nothing else, by lego's name for it. Traefik asks lego for
 * DNS challenges; `_FILE` at the end of a variable names a file (platform/env/env.go). Source: providers/dns/*.toml of
 * go-acme/lego v5.3.1, which Traefik 3.7.11 uses.
 */
export const tokenVariables = {
  cloudflare: "CF_DNS_API_TOKEN",
  desec: "DESEC_TOKEN",
  digitalocean: "DO_AUTH_TOKEN",
  dnsimple: "DNSIMPLE_OAUTH_TOKEN",
  duckdns: "DUCKDNS_TOKEN",
  gandiv5: "GANDIV5_PERSONAL_ACCESS_TOKEN",
  hetzner: "HETZNER_API_TOKEN",
  ionos: "IONOS_API_KEY",
  linode: "LINODE_TOKEN",
  netlify: "NETLIFY_TOKEN",
  njalla: "NJALLA_TOKEN",
  vultr: "VULTR_API_KEY",
} as const;

export type DnsProvider = keyof typeof tokenVariables;

export const dnsProviders = Object.keys(tokenVariables) as [DnsProvider, ...DnsProvider[]];
