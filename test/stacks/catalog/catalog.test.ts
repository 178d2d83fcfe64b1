import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../stacks/catalog/load.ts";
import { projectRoot } from "../../fixtures/folders.ts";
import { found } from "../../fixtures/platforms.ts";

const catalog = loadCatalog(projectRoot, ["catalog"]);
const records = [...catalog.values()].map(({ value }) => value);
const get = (name: string) => found(catalog.get(name), name).value;

/** Every service the platform must have (platform.md), by category. */
const wanted = {
  gateway: ["traefik", "authelia", "crowdsec", "haproxy", "cloudflared", "wireguard", "wireguard-peers"],
  streaming: [
    "jellyfin",
    "plex",
    "emby",
    "navidrome",
    "audiobookshelf",
    "immich",
    "immich-machine-learning",
    "kavita",
    "calibre-web",
  ],
  content: ["sonarr", "radarr", "lidarr", "readarr", "mylar3", "prowlarr", "bazarr"],
  downloads: ["gluetun", "qbittorrent", "transmission", "sabnzbd", "nzbget"],
  requests: ["seerr", "overseerr", "ombi"],
  data: ["postgres", "immich-postgres", "redis", "elasticsearch", "meilisearch"],
  monitoring: [
    "prometheus",
    "alertmanager",
    "grafana",
    "loki",
    "alloy",
    "node-exporter",
    "cadvisor",
    "blackbox-exporter",
    "postgres-exporter",
    "immich-postgres-exporter",
    "medianest-postgres-exporter",
    "redis-exporter",
    "medianest-redis-exporter",
    "exportarr-sonarr",
    "exportarr-radarr",
    "exportarr-lidarr",
    "exportarr-readarr",
    "exportarr-prowlarr",
    "exportarr-bazarr",
    "tautulli",
  ],
  portal: ["homepage"],
  operations: ["backup", "backup-copies", "socket-proxy"],
  medianest: [
    "medianest-nginx",
    "medianest-frontend",
    "medianest-backend",
    "medianest-postgres",
    "medianest-redis",
  ],
};

/** Addresses are computed from these, so none may ever change or be used again. New services are added at the end. */
const permanentNumbers: Readonly<Record<string, number>> = {
  traefik: 0,
  authelia: 1,
  crowdsec: 2,
  haproxy: 3,
  cloudflared: 4,
  wireguard: 5,
  "wireguard-peers": 6,
  jellyfin: 10,
  plex: 11,
  emby: 12,
  navidrome: 13,
  audiobookshelf: 14,
  immich: 15,
  "immich-machine-learning": 16,
  kavita: 17,
  "calibre-web": 18,
  sonarr: 20,
  radarr: 21,
  lidarr: 22,
  readarr: 23,
  mylar3: 24,
  prowlarr: 25,
  bazarr: 26,
  gluetun: 30,
  qbittorrent: 31,
  transmission: 32,
  sabnzbd: 33,
  nzbget: 34,
  seerr: 36,
  overseerr: 37,
  ombi: 38,
  postgres: 40,
  "immich-postgres": 41,
  redis: 42,
  elasticsearch: 43,
  meilisearch: 44,
  prometheus: 50,
  alertmanager: 51,
  grafana: 52,
  loki: 53,
  alloy: 54,
  "node-exporter": 55,
  cadvisor: 56,
  "blackbox-exporter": 57,
  "postgres-exporter": 58,
  "redis-exporter": 59,
  tautulli: 60,
  "exportarr-sonarr": 61,
  "exportarr-radarr": 62,
  "exportarr-lidarr": 63,
  "exportarr-prowlarr": 64,
  "exportarr-bazarr": 65,
  "exportarr-readarr": 66,
  "immich-postgres-exporter": 67,
  "medianest-postgres-exporter": 68,
  "medianest-redis-exporter": 69,
  homepage: 70,
  backup: 72,
  "socket-proxy": 73,
  "backup-copies": 74,
  "medianest-nginx": 80,
  "medianest-frontend": 81,
  "medianest-backend": 82,
  "medianest-postgres": 83,
  "medianest-redis": 84,
};

describe("the project's catalogue", () => {
  it.each(Object.entries(wanted))("has every service of the category %s", (category, names) => {
    expect(records.filter((record) => record.category === category).map(({ name }) => name)).toEqual(
      expect.arrayContaining(names),
    );
  });

  it("gives every service its permanent number", () => {
    const numbers = Object.fromEntries(records.map(({ name, number }) => [name, number]));
    expect(numbers).toMatchObject(permanentNumbers);
  });

  it("has no service whose permanent number this test does not hold", () => {
    expect(records.map(({ name }) => name).filter((name) => !(name in permanentNumbers))).toEqual([]);
  });

  it("keeps its numbers below 100, which are the project's", () => {
    expect(records.filter(({ number }) => number > 99).map(({ name }) => name)).toEqual([]);
  });

  it("holds each record in the folder of its category, in a file of its name", () => {
    expect([...catalog.values()].map(({ file }) => file)).toEqual(
      records.map(({ category, name }) => `catalog/${category}/${name}.yaml`),
    );
  });
});

