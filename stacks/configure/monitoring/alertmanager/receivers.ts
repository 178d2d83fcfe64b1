import type { Receiver } from "../../../config/sections/alerts.ts";
import { implicitTlsPort } from "../../../config/sections/mail.ts";
import type { Service } from "../../../platform.ts";
import type { ConfigureContext, GeneratedFile } from "../../context.ts";

/** Files with what may not stand in the configuration, which Alertmanager shows to who opens its interface. */
const folder = "/run/secrets";
const smtpPassword = { name: "smtp-password", key: "smtpPassword", path: `${folder}/smtp_password` };

/** The mail server, as the global settings have it. */
export function mailOf({ settings: { mail } }: ConfigureContext): object {
  if (!mail) return {};
  return {
    smtp_smarthost: `${mail.host}:${mail.port}`,
    smtp_from: mail.sender,
    smtp_require_tls: mail.port !== implicitTlsPort,
    ...(mail.username === undefined
      ? {}
      : { smtp_auth_username: mail.username, smtp_auth_password_file: smtpPassword.path }),
  };
}

/** A receiver as Alertmanager reads it. */
export function receiverOf(receiver: Receiver): object {
  const { name } = receiver;
  const file = pathOf(receiver);
  switch (receiver.type) {
    case "email":
      return { name, email_configs: [{ to: receiver.to.join(", "), send_resolved: true }] };
    case "webhook":
      return { name, webhook_configs: [{ url_file: file, send_resolved: true }] };
    case "discord":
      return { name, discord_configs: [{ webhook_url_file: file, send_resolved: true }] };
    case "telegram":
      return {
        name,
        telegram_configs: [{ bot_token_file: file, chat_id: receiver.chat, send_resolved: true }],
      };
  }
}

/** The receivers' secrets, each in a file, without a newline at its end. */
export function secretFiles(
  service: Service,
  receivers: readonly Receiver[],
  context: ConfigureContext,
): GeneratedFile[] {
  const wanted = receivers.flatMap((receiver) => {
    const key = keyOf(receiver);
    return key === undefined ? [] : [{ name: `receiver-${receiver.name}`, key, path: pathOf(receiver) }];
  });
  const usesMail = receivers.some(({ type }) => type === "email");
  if (usesMail && context.settings.mail?.username !== undefined) wanted.push(smtpPassword);
  return wanted.flatMap(({ name, key, path }): GeneratedFile[] => {
    const place = context.configPlace(["alerts", "receivers"]);
    context.addSecret(service.name, name, { config: key, whose: service.name, place });
    const secret = context.secret(service.name, service.name, name);
    return secret ? [{ path, text: [{ secret: secret.id }] }] : [];
  });
}

/** Key of ums:secrets that a receiver asks for. */
function keyOf(receiver: Receiver): string | undefined {
  switch (receiver.type) {
    case "email":
      return undefined;
    case "webhook":
      return receiver.url;
    case "discord":
      return receiver.webhook;
    case "telegram":
      return receiver.token;
  }
}

function pathOf({ name }: Receiver): string {
  return `${folder}/receiver_${name}`;
}
