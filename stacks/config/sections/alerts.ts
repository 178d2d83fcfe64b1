import { z } from "zod";
import { dnsLabel } from "../../catalog/fields.ts";
import { severities } from "../../catalog/monitoring.ts";

const secretKey = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]*$/, "name a key of ums:secrets, in camelCase; the value itself goes there");

const common = {
  name: dnsLabel.describe("Names the receiver in Alertmanager."),
  severities: z
    .array(z.enum(severities))
    .min(1, `name a severity: ${severities.join(", ")}`)
    .default(["critical", "warning"])
    .describe("Alerts that it gets."),
};

const receiver = z.discriminatedUnion("type", [
  z
    .strictObject({
      ...common,
      type: z.literal("email"),
      to: z.array(z.email("not an e-mail address")).min(1, "name an address"),
    })
    .describe("Through the mail server of the section mail."),
  z
    .strictObject({
      ...common,
      type: z.literal("webhook"),
      url: secretKey.default("alertWebhookUrl").describe("Key of ums:secrets with the address."),
    })
    .describe("Alertmanager's own JSON, by POST."),
  z.strictObject({
    ...common,
    type: z.literal("discord"),
    webhook: secretKey
      .default("alertDiscordWebhook")
      .describe("Key of ums:secrets with the channel's webhook address."),
  }),
  z.strictObject({
    ...common,
    type: z.literal("telegram"),
    token: secretKey.default("alertTelegramToken").describe("Key of ums:secrets with the bot's token."),
    chat: z
      .int()
      .refine((id) => id !== 0, "a chat has a number other than 0")
      .describe("Id of the chat; a group's is negative."),
  }),
]);
export type Receiver = z.output<typeof receiver>;

/** Who hears of what goes wrong. */
export const alertsSection = z
  .strictObject({
    receivers: z
      .array(receiver)
      .default([])
      .describe("Without any, alerts are only shown in Alertmanager and Grafana.")
      .superRefine((receivers, context) => {
        for (const [index, { name }] of receivers.entries()) {
          const first = receivers.findIndex((other) => other.name === name);
          if (first < index) {
            const message = `the receiver "${name}" is named twice, first as alerts.receivers[${first}]`;
            context.addIssue({ code: "custom", path: [index, "name"], message, input: name });
          }
        }
      }),
    repeatHours: z.int().min(1).max(168).default(4).describe("An alert that still fires is sent again."),
    homeAddresses: z
      .array(z.union([z.ipv4(), z.ipv6()], "write an address as 203.0.113.7 or 2001:db8::7"))
      .default([])
      .describe("The household's public addresses: an alert says when a VPN is seen under one of them."),
  })
  .default({ receivers: [], repeatHours: 4, homeAddresses: [] });
