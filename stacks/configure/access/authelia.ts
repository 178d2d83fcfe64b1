import { implicitTlsPort, type MailConfig } from "../../config/sections/mail.ts";
import type { Service } from "../../platform.ts";
import type { Configuration, ConfigureContext } from "../context.ts";
import { yamlText } from "../text.ts";
import { identityProvider } from "./clients.ts";
import { accessRules } from "./rules.ts";
import { usersText } from "./users.ts";

const folder = "/config";
/** In memory: without a mail server, codes for new second factors are read there by hand. */
const notifications = "/tmp/notification.txt";

/**
 * Authelia: users and groups of the config, rules from the routes, sessions in Redis, the rest in PostgreSQL. Secrets
 * that a variable can point to are files of the record; others are in the documents, which then have mode 0400.
 */
export function configureAuthelia(service: Service, context: ConfigureContext): Configuration {
  const { domain } = context.settings;
  const oidc = identityProvider(service, context);
  const document = {
    theme: "auto",
    totp: { issuer: domain },
    webauthn: { display_name: domain },
    authentication_backend: {
      // The users are declared: the file is mounted read-only.
      password_reset: { disable: true },
      password_change: { disable: true },
      file: { path: `${folder}/users.yml` },
    },
    access_control: { default_policy: "deny", rules: accessRules(context) },
    session: {
      cookies: [
        {
          domain,
          authelia_url: service.route?.url,
          default_redirection_url: portal(service, context),
        },
      ],
      redis: sessions(service, context),
    },
    // Authelia's defaults, said here because they are what holds off guessing.
    regulation: { modes: ["user"], max_retries: 3, find_time: "2 minutes", ban_time: "5 minutes" },
    storage: { postgres: storage(service, context) },
    notifier: notifier(service, context),
    ...(oidc ? { identity_providers: { oidc } } : {}),
  };
  return {
    files: [
      { path: `${folder}/configuration.yml`, text: yamlText(document) },
      { path: `${folder}/users.yml`, text: usersText(service, context) },
    ],
  };
}

/** Where a browser goes that came for nothing in particular: the service on the domain itself. */
function portal(service: Service, { services }: ConfigureContext): string | undefined {
  return services.find(({ name, route }) => name !== service.name && route?.subdomain === "@")?.route?.url;
}

/** The account with a database, and its server. */
function storage(service: Service, context: ConfigureContext) {
  const account = service.accounts.find(({ databases }) => databases.length > 0);
  if (!account) return undefined;
  const { host, port } = server(service, account.provider, context);
  return { address: `tcp://${host}:${port}`, database: account.databases[0], username: account.user };
}

function sessions(service: Service, context: ConfigureContext) {
  const account = service.accounts.find(({ databases }) => databases.length === 0);
  return account && { ...server(service, account.provider, context), username: account.user };
}

function server({ name }: Service, provider: string, context: ConfigureContext) {
  const link = context.links.find((one) => one.consumer === name && one.provider === provider);
  return { host: context.hostOf(name, provider), port: link?.uses[0]?.port };
}

function notifier(service: Service, context: ConfigureContext) {
  const { mail } = context.settings;
  return {
    // A mail server that is away must not keep everyone from signing in.
    disable_startup_check: true,
    ...(mail ? { smtp: smtp(service, mail, context) } : { filesystem: { filename: notifications } }),
  };
}

function smtp(service: Service, mail: MailConfig, context: ConfigureContext) {
  const { host, port, sender, username } = mail;
  const secure = port === implicitTlsPort ? "submissions" : "submission";
  return {
    address: `${secure}://${host}:${port}`,
    ...(username === undefined ? {} : { username, password: mailPassword(service, context) }),
    sender,
    identifier: context.settings.domain,
    disable_require_tls: false,
  };
}

function mailPassword({ name }: Service, context: ConfigureContext) {
  const place = context.configPlace(["mail", "username"]);
  context.addSecret(name, "smtp-password", { config: "smtpPassword", whose: "mail", place });
  return context.secret(name, name, "smtp-password");
}
