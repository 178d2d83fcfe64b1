import { describe, expect, it } from "vitest";
import { loadStack } from "../../../../stacks/load.ts";
import { projectRoot } from "../../../fixtures/folders.ts";
import { service } from "../../../fixtures/platforms.ts";
import { filesOf } from "../../../stacks/configure/fixtures.ts";
import { noReal, realProgram, runOnce } from "../real.ts";

/** Authelia's own reader, validator and access rules; it takes every OpenID Connect provider whose keys it knows. */
const program = realProgram("authelia-check");
const missing = await noReal(program);
const path = "/config/configuration.yml";

describe.skipIf(missing).each(["dev", "prod"])("Authelia, given what stack %s generates", (stack) => {
  const { platform } = loadStack(projectRoot, stack);
  const { environment, user } = service(platform, "authelia");
  const files = filesOf(platform, "authelia");
  const at = (name: string) => service(platform, name).route?.url ?? "";
  const run = (words: string[], given: ReadonlyMap<string, string> = files) =>
    runOnce(program, {
      files: given,
      environment: { ...environment },
      user: `${user.uid}:${user.gid}`,
      command: ["/usr/bin/authelia-check", ...words],
    });
  /** The files with one text for another in one of them. */
  const changed = (file: string, from: string, to: string) => {
    const text = files.get(file) ?? "";
    expect(text).toContain(from);
    return new Map([...files, [file, text.replace(from, to)]]);
  };

  it("accepts its configuration, without a warning", async () => {
    expect(await run(["config", path])).toEqual({ exitCode: 0, output: "ok\n" });
  });

  it("accepts its users", async () => {
    expect(await run(["users", "/config/users.yml"])).toEqual({ exitCode: 0, output: "ok\n" });
  });

  it.each([
    ["a key it does not know", "default_policy:", "default_polcy:"],
    ["a rule that is none", "policy: two_factor", "policy: three_factor"],
    ["a pattern that is none", "([/?].*)?$", "([/?].*"],
    ["a sign-in without its own address", "authelia_url: https", "authelia_url: http"],
    ["a client's field it does not know", "require_pkce:", "requires_pkce:"],
  ])("refuses %s", async (_, from, to) => {
    const { exitCode, output } = await run(["config", path], changed(path, from, to));
    expect(output).toContain("error: ");
    expect(exitCode).toBe(1);
  });

  it("refuses a hash that is none", async () => {
    const wrong = changed("/config/users.yml", "$argon2id$v=19$m=65536", "$argon2id$v=19$m=some");
    expect((await run(["users", "/config/users.yml"], wrong)).exitCode).toBe(1);
  });

  it.each([
    ["an administrator's tool", `${at("sonarr")}/`, "admin", "two_factor"],
    ["an administrator's tool", `${at("sonarr")}/`, "user", "deny"],
    ["a user's service", `${at("jellyfin")}/dashboards`, "user", "two_factor"],
    ["a native application's path", `${at("jellyfin")}/Users/1?a=b`, "", "bypass"],
    ["a path that only begins like it", `${at("jellyfin")}/Usersx`, "user", "two_factor"],
    ["the sign-in itself", `${at("authelia")}/`, "", "bypass"],
    ["a name that is nobody's", `https://nobody.${platform.domain}/`, "admin", "deny"],
  ])("asks for %s (%s) of the group %j: %s", async (_, url, group, level) => {
    const { output } = await run([
      "policy",
      path,
      url,
      "GET",
      group === "" ? "" : "alice",
      group,
      "192.0.2.1",
    ]);
    expect(output.trim()).toBe(level);
  });
});
