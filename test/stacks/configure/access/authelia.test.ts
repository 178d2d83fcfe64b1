import { createPrivateKey, pbkdf2Sync } from "node:crypto";
import { verifySync } from "@node-rs/argon2";
import { describe, expect, it } from "vitest";
import { formatProblem } from "../../../../stacks/errors.ts";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, link, type PlatformInput, platform, service } from "../../../fixtures/platforms.ts";
import { complaints, positionOf } from "../../../fixtures/problems.ts";
import { listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { stackText } from "../../../fixtures/stackConfigs.ts";
import { filesOf, secretValue } from "../fixtures.ts";
import { client, decision, document, type Rule, signInRecords, type Users } from "./fixtures.ts";

const configuration = "/config/configuration.yml";
const users = "/config/users.yml";

interface Configuration {
  access_control: { default_policy: string; rules: Rule[] };
  session: {
    cookies: { domain: string; authelia_url: string; default_redirection_url?: string }[];
    redis: { host: string; port: number; username: string };
  };
  storage: { postgres: { address: string; database: string; username: string } };
  notifier: { smtp?: Record<string, unknown>; filesystem?: { filename: string } };
  identity_providers?: {
    oidc: {
      hmac_secret: string;
      jwks: { key: string }[];
      authorization_policies: Record<string, { default_policy: string; rules: unknown[] }>;
      clients: Record<string, unknown>[];
    };
  };
}

const of = (records: Record<string, RecordFields> = {}, input: PlatformInput = {}) =>
  platform({ ...signInRecords, ...records }, input);
const read = (stack: Platform) => document<Configuration>(stack, "authelia", configuration);
const rulesOf = (stack: Platform) => read(stack).access_control.rules;
const app = (route: Partial<NonNullable<RecordFields["route"]>> = {}): RecordFields => ({
  ports: listensOn(80),
  route: { subdomain: "app", port: 80, access: "user", ...route },
});
/** Place of words in the stack's config, as a message begins. */
const placeOf = ({ config, stack }: PlatformInput, words: string) => {
  const { line, column } = positionOf(stackText(config, stack), words);
  return `Pulumi.test.yaml:${line}:${column}`;
};
/** Authelia's form: $pbkdf2-sha512$rounds$salt$key, in base64 with a point for the plus sign. */
function isHashOf(digest: string, secret: string): boolean {
  const [, kind, rounds, salt = "", key = ""] = digest.split("$");
  const bytes = (text: string) => Buffer.from(text.replaceAll(".", "+"), "base64");
  const made = pbkdf2Sync(secret, bytes(salt), Number(rounds), bytes(key).length, "sha512");
  return kind === "pbkdf2-sha512" && made.length === 64 && made.equals(bytes(key));
}
const person = { name: "alice", displayName: "Alice", email: "alice@example.org", password: "alicePassword" };

describe.each(["dev", "prod"])("the sign-in of stack %s", (stack) => {
  const { platform: whole } = loadStack(projectRoot, stack);
  const configured = read(whole);
  const { rules } = configured.access_control;
  const routed = whole.services.flatMap(({ name, route }) => (route ? [{ name, route }] : []));

  it("knows every route, and denies what has none", () => {
    expect(routed.length).toBeGreaterThan(15);
    const hosts = new Set(rules.flatMap(({ domain }) => domain));
    expect([...hosts].sort()).toEqual(routed.map(({ route }) => new URL(route.url).hostname).sort());
    expect(configured.access_control.default_policy).toBe("deny");
    expect(decision(rules, `https://nobody.${whole.domain}/`, ["admin", "user"])).toBe("deny");
  });

  it.each(routed.map(({ name, route }) => [name, route] as const))(
    "asks of %s what its route says",
    (_, { url, access, bypass }) => {
      const open = access === "public" ? "bypass" : "two_factor";
      const guarded = `${url}/not-a-path-of-anyone`;
      expect(decision(rules, guarded, ["admin"])).toBe(open);
      expect(decision(rules, guarded, ["user"])).toBe(access === "admin" ? "deny" : open);
      expect(decision(rules, guarded)).toBe(access === "public" ? "bypass" : "deny");
      for (const { path } of bypass) {
        expect(decision(rules, `${url}${path}`)).toBe("bypass");
        expect(decision(rules, `${url}${path}?a=b`)).toBe("bypass");
      }
    },
  );

  it("has one administrator, whose password is generated and hashed", () => {
    const { users: known } = document<Users>(whole, "authelia", users);
    expect(Object.keys(known)).toEqual(["admin"]);
    expect(known.admin).toMatchObject({ groups: ["admin", "user"], email: `admin@${whole.domain}` });
    expect(whole.secrets.find(({ id }) => id === "authelia/user-admin")?.source).toEqual({
      kind: "generate",
      form: "password",
      length: 20,
    });
    const password = secretValue(whole, "authelia/user-admin");
    expect(verifySync(known.admin?.password ?? "", password)).toBe(true);
    expect(verifySync(known.admin?.password ?? "", `${password}x`)).toBe(false);
  });

  it("shows no secret in plain text, in files that are its own alone", () => {
    const { files, user } = service(whole, "authelia");
    expect(user.uid).toBe(1000);
    for (const path of [configuration, users]) {
      const file = found(
        files.find((one) => one.path === path),
        path,
      );
      expect(file.mode).toBe("0400");
      expect(file.content).toHaveProperty("secret");
    }
    const text = filesOf(whole, "authelia").get(users) ?? "";
    expect(text).not.toContain(secretValue(whole, "authelia/user-admin"));
  });

  it("finds its sessions, its database and its own address as the records say", () => {
    const { session, storage } = configured;
    expect(session.redis).toEqual({ host: "redis", port: 6379, username: "authelia" });
    expect(storage.postgres).toEqual({
      address: "tcp://postgres:5432",
      database: "authelia",
      username: "authelia",
    });
    expect(session.cookies).toEqual([
      {
        domain: whole.domain,
        authelia_url: service(whole, "authelia").route?.url,
        default_redirection_url: service(whole, "homepage").route?.url,
      },
    ]);
  });

  it("has the services that sign in with it as clients, each with the secret that its record has", () => {
    const { oidc } = found(configured.identity_providers, "a provider");
    const user = {
      authorization_policy: "user",
      require_pkce: true,
      pkce_challenge_method: "S256",
      grant_types: ["authorization_code"],
    };
    expect(oidc.clients).toEqual([
      expect.objectContaining({
        ...user,
        client_id: "audiobookshelf",
        redirect_uris: [
          `${service(whole, "audiobookshelf").route?.url}/auth/openid/callback`,
          `${service(whole, "audiobookshelf").route?.url}/auth/openid/mobile-redirect`,
        ],
        scopes: ["openid", "profile", "email", "groups"],
        token_endpoint_auth_method: "client_secret_basic",
      }),
      expect.objectContaining({
        ...user,
        client_id: "grafana",
        authorization_policy: "admin",
        redirect_uris: [`${service(whole, "grafana").route?.url}/login/generic_oauth`],
        token_endpoint_auth_method: "client_secret_basic",
      }),
      expect.objectContaining({
        ...user,
        client_id: "immich",
        redirect_uris: [
          `${service(whole, "immich").route?.url}/api/oauth/mobile-redirect`,
          `${service(whole, "immich").route?.url}/auth/login`,
          `${service(whole, "immich").route?.url}/user-settings`,
        ],
        scopes: ["openid", "profile", "email"],
        token_endpoint_auth_method: "client_secret_post",
      }),
    ]);
    for (const { client_id, client_secret } of oidc.clients) {
      const secret = secretValue(whole, `${client_id}/oidc-client-secret`);
      expect([client_id, isHashOf(String(client_secret), secret)]).toEqual([client_id, true]);
    }
    const [admin, everyone] = [["group:admin"], ["group:admin", "group:user"]];
    expect(oidc.authorization_policies).toEqual({
      admin: { default_policy: "deny", rules: [{ policy: "two_factor", subject: admin }] },
      user: { default_policy: "deny", rules: [{ policy: "two_factor", subject: everyone }] },
    });
    expect(createPrivateKey(oidc.jwks[0]?.key ?? "").asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it("tells Grafana of itself", () => {
    expect(service(whole, "grafana").environment).toMatchObject({
      GF_AUTH_GENERIC_OAUTH_ENABLED: "true",
      GF_AUTH_GENERIC_OAUTH_CLIENT_ID: "grafana",
      GF_AUTH_GENERIC_OAUTH_AUTH_URL: `${service(whole, "authelia").route?.url}/api/oidc/authorization`,
      GF_AUTH_GENERIC_OAUTH_TOKEN_URL: `${service(whole, "authelia").route?.url}/api/oidc/token`,
      GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET__FILE: "/run/secrets/oidc_client_secret",
    });
  });

  it.each(["audiobookshelf", "immich"])(
    "can be called by %s, into which its secret is typed: it stands in no file and no variable there",
    (name) => {
      const host = new URL(service(whole, "authelia").route?.url ?? "").hostname;
      expect(link(whole, name, "traefik").hosts).toEqual([host]);
      const { files, secretVariables } = service(whole, name);
      expect(JSON.stringify([files, secretVariables])).not.toContain("oidc-client-secret");
      const secret = whole.secrets.find(({ id }) => id === `${name}/oidc-client-secret`);
      expect(secret?.source).toMatchObject({ kind: "generate", form: "password", length: 64 });
    },
  );

  it("is the same each time", () => {
    const again = loadStack(projectRoot, stack).platform;
    expect(again.secrets).toEqual(whole.secrets);
    expect(service(again, "authelia")).toEqual(service(whole, "authelia"));
  });
});

describe("access rules", () => {
  it("appear for a new record, with nothing else changed", () => {
    const before = rulesOf(of());
    const after = rulesOf(of({ newcomer: app({ subdomain: "new", access: "admin" }) }));
    expect(JSON.stringify(before)).not.toContain("new.media.localhost");
    expect(decision(after, "https://new.media.localhost:443/", ["admin"])).toBe("two_factor");
    expect(decision(after, "https://new.media.localhost:443/", ["user"])).toBe("deny");
    expect(after.slice(0, before.length)).toEqual(before);
  });

  it("let a bypass through to the end of a path's part alone, whatever characters it has", () => {
    const bypass = [
      { path: "/api", reason: "a test calls it" },
      { path: "/:/timeline.v1+(x)", reason: "a test calls it" },
      { path: "/ping", exact: true, reason: "a test calls it" },
    ];
    const rules = rulesOf(of({ app: app({ bypass }) }));
    const ask = (path: string) => decision(rules, `https://app.media.localhost${path}`);
    for (const path of ["/api", "/api/", "/api/x?y", "/api?y", "/:/timeline.v1+(x)/a", "/ping?a"])
      expect([path, ask(path)]).toEqual([path, "bypass"]);
    for (const path of ["/", "/apis", "/x/api", "/:/timelineXv1+(x)", "/ping/x"])
      expect([path, ask(path)]).toEqual([path, "deny"]);
  });

  it("ask users for a password alone where the config says so, and administrators never", () => {
    const config = { access: { secondFactor: "admins" as const } };
    const rules = rulesOf(of({ app: app(), tool: app({ subdomain: "tool", access: "admin" }) }, { config }));
    expect(decision(rules, "https://app.media.localhost/", ["user"])).toBe("one_factor");
    expect(decision(rules, "https://tool.media.localhost/", ["admin"])).toBe("two_factor");
  });
});

describe("users", () => {
  const bob = { ...person, name: "bob", displayName: "Bob", groups: ["user" as const] };
  const alice = { ...person, groups: ["user" as const, "admin" as const] };
  const config = { access: { users: [{ ...bob, password: "bobPassword" }, alice] } };

  it("are those of the config, each with the hash of its own password and a salt of its own", () => {
    const stack = of({}, { config });
    const { users: known } = document<Users>(stack, "authelia", users);
    expect(Object.keys(known)).toEqual(["alice", "bob"]);
    expect(known.alice).toMatchObject({
      disabled: false,
      displayname: "Alice",
      email: "alice@example.org",
      groups: ["admin", "user"],
    });
    for (const name of ["alice", "bob"] as const) {
      expect(verifySync(known[name]?.password ?? "", secretValue(stack, `authelia/user-${name}`))).toBe(true);
    }
    const salts = Object.values(known).map(({ password }) => password.split("$")[4]);
    expect(new Set(salts).size).toBe(2);
  });

  it("have the passwords that are set, or are named with how to set them", () => {
    const real = { config: { ...config, images: "real" as const }, stack: { secrets: ["alicePassword"] } };
    const stack = of({}, real);
    expect(stack.secrets.find(({ id }) => id === "authelia/user-alice")?.source).toMatchObject({
      kind: "config",
      key: "alicePassword",
      isSet: true,
      typed: { words: ["alice", "Alice", "alice@example.org"] },
    });
    const unset = `${placeOf(real, "password: bobPassword")}: bob needs the secret "bobPassword"; set it: pulumi config set --stack test --secret --path 'ums:secrets.bobPassword'`;
    expect(stack.warnings.map(formatProblem)).toContain(unset);
    expect(complaints(() => of({}, { ...real, options: { unsetSecrets: "refuse" } }))).toEqual([unset]);
  });
});

describe("messages", () => {
  const mail = { host: "smtp.example.org", sender: "media@example.org" };

  it("go to a file in memory without a mail server, and the sign-in has no way out", () => {
    expect(read(of()).notifier.filesystem).toEqual({ filename: "/tmp/notification.txt" });
    expect(service(of(), "authelia").egress).toBeUndefined();
  });

  it("go to the mail server of the config, for which the sign-in has a way out", () => {
    const stack = of({}, { config: { mail } });
    expect(service(stack, "authelia").egress).toBeDefined();
    expect(read(stack).notifier.smtp).toEqual({
      address: "submissions://smtp.example.org:465",
      sender: "media@example.org",
      identifier: "media.localhost",
      disable_require_tls: false,
    });
    expect(read(stack).notifier.filesystem).toBeUndefined();
  });

  it("are handed over by STARTTLS on other ports, with the name and the password", () => {
    const stack = of({}, { config: { mail: { ...mail, port: 587, username: "media" } } });
    expect(read(stack).notifier.smtp).toMatchObject({
      address: "submission://smtp.example.org:587",
      username: "media",
      password: secretValue(stack, "authelia/smtp-password"),
    });
  });

  it("need the password that goes with the name", () => {
    const config = { images: "real" as const, mail: { ...mail, username: "media" } };
    expect(complaints(() => of({}, { config, options: { unsetSecrets: "refuse" } }))).toEqual([
      `${placeOf({ config }, "username: media")}: mail needs the secret "smtpPassword"; set it: pulumi config set --stack test --secret --path 'ums:secrets.smtpPassword'`,
    ]);
  });
});

describe("OpenID Connect", () => {
  it("is off where nobody wants it", () => {
    expect(read(of()).identity_providers).toBeUndefined();
  });

  it("has every record that wants it as a client, with nothing else changed", () => {
    const stack = of({ app: client });
    const { oidc } = found(read(stack).identity_providers, "a provider");
    expect(oidc.clients).toHaveLength(1);
    expect(oidc.clients[0]).toMatchObject({
      client_id: "app",
      authorization_policy: "user",
      redirect_uris: ["https://app.media.localhost/callback"],
      scopes: ["openid", "profile", "email", "groups"],
      grant_types: ["authorization_code"],
    });
    expect(service(stack, "app").environment).toEqual({
      APP_ID: "app",
      APP_TOKEN: "https://auth.media.localhost/api/oidc/token",
      APP_SERVER: "https://auth.media.localhost",
    });
  });

  it("links a client to the gateway, under the sign-in's public name, and lends nobody else that name", () => {
    const { links } = of({ app: client, other: app({ subdomain: "other" }) });
    expect(links.filter(({ hosts }) => hosts)).toEqual([
      expect.objectContaining({ consumer: "app", provider: "traefik", hosts: ["auth.media.localhost"] }),
    ]);
    expect(links.some(({ consumer, provider }) => consumer === "app" && provider === "authelia")).toBe(false);
  });

  it("leaves no half of it where the stack has no sign-in", () => {
    const { authelia, ...rest } = signInRecords;
    const stack = platform({ ...rest, app: client });
    expect(service(stack, "app").environment).toEqual({});
    expect(stack.links.some(({ hosts }) => hosts)).toBe(false);
    expect(stack.warnings).toEqual([]);
  });

  it("leaves no half of it where the public address names another port, and says so", () => {
    const config = { images: "real" as const, publish: { offset: 20000 } };
    const stack = of({ app: client }, { config });
    expect(read(stack).identity_providers).toBeUndefined();
    expect(service(stack, "app").environment).toEqual({});
    expect(stack.links.some(({ consumer }) => consumer === "app")).toBe(false);
    expect(stack.warnings).toEqual([
      {
        service: "app",
        place: expect.objectContaining({ file: "catalog/app.yaml" }),
        message:
          "app has no OpenID Connect: it calls auth.media.localhost over its link to traefik, where the port 20443 of the public address is not open; publish without an offset",
      },
    ]);
  });

  it("names a variable that is none", () => {
    const oidc = { ...found(client.oidc, "oidc"), environment: { A: "${OIDC_TOKENURL}" } };
    expect(complaints(() => of({ app: { ...client, oidc } }))).toEqual([
      expect.stringMatching(
        /^catalog\/app\.yaml:\d+:\d+: there is no template variable "OIDC_TOKENURL", did you mean "OIDC_TOKEN_URL"\?/,
      ),
    ]);
  });
});
