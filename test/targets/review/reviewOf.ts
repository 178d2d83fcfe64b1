import { changesSince, type Snapshot, snapshotOf } from "../../../targets/plan.ts";
import type { Review } from "../../../targets/review/markdown.ts";
import { declared, stackOf } from "../../components/fixtures.ts";
import type { PlatformInput } from "../../fixtures/platforms.ts";
import { linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";

type Records = Readonly<Record<string, RecordFields>>;

/** A gateway, an application with a database, and a client behind a VPN, on numbers of their own. */
export const household: Records = {
  gate: {
    number: 1,
    segment: "dmz",
    roles: ["gateway"],
    ports: listensOn(443),
    publish: [{ port: 443, host: 443, reason: "the entrance" }],
  },
  app: {
    number: 2,
    ports: listensOn(80),
    route: { subdomain: "app", port: 80, access: "public", reason: "a test opens it" },
    links: [linkTo("store", 5432), linkTo("client", 8080, { required: false })],
    files: [{ path: "/etc/app/app.conf", content: "level: info" }],
    lifted: [{ privilege: "writable-root", reason: "it writes beside itself" }],
  },
  store: {
    number: 3,
    segment: "data",
    ports: listensOn(5432),
    volumes: [{ name: "data", class: "database", path: "/data", access: "write" }],
    secrets: [{ name: "password", generate: "password", file: "/run/secrets/password" }],
  },
  tunnel: { number: 4, segment: "downloads", roles: ["vpn"], egress: { reason: "the way out" } },
  client: { number: 5, segment: "downloads", through: "tunnel", ports: listensOn(8080) },
};

const production: PlatformInput = { config: { environment: "production", images: "real" } };

/** The review of the records, compared with earlier ones; with nothing where there are none. */
export async function reviewOf(records: Records, earlier?: Records, input = production): Promise<Review> {
  const { platform, config } = stackOf(records, input);
  const next = snapshotOf(await declared({ platform, config }), "compose");
  const last = earlier && (await snapshot(earlier, input));
  return {
    platform,
    next,
    last,
    changes: changesSince(last, next),
    comparison: last ? "since base" : "nothing was deployed from here yet",
    report: {
      stack: platform.stack,
      environment: platform.environment,
      policies: 0,
      resources: next.resources.length,
      refused: [],
      advisory: [],
      undecided: [],
      exceptions: [],
    },
  };
}

/** As it is read back from a file. */
async function snapshot(records: Records, input: PlatformInput): Promise<Snapshot> {
  return JSON.parse(
    JSON.stringify(snapshotOf(await declared(stackOf(records, input)), "compose")),
  ) as Snapshot;
}

/** The records with some fields of one of them changed. */
export function changed(name: string, fields: RecordFields, records = household): Records {
  return { ...records, [name]: { ...records[name], ...fields } };
}

export function without(name: string, records = household): Records {
  return Object.fromEntries(Object.entries(records).filter(([one]) => one !== name));
}
