import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadStack } from "../../../../stacks/load.ts";
import type { Platform } from "../../../../stacks/platform.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, type PlatformInput, service } from "../../../fixtures/platforms.ts";
import { complaints } from "../../../fixtures/problems.ts";
import { linkTo, linkToAny, listensOn, type RecordFields } from "../../../fixtures/records.ts";
import { filesOf, secretValue } from "../fixtures.ts";
import { fileOf, tunnel, watched } from "./stack.ts";

const schema = z.object({
  global: z.record(z.string(), z.unknown()),
  route: z.object({
    receiver: z.string(),
    group_by: z.array(z.string()),
    repeat_interval: z.string(),
    routes: z.array(z.object({ receiver: z.string(), matchers: z.array(z.string()), continue: z.boolean() })),
  }),
  receivers: z.array(z.looseObject({ name: z.string() })),
  inhibit_rules: z.array(
    z.object({
      source_matchers: z.array(z.string()),
      target_matchers: z.array(z.string()),
      equal: z.array(z.string()).optional(),
    }),
  ),
});
const read = (of: Platform) =>
  schema.parse(parse(fileOf(of, "alertmanager", "/etc/alertmanager/alertmanager.yml")));

/** Who is kept back while a provider is down: providers to their consumers. */
function dependants(of: Platform): Record<string, string> {
  return Object.fromEntries(
    read(of)
      .inhibit_rules.filter(({ target_matchers }) => target_matchers[0] === 'concern="availability"')
      .map(({ source_matchers, target_matchers }) => [
        /"(.+)"/.exec(source_matchers[1] ?? "")?.[1] ?? "",
        /"(.+)"/.exec(target_matchers[1] ?? "")?.[1] ?? "",
      ]),
  );
}

type Config = NonNullable<PlatformInput["config"]>;
type Receiver = NonNullable<NonNullable<Config["alerts"]>["receivers"]>[number];
const mail = { host: "smtp.example.com", sender: "ums@example.com" };
const every: Receiver[] = [
  { name: "people", type: "email", to: ["a@example.com", "b@example.com"] },
  { name: "hook", type: "webhook" },
  { name: "chat", type: "discord", severities: ["critical"] },
  { name: "phone", type: "telegram", chat: -42, token: "myToken" },
];
const withReceivers = (receivers: Receiver[], more: Config = {}) =>
  watched({}, { config: { alerts: { receivers }, ...more } });

