import { describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { found, service } from "../../../fixtures/platforms.ts";

/** How an application is told of what the platform answers for: names of variables, as its own sources have them. */
interface Application {
  name: string;
  /** Who asks people for a password, where that is a setting: the sign-in in front. */
  signIn?: Record<string, string>;
  /** Names the file with its key, or has the key itself where there is no other way. */
  key: string;
  /** The secret that holds the key, where the application wants more than the bare key. */
  keySecret?: string;
  /** Variable of each database, in the order of the account. */
  databases: string[];
  user: string;
  host: string;
  password: string;
  /** The base of its address, where there is such a setting. */
  base?: string;
}

const servarr = (name: string, more: string[] = []): Application => {
  const at = (rest: string) => `${name.toUpperCase()}__${rest}`;
  return {
    name,
    signIn: { [at("AUTH__METHOD")]: "External" },
    key: `FILE__${at("AUTH__APIKEY")}`,
    databases: ["MAINDB", "LOGDB", ...more].map((database) => at(`POSTGRES__${database}`)),
    user: at("POSTGRES__USER"),
    host: at("POSTGRES__HOST"),
    password: `FILE__${at("POSTGRES__PASSWORD")}`,
    base: at("SERVER__URLBASE"),
  };
};

const applications: readonly Application[] = [
  servarr("sonarr"),
  servarr("radarr"),
  servarr("lidarr"),
  servarr("readarr", ["CACHEDB"]),
  servarr("prowlarr"),
  {
    // Unless a sign-in of its own is switched on in its interface, Bazarr has none.
    name: "bazarr",
    key: "FILE__DYNACONF_AUTH__APIKEY",
    keySecret: "api-key-setting",
    databases: ["POSTGRES_DATABASE"],
    user: "POSTGRES_USERNAME",
    host: "POSTGRES_HOST",
    password: "FILE__POSTGRES_PASSWORD",
    base: "DYNACONF_GENERAL__BASE_URL",
  },
  {
    // People sign in with their account of the media server.
    name: "seerr",
    key: "API_KEY",
    databases: ["DB_NAME"],
    user: "DB_USER",
    host: "DB_HOST",
    password: "DB_PASS",
  },
];

const { platform } = loadStack(projectRoot, "dev");

describe.each(applications)("$name", ({ name, signIn, key, keySecret = "api-key", base, ...database }) => {
  const { environment, files, secretVariables, accounts } = service(platform, name);
  const account = found(accounts[0], "an account");
  /** The secret in a variable: in the file that it names, or its own. */
  const secretAt = (variable: string) => {
    const direct = secretVariables.find((one) => one.variable === variable)?.secret;
    const content = files.find(({ path }) => path === environment[variable])?.content;
    return direct ?? (content && "secret" in content ? content.secret : undefined);
  };

  if (signIn) {
    it("leaves the sign-in to the one in front of it", () => {
      expect(environment).toMatchObject(signIn);
    });
  }

  it("has the API key that others call it with", () => {
    expect(secretAt(key)).toBe(`${name}/${keySecret}`);
  });

  it("uses the databases that its account has, all of them, as its own role", () => {
    expect(accounts).toHaveLength(1);
    expect(account).toMatchObject({ provider: "postgres", user: name });
    expect(database.databases.map((variable) => environment[variable])).toEqual(account.databases);
    expect(environment[database.user]).toBe(account.user);
    expect(environment[database.host]).toBe("postgres");
    expect(secretAt(database.password)).toBe(`${name}/${account.password}`);
  });

  if (base) {
    it("answers at the root of its address", () => {
      expect(environment[base]).toBe("/");
    });
  }
});
