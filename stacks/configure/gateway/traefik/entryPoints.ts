/** Names of Traefik's entry points. The last is the one that its ping, metrics and dashboard use by default. */
export const entryPoints = { http: "web", https: "websecure", internal: "traefik" } as const;

/** Container ports of the entry points for the world: those that HTTP and HTTPS have by their standards. */
export const ports = { http: 80, https: 443 } as const;
