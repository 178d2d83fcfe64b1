import { configureAuthelia } from "./access/authelia.ts";
import { configureCrowdsec } from "./access/crowdsec.ts";
import { configureWireguard } from "./access/wireguard.ts";
import { configureWireguardPeers } from "./access/wireguardPeers.ts";
import type { Configure } from "./context.ts";
import { configurePostgres } from "./data/postgres/index.ts";
import { configureRedis } from "./data/redis.ts";
import { configureGluetun } from "./downloads/gluetun/index.ts";
import { configureNzbget } from "./downloads/nzbget.ts";
import { configureQbittorrent } from "./downloads/qbittorrent.ts";
import { configureSabnzbd } from "./downloads/sabnzbd.ts";
import { configureTransmission } from "./downloads/transmission.ts";
import { configureCloudflared } from "./gateway/cloudflared.ts";
import { configureHaproxy } from "./gateway/haproxy.ts";
import { configureTraefik } from "./gateway/traefik/index.ts";
import { configureMediaNest } from "./medianest/index.ts";
import { configureAlertmanager } from "./monitoring/alertmanager/index.ts";
import { configureAlloy } from "./monitoring/alloy/index.ts";
import { configureBlackbox } from "./monitoring/blackbox.ts";
import { configureGrafana } from "./monitoring/grafana/index.ts";
import { configureLoki } from "./monitoring/loki.ts";
import { configurePrometheus } from "./monitoring/prometheus/index.ts";
import type { GeneratorName } from "./names.ts";
import { configureBackup } from "./operations/backup/index.ts";
import { configureCopier } from "./operations/copier.ts";
import { configureHomepage } from "./portal/homepage.ts";

/** Who writes what. */
export const generators: Readonly<Record<GeneratorName, Configure>> = {
  alertmanager: configureAlertmanager,
  alloy: configureAlloy,
  authelia: configureAuthelia,
  backup: configureBackup,
  "backup-copies": configureCopier,
  blackbox: configureBlackbox,
  cloudflared: configureCloudflared,
  crowdsec: configureCrowdsec,
  gluetun: configureGluetun,
  grafana: configureGrafana,
  haproxy: configureHaproxy,
  homepage: configureHomepage,
  loki: configureLoki,
  medianest: configureMediaNest,
  nzbget: configureNzbget,
  postgres: configurePostgres,
  prometheus: configurePrometheus,
  qbittorrent: configureQbittorrent,
  redis: configureRedis,
  sabnzbd: configureSabnzbd,
  traefik: configureTraefik,
  transmission: configureTransmission,
  wireguard: configureWireguard,
  "wireguard-peers": configureWireguardPeers,
};
