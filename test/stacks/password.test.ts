import { describe, expect, it } from "vitest";
import { formatProblem, InputError } from "../../stacks/errors.ts";
import { refuseWeak, weakness } from "../../stacks/password.ts";
import type { PlatformSecret } from "../../stacks/platform.ts";
import { platform } from "../fixtures/platforms.ts";

describe("a password that people type", () => {
  it.each([
    ["short", "it has fewer than 12 characters"],
    ["🐎".repeat(11), "it has fewer than 12 characters"],
    ["passwordpassword", expect.any(String)],
    ["admin12345678", "this is similar to a commonly used password"],
    ["qwertyuiopas", expect.any(String)],
    ["aaaaaaaaaaaaaaaa", expect.any(String)],
    ["alice-wonder", "it is easily guessed: make it longer"],
  ])("is refused as %s", async (password, why) => {
    expect(await weakness(password, ["alice", "Alice Wonder"])).toEqual(why);
  });

  it.each(["correct horse battery staple", "x9K#mm2pLq7v", "Zwölf Boxkämpfer jagen Viktor"])(
    "may be %s",
    async (password) => {
      expect(await weakness(password, ["alice"])).toBeUndefined();
    },
  );

  it("is easier to guess for who knows the user", async () => {
    expect(await weakness("xqvzkwbrmptj", [])).toBeUndefined();
    expect(await weakness("xqvzkwbrmptj", ["Xqvzkw Brmptj"])).toBeDefined();
  });
});

describe("the secrets of a config", () => {
  const place = { file: "Pulumi.test.yaml", line: 3, column: 5 };
  const typed = (key: string): PlatformSecret => ({
    id: `a/${key}`,
    source: { kind: "config", key, isSet: true, typed: { place, words: [key] } },
  });
  const secrets: PlatformSecret[] = [
    typed("alice"),
    typed("bob"),
    { id: "a/token", source: { kind: "config", key: "token", isSet: true } },
  ];
  const problems = (values: Record<string, string>) =>
    refuseWeak({ stack: "test", secrets }, values).then(
      () => [],
      (error: unknown) => (error instanceof InputError ? error.problems.map(formatProblem) : [error]),
    );

  it("are refused where they are typed and weak, all at once, without being repeated", async () => {
    const told = await problems({ alice: "password1", bob: "hunter2", token: "weak" });
    expect(told).toEqual([
      "Pulumi.test.yaml:3:5: the password alice is too weak: it has fewer than 12 characters; set another: npx ums secrets set alice --stack test",
      "Pulumi.test.yaml:3:5: the password bob is too weak: it has fewer than 12 characters; set another: npx ums secrets set bob --stack test",
    ]);
  });

  it("pass where they are strong, not typed, or not there", async () => {
    expect(await problems({ alice: "correct horse battery staple", token: "weak" })).toEqual([]);
  });

  it("are typed where a record says so", () => {
    const { secrets: of } = platform(
      { app: { secrets: [{ name: "admin", config: "appAdmin", strong: true }] } },
      { config: { images: "real" }, stack: { secrets: ["appAdmin"] } },
    );
    expect(of).toEqual([
      {
        id: "app/admin",
        source: {
          kind: "config",
          key: "appAdmin",
          isSet: true,
          typed: { words: ["app"], place: expect.objectContaining({ file: "catalog/app.yaml" }) },
        },
      },
    ]);
  });
});
