import type { Receiver } from "../../../config/sections/alerts.ts";
import type { Service } from "../../../platform.ts";
import type { Configuration, ConfigureContext } from "../../context.ts";
import { yamlText } from "../../text.ts";
import { inhibitRules } from "./inhibition.ts";
import { mailOf, receiverOf, secretFiles } from "./receivers.ts";

/** Receiver of alerts that no receiver of the stack's config wants. Its name is none that a config can have. */
const nobody = "(nobody)";

/**
 * Alertmanager: every receiver of the stack's config gets the alerts of its severities, those of one name in one message;
 * alerts that follow from another one are kept back.
 */
export function configureAlertmanager(service: Service, context: ConfigureContext): Configuration {
  const { receivers, repeatHours } = context.settings.alerts;
  const known = receivers.filter((receiver, index) => isComplete(receiver, index, context));
  const document = {
    global: { ...(known.some(({ type }) => type === "email") ? mailOf(context) : {}) },
    route: {
      receiver: nobody,
      group_by: ["alertname"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: `${repeatHours}h`,
      routes: known.map(({ name, severities }) => ({
        receiver: name,
        matchers: [`severity=~"${[...severities].sort().join("|")}"`],
        continue: true,
      })),
    },
    receivers: [{ name: nobody }, ...known.map(receiverOf)],
    inhibit_rules: inhibitRules(context),
  };
  return {
    files: [
      { path: "/etc/alertmanager/alertmanager.yml", text: yamlText(document) },
      ...secretFiles(service, known, context),
    ],
  };
}

/** Reports what a receiver lacks: its secret, or the mail server that it goes through. */
function isComplete(receiver: Receiver, index: number, context: ConfigureContext): boolean {
  const { mail } = context.settings;
  const at = `alerts.receivers[${index}]`;
  const report = (key: string, message: string) => {
    const place = context.configPlace(["alerts", "receivers", index, key]);
    context.report({ place, message: `${at}: ${message}` });
    return false;
  };
  const hasSecret = (key: string, field: string) =>
    context.hasConfigSecret(key) ||
    report(
      field,
      `the receiver "${receiver.name}" needs the secret "${key}"; set it: pulumi config set --stack ${context.stack} --secret --path 'ums:secrets.${key}'`,
    );
  switch (receiver.type) {
    case "email":
      if (!mail)
        return report("type", `the receiver "${receiver.name}" needs a mail server: add the section mail`);
      return mail.username === undefined || hasSecret("smtpPassword", "type");
    case "webhook":
      return hasSecret(receiver.url, "url");
    case "discord":
      return hasSecret(receiver.webhook, "webhook");
    case "telegram":
      return hasSecret(receiver.token, "token");
  }
}