describe("receivers", () => {
  const of = withReceivers(every, { mail: { ...mail, username: "ums" } });

  it("get the alerts of their severities, each of them on its own", () => {
    const { route } = read(of);
    expect(route).toMatchObject({ receiver: "(nobody)", group_by: ["alertname"], repeat_interval: "4h" });
    expect(route.routes).toEqual([
      { receiver: "people", matchers: ['severity=~"critical|warning"'], continue: true },
      { receiver: "hook", matchers: ['severity=~"critical|warning"'], continue: true },
      { receiver: "chat", matchers: ['severity=~"critical"'], continue: true },
      { receiver: "phone", matchers: ['severity=~"critical|warning"'], continue: true },
    ]);
  });

  it("read their secrets from files", () => {
    expect(read(of).receivers).toEqual([
      { name: "(nobody)" },
      { name: "people", email_configs: [{ to: "a@example.com, b@example.com", send_resolved: true }] },
      { name: "hook", webhook_configs: [{ url_file: "/run/secrets/receiver_hook", send_resolved: true }] },
      {
        name: "chat",
        discord_configs: [{ webhook_url_file: "/run/secrets/receiver_chat", send_resolved: true }],
      },
      {
        name: "phone",
        telegram_configs: [
          { bot_token_file: "/run/secrets/receiver_phone", chat_id: -42, send_resolved: true },
        ],
      },
    ]);
    const secrets = service(of, "pager").files.filter(({ path }) => path.startsWith("/run/secrets/"));
    expect(secrets.map(({ path, mode }) => [path, mode])).toEqual([
      ["/run/secrets/receiver_chat", "0400"],
      ["/run/secrets/receiver_hook", "0400"],
      ["/run/secrets/receiver_phone", "0400"],
      ["/run/secrets/smtp_password", "0400"],
    ]);
    expect(filesOf(of, "pager").get("/run/secrets/receiver_hook")).toBe(
      secretValue(of, "pager/receiver-hook"),
    );
  });

  it("ask for the key of ums:secrets that the config names", () => {
    const real = watched(
      {},
      { config: { images: "real", alerts: { receivers: every.slice(3) } }, stack: { secrets: ["myToken"] } },
    );
    expect(real.secrets.find(({ id }) => id === "pager/receiver-phone")?.source).toEqual({
      kind: "config",
      key: "myToken",
      isSet: true,
    });
  });

  it("by mail go through the stack's mail server", () => {
    expect(read(of).global).toEqual({
      smtp_smarthost: "smtp.example.com:465",
      smtp_from: "ums@example.com",
      smtp_require_tls: false,
      smtp_auth_username: "ums",
      smtp_auth_password_file: "/run/secrets/smtp_password",
    });
    const open = withReceivers(every.slice(0, 1), { mail: { ...mail, port: 587 } });
    expect(read(open).global).toEqual({
      smtp_smarthost: "smtp.example.com:587",
      smtp_from: "ums@example.com",
      smtp_require_tls: true,
    });
  });

  it("may be none", () => {
    const { receivers, route, global } = read(watched());
    expect({ receivers, routes: route.routes, global }).toEqual({
      receivers: [{ name: "(nobody)" }],
      routes: [],
      global: {},
    });
  });
});

describe("what is wrong with a receiver is told at its place:", () => {
  const told = (receivers: unknown[], more: Config = {}, secrets: string[] = []) =>
    complaints(() =>
      watched(
        {},
        {
          config: { images: "real", alerts: { receivers: receivers as Receiver[] }, ...more },
          stack: { secrets },
        },
      ),
    ).map((line) => line.replace(/^Pulumi\.test\.yaml:\d+:\d+: /, ""));

  it("its secret is not set", () => {
    expect(told([{ name: "hook", type: "webhook" }])).toEqual([
      `alerts.receivers[0]: the receiver "hook" needs the secret "alertWebhookUrl"; set it: pulumi config set --stack test --secret --path 'ums:secrets.alertWebhookUrl'`,
    ]);
    expect(told([{ name: "hook", type: "webhook" }], {}, ["alertWebhookUrl"])).toEqual([]);
  });

  it("every one is told at once", () => {
    expect(told(every)).toHaveLength(4);
  });

  it("there is no mail server, or its password is not set", () => {
    const people = every.slice(0, 1);
    expect(told(people)).toEqual([
      'alerts.receivers[0]: the receiver "people" needs a mail server: add the section mail',
    ]);
    expect(told(people, { mail: { ...mail, username: "ums" } })).toEqual([
      `alerts.receivers[0]: the receiver "people" needs the secret "smtpPassword"; set it: pulumi config set --stack test --secret --path 'ums:secrets.smtpPassword'`,
    ]);
    expect(told(people, { mail })).toEqual([]);
  });

  it("its type is unknown", () => {
    expect(told([{ name: "chat", type: "discrod" }])).toEqual([
      expect.stringMatching(/alerts\.receivers\[0\]\.type is "discrod", did you mean "discord"/),
    ]);
  });

  it("an address is none, a severity is unknown, a name is taken", () => {
    expect(told([{ name: "people", type: "email", to: ["nobody"] }])).toEqual([
      expect.stringMatching(/alerts\.receivers\[0\]\.to\[0\]: not an e-mail address \(found "nobody"\)/),
    ]);
    expect(told([{ name: "hook", type: "webhook", severities: ["fatal"] }])).toEqual([
      expect.stringMatching(/alerts\.receivers\[0\]\.severities\[0\] is "fatal"/),
    ]);
    expect(told([every[1], every[1]])).toEqual([
      expect.stringMatching(/the receiver "hook" is named twice, first as alerts\.receivers\[0\]/),
    ]);
  });

  it("a secret itself stands where its key belongs", () => {
    expect(told([{ name: "hook", type: "webhook", url: "https://example.com/hook" }])).toEqual([
      expect.stringMatching(
        /alerts\.receivers\[0\]\.url: name a key of ums:secrets, in camelCase; the value itself goes there/,
      ),
    ]);
  });

  it("with the line it is written at", () => {
    const [problem] = complaints(() =>
      withReceivers([{ name: "people", type: "email", to: ["a@example.com"] }]),
    );
    expect(problem).toMatch(/^Pulumi\.test\.yaml:1[0-9]:\d+: alerts\.receivers\[0\]/);
  });
});

