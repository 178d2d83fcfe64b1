import { parse } from "yaml";
import type { Platform } from "../../../../stacks/platform.ts";
import { found } from "../../../fixtures/platforms.ts";
import { linkTo, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { secretValue } from "../fixtures.ts";

/** A gateway on 443. */
const gateway: RecordFields = {
  roles: ["gateway"],
  segment: "dmz",
  ports: listensOn(443),
  publish: [{ port: 443, host: 443, reason: "a test calls it" }],
};

/** A single sign-on at `auth.`, configured as the catalogue's is. */
const sso: RecordFields = {
  roles: ["sso"],
  configure: "authelia",
  ports: listensOn(9091),
  route: { subdomain: "auth", port: 9091, access: "public", reason: "a test signs in there" },
  links: [linkTo("postgres", 5432), linkTo("redis", 6379)],
  egress: { reason: "a test sends mail", for: "mail" },
  accounts: [
    { provider: "postgres", user: "authelia", password: "database-password", databases: ["authelia"] },
    { provider: "redis", user: "authelia", password: "redis-password", keys: ["authelia-session:*"] },
  ],
  secrets: [
    { name: "database-password", generate: "password" },
    { name: "redis-password", generate: "password" },
    { name: "oidc-hmac", generate: "hex" },
    { name: "oidc-key", generate: "hex" },
    { name: "oidc-salt", generate: "hex" },
  ],
};

/** Records of a stack with a sign-in behind a gateway, and what it needs. */
export const signInRecords: Record<string, RecordFields> = {
  traefik: gateway,
  authelia: sso,
  postgres: { ports: listensOn(5432) },
  redis: { ports: listensOn(6379) },
};

/** A client of the sign-in. */
export const client: RecordFields = {
  ports: listensOn(3000),
  route: { subdomain: "app", port: 3000, access: "user" },
  secrets: [{ name: "client-secret", generate: "password" }],
  oidc: {
    redirects: ["/callback"],
    secret: "client-secret",
    environment: {
      APP_ID: "${OIDC_CLIENT_ID}",
      APP_TOKEN: "${OIDC_TOKEN_URL}",
      APP_SERVER: "${OIDC_ISSUER}",
    },
  },
};

export interface Users {
  users: Record<
    string,
    { disabled: boolean; displayname: string; password: string; email: string; groups: string[] }
  >;
}

/** A YAML file of a service's, read. The others are not made: their hashes take time. */
export function document<T>(of: Platform, service: string, path: string): T {
  const { content } = found(
    of.services.find(({ name }) => name === service)?.files.find((file) => file.path === path),
    `${path} of ${service}`,
  );
  return parse("text" in content ? content.text : secretValue(of, content.secret)) as T;
}

export interface Rule {
  domain: string[];
  resources?: string[];
  subject?: string[];
  policy: string;
}

/** What Authelia's documentation says of its rules: the first that matches decides. `undefined` subject: not signed in. */
export function decision(rules: readonly Rule[], url: string, groups: readonly string[] = []): string {
  const { hostname, pathname, search } = new URL(url);
  const rule = rules.find(
    ({ domain, resources, subject }) =>
      domain.includes(hostname) &&
      (!resources || resources.some((pattern) => goPattern(pattern).test(`${pathname}${search}`))) &&
      (!subject || subject.some((one) => groups.includes(one.replace(/^group:/, "")))),
  );
  return rule?.policy ?? "deny";
}

/** A pattern in Go's words, with `(?i)` before it where case means nothing. */
function goPattern(pattern: string): RegExp {
  const folded = pattern.startsWith("(?i)");
  return new RegExp(folded ? pattern.slice(4) : pattern, folded ? "i" : "");
}