describe("every record of the catalogue", () => {
  it("names a digest, but those that have none yet", () => {
    const without = records.filter(({ image }) => image.digest === undefined).map(({ name }) => name);
    expect(without).toEqual(["medianest-backend", "medianest-frontend", "ombi"]);
  });

  it("that publishes a port is the gateway or WireGuard", () => {
    const published = records.flatMap(({ name, publish }) =>
      publish.map(({ host, protocol }) => `${name} ${host}/${protocol}`),
    );
    expect(published.sort()).toEqual([
      "traefik 443/tcp",
      "traefik 443/udp",
      "traefik 80/tcp",
      "wireguard 51820/udp",
      "wireguard-peers 51821/udp",
    ]);
  });

  it("of the data category has no egress and no published port", () => {
    const data = records.filter(({ category }) => category === "data");
    expect(
      data.filter(({ egress, publish }) => egress || publish.length > 0).map(({ name }) => name),
    ).toEqual([]);
    expect(
      data.filter(({ segment, alsoIn }) => segment !== "data" || alsoIn.length > 0).map(({ name }) => name),
    ).toEqual([]);
  });

  it("of a download client goes through the VPN", () => {
    const clients = records.filter(({ category, name }) => category === "downloads" && name !== "gluetun");
    expect(clients.map(({ through }) => through)).toEqual(clients.map(() => "gluetun"));
  });

  it("but the socket proxy's leaves the Docker socket alone", () => {
    const mounts = records.flatMap(({ name, lifted }) =>
      lifted.flatMap((lift) =>
        lift.privilege === "host-mount" && lift.value.includes("docker.sock") ? [name] : [],
      ),
    );
    expect(mounts).toEqual(["socket-proxy"]);
  });

  it("that is retired names its successor or why it has none", () => {
    const retired = records.filter(({ lifecycle }) => lifecycle.status === "retired").map(({ name }) => name);
    expect(retired).toEqual(expect.arrayContaining(["overseerr", "readarr"]));
    expect(get("overseerr").lifecycle.successor).toBe("seerr");
  });

  it("with a public route says why", () => {
    const open = records.filter(({ route }) => route?.access === "public" && !route.reason);
    expect(open.map(({ name }) => name)).toEqual([]);
  });
});

describe("what measures a service that has no metrics of its own", () => {
  const measuring = (name: string) => records.filter(({ measures }) => measures === name);

  it.each(["postgres", "redis"] as const)("is there for every server configured as %s", (kind) => {
    const servers = records.filter(({ configure }) => configure === kind);
    expect(servers.length).toBeGreaterThan(1);
    for (const server of servers) {
      const [exporter, ...more] = measuring(server.name);
      expect(more, server.name).toEqual([]);
      const { links, accounts, metrics } = found(exporter, `what measures ${server.name}`);
      expect(metrics, server.name).toBeDefined();
      const [{ port } = { port: 0 }] = server.ports;
      expect(links).toEqual([expect.objectContaining({ provider: server.name, port, required: true })]);
      expect(accounts.map(({ provider }) => provider)).toEqual([server.name]);
    }
  });

  it("is there for every content manager that Exportarr knows", () => {
    const managers = ["bazarr", "lidarr", "prowlarr", "radarr", "readarr", "sonarr"];
    expect(managers.map((name) => measuring(name).map((record) => record.name))).toEqual(
      managers.map((name) => [`exportarr-${name}`]),
    );
  });

  it("speaks of all instances of a program in the same rules, panels and permissions", () => {
    for (const kind of ["postgres", "redis"]) {
      const servers = records.filter(({ configure }) => configure === kind);
      const shared = servers
        .flatMap(({ name }) => measuring(name))
        .map(({ rules, panels, image, accounts }) => ({
          rules,
          panels,
          image,
          accounts: accounts.map(({ provider, ...account }) => account),
        }));
      expect(shared).toEqual(shared.map(() => shared[0]));
      expect(shared[0]?.rules.length).toBeGreaterThan(1);
    }
  });
});

describe("what the specification says of a service", () => {
  it("Sonarr needs Prowlarr, a download client and a media server, and can use Bazarr and Tautulli", () => {
    const { links } = get("sonarr");
    const required = links.filter(({ required }) => required);
    expect(required.flatMap(({ provider }) => provider ?? [])).toContain("prowlarr");
    expect(required.flatMap(({ anyOf }) => (anyOf ? [anyOf] : []))).toEqual([
      expect.arrayContaining(["qbittorrent", "transmission", "sabnzbd", "nzbget"]),
      expect.arrayContaining(["jellyfin", "plex", "emby"]),
    ]);
    const optional = links.filter(({ required }) => !required).map(({ provider }) => provider);
    expect(optional).toEqual(expect.arrayContaining(["bazarr", "tautulli"]));
  });

  it("Jellyfin has no idle edge to PostgreSQL or Redis", () => {
    expect(get("jellyfin").links.map(({ provider }) => provider)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(postgres|redis)$/)]),
    );
  });

  it("MediaNest's backend answers on port 4000 at /api/health, as uid 1001, and stops within 10 s", () => {
    const { health, user, stop } = get("medianest-backend");
    expect(health.http).toEqual({ port: 4000, path: "/api/health" });
    expect(user.uid).toBe(1001);
    expect(stop.grace).toBe(10);
  });

  it("MediaNest's backend reads its secrets from /run/secrets by *_FILE variables", () => {
    const secrets = new Map(get("medianest-backend").secrets.map(({ file, variable }) => [file, variable]));
    for (const name of [
      "database_url",
      "redis_url",
      "jwt_secret",
      "encryption_key",
      "nextauth_secret",
      "plex_client_id",
      "plex_client_secret",
    ]) {
      expect(secrets.get(`/run/secrets/${name}`)).toBe(`${name.toUpperCase()}_FILE`);
    }
  });

  it("the platform has one service for each role", () => {
    const holders = records.flatMap(({ name, roles }) => roles.map((role) => `${role} ${name}`)).sort();
    expect(holders).toEqual([
      "backup backup",
      "balancer haproxy",
      "copier backup-copies",
      "gateway traefik",
      "metrics prometheus",
      "portal homepage",
      "socket-proxy socket-proxy",
      "sso authelia",
      "tunnel cloudflared",
      "vpn gluetun",
    ]);
  });
});