describe("a dead provider", () => {
  const app = (links: RecordFields["links"]): RecordFields => ({ links: links ?? [], ports: listensOn(80) });
  const plain = (more: Record<string, RecordFields>) => dependants(watched(more));

  it("keeps back what its consumers say of their availability", () => {
    expect(
      plain({ database: app([]), app: app([linkTo("database")]), other: app([linkTo("database")]) }),
    ).toEqual({
      database: "app|other",
    });
  });

  it("keeps nothing back of those that only use it when it is there", () => {
    expect(plain({ database: app([]), app: app([linkTo("database", 80, { required: false })]) })).toEqual({});
  });

  it("keeps nothing back while another one does the same", () => {
    const either = app([linkToAny(["one", "two"], 80)]);
    expect(plain({ one: app([]), two: app([]), app: either })).toEqual({});
    const input = { config: { services: { include: "all" as const, exclude: ["two"] } } };
    expect(dependants(watched({ one: app([]), two: app([]), app: either }, input))).toEqual({ one: "app" });
  });

  it("keeps nothing back of one that it needs itself", () => {
    expect(plain({ one: app([linkTo("two", 80, { ordered: false })]), two: app([linkTo("one")]) })).toEqual({
      one: "two",
    });
  });

  it("is a VPN for the clients behind it", () => {
    expect(plain({ tunnel, client: { segment: "downloads", through: "tunnel" } })).toEqual({
      tunnel: "client",
    });
  });

  it.each(["dev", "prod"])(
    "never keeps back the gateway's or the collector's alerts in stack %s",
    (stack) => {
      const { platform: of } = loadStack(projectRoot, stack);
      const kept = Object.values(dependants(of)).flatMap((names) => names.split("|"));
      expect(kept.length).toBeGreaterThan(10);
      expect(kept).not.toContain("traefik");
      expect(kept).not.toContain("prometheus");
      for (const [provider, names] of Object.entries(dependants(of))) {
        for (const name of names.split("|"))
          expect(dependants(of)[name]?.split("|") ?? []).not.toContain(provider);
      }
    },
  );

  it("that is the gateway or the sign-in keeps back the routes it is on the way to", () => {
    const rules = read(
      watched({
        login: {
          roles: ["sso"],
          ports: listensOn(80),
          route: { subdomain: "auth", port: 80, access: "public", reason: "a test" },
        },
      }),
    ).inhibit_rules;
    const failing = 'alertname=~"ServiceDown|ServiceUnhealthy"';
    expect(rules).toContainEqual({
      source_matchers: [failing, 'service="door"'],
      target_matchers: ['alertname=~"RouteDown|CertificateInvalid"'],
    });
    expect(rules).toContainEqual({
      source_matchers: [failing, 'service="login"'],
      target_matchers: ['alertname="RouteDown"', 'access!="public"'],
    });
  });
});

it("the same stack gives the same bytes", () => {
  const text = () =>
    fileOf(withReceivers(every, { mail }), "alertmanager", "/etc/alertmanager/alertmanager.yml");
  expect(text()).toBe(text());
  expect(found(text(), "a text")).not.toContain(
    secretValue(withReceivers(every, { mail }), "pager/receiver-hook"),
  );
});
