import type { LoadedStack } from "../../../stacks/load.ts";
import { resolvePlatform } from "../../../stacks/resolve/index.ts";
import { catalog, linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";
import { environments, stackConfig } from "../../fixtures/stackConfigs.ts";

/** Two services with secrets of every kind. */
export const records = {
  server: {
    ports: listensOn(80),
    secrets: [
      { name: "password", generate: "password", file: "/run/secrets/password" },
      { name: "salt", generate: "hex" },
      { name: "master", generate: "hex", file: "/run/secrets/master", fixed: "data is encrypted with it" },
    ],
  },
  app: {
    ports: listensOn(80),
    links: [linkTo("server")],
    accounts: [{ provider: "server", user: "app", password: "database-password", databases: ["app"] }],
    secrets: [
      { name: "database-password", generate: "password" },
      { name: "url", template: "sql://app:${secret:database-password}@server", file: "/run/secrets/url" },
      { name: "api-key", generate: "hex", variable: "API_KEY", reason: "a test" },
      { name: "token", config: "appToken", file: "/run/secrets/token" },
      { name: "mail", config: "smtpPassword", optional: true },
    ],
  },
  reader: {
    links: [linkTo("app")],
    secrets: [
      { name: "key", from: "app/api-key", file: "/run/secrets/key" },
      { name: "token", config: "appToken", file: "/run/secrets/token" },
    ],
  },
} satisfies Record<string, RecordFields>;

export function loadedStack(
  fields: Parameters<typeof stackConfig>[0] = {},
  of: Record<string, RecordFields> = records,
): LoadedStack {
  const config = stackConfig(fields, { secrets: ["appToken"] });
  const all = catalog(of);
  return { platform: resolvePlatform(all, config, environments()), catalog: all, config };
}
