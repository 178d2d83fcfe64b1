/** Generators of configuration, as records name them. */
export const generatorNames = [
  "alertmanager",
  "alloy",
  "authelia",
  "backup",
  "backup-copies",
  "blackbox",
  "cloudflared",
  "crowdsec",
  "gluetun",
  "grafana",
  "haproxy",
  "homepage",
  "loki",
  "medianest",
  "nzbget",
  "postgres",
  "prometheus",
  "qbittorrent",
  "redis",
  "sabnzbd",
  "traefik",
  "transmission",
  "wireguard",
  "wireguard-peers",
] as const;

export type GeneratorName = (typeof generatorNames)[number];
