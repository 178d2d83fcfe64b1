import type { Service } from "../../platform.ts";
import { fillIn } from "../../resolve/environment.ts";
import type { ConfigureContext } from "../context.ts";
import { policyFor, type Routed, subjectsOf } from "./rules.ts";

/** Below the sign-in's address (docs/content/integration/openid-connect/introduction.md of Authelia). */
const endpoints = {
  OIDC_ISSUER: "",
  OIDC_AUTHORIZATION_URL: "/api/oidc/authorization",
  OIDC_TOKEN_URL: "/api/oidc/token",
  OIDC_USERINFO_URL: "/api/oidc/userinfo",
} as const;

/** How long a user's consent is remembered: the household's own services need not be asked about again and again. */
const consent = { consent_mode: "pre-configured", pre_configured_consent_duration: "1 year" } as const;

type Client = Routed & { oidc: NonNullable<Service["oidc"]> };

function clients({ services }: ConfigureContext): Client[] {
  return services.filter((service): service is Client => Boolean(service.oidc && service.route));
}

/** Authelia as an OpenID Connect provider for the services that want one; nothing where none does. */
export function identityProvider(sso: Service, context: ConfigureContext) {
  const all = clients(context);
  if (all.length === 0) return undefined;
  const used = new Set(all.map(groupOf));
  const own = (name: string, form?: "rsa-key") => context.secret(sso.name, sso.name, name, form);
  return {
    hmac_secret: own("oidc-hmac"),
    jwks: [{ algorithm: "RS256", use: "sig", key: own("oidc-key", "rsa-key") }],
    authorization_policies: Object.fromEntries(
      [...used].sort().map((group) => [
        group,
        {
          default_policy: "deny",
          rules: [{ policy: policyFor(group, context), subject: subjectsOf(group) }],
        },
      ]),
    ),
    clients: all.map((client) => ({
      client_id: client.name,
      client_name: client.title,
      client_secret: context.secret(
        sso.name,
        client.name,
        client.oidc.secret,
        "pbkdf2-sha512",
        `${sso.name}/oidc-salt`,
      ),
      authorization_policy: groupOf(client),
      ...consent,
      require_pkce: true,
      pkce_challenge_method: "S256",
      redirect_uris: client.oidc.redirects.map((path) => `${client.route.url}${path}`).sort(),
      scopes: client.oidc.scopes,
      response_types: ["code"],
      grant_types: [
        "authorization_code",
        ...(client.oidc.scopes.includes("offline_access") ? ["refresh_token"] : []),
      ],
      token_endpoint_auth_method: client.oidc.authentication,
    })),
  };
}

/** Variables that tell a client of the sign-in. */
export function clientEnvironment(service: Service, context: ConfigureContext): Record<string, string> {
  const sso = context.services.find(({ roles }) => roles.includes("sso"))?.route;
  if (!service.oidc || !sso) return {};
  const variables = {
    ...context.variables,
    ...Object.fromEntries(Object.entries(endpoints).map(([name, path]) => [name, `${sso.url}${path}`])),
    OIDC_CLIENT_ID: service.name,
  };
  return Object.fromEntries(
    Object.entries(service.oidc.environment).map(([name, value]) => {
      const place = context.recordPlace(service.name, ["oidc", "environment", name]);
      return [name, fillIn(String(value), variables, place, context.report)];
    }),
  );
}

function groupOf({ route }: Client): "admin" | "user" {
  return route.access === "admin" ? "admin" : "user";
}
