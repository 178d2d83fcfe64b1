import { describe, expect, it } from "vitest";
import { complaints, positionOf } from "../../fixtures/problems.ts";
import { stackConfig, stackText } from "../../fixtures/stackConfigs.ts";

const alice = {
  name: "alice",
  displayName: "Alice",
  email: "alice@example.org",
  groups: ["admin"],
  password: "alicePassword",
};

/** What is said of users; places as the words that stand there. */
function said(users: object[]): string[] {
  return complaints(() => stackConfig({ access: { users } } as never));
}

/** Place of words in the config of the users, as a message begins. */
function at(users: object[], words: string): string {
  const { line, column } = positionOf(stackText({ access: { users } } as never), words);
  return `Pulumi.test.yaml:${line}:${column}`;
}

describe("users of a stack's config", () => {
  it("are nobody and need a second factor where nothing is said", () => {
    expect(stackConfig().platform.access).toEqual({ users: [], secondFactor: "everyone" });
    expect(said([alice])).toEqual([]);
  });

  it.each([
    ["an unknown group", { groups: ["admins"] }, "admins", 'groups[0] is "admins", did you mean "admin"?'],
    ["no group", { groups: [] }, "groups", "groups: name a group: admin or user"],
    [
      "an address that is none",
      { email: "alice at home" },
      "email: alice at",
      "email: not an e-mail address",
    ],
    [
      "a name in capitals",
      { name: "Alice" },
      "name: Alice",
      "name: write a user's name in lower-case letters, digits, '.', '_' and '-', starting with a letter",
    ],
    [
      "a password in place of its key",
      { password: "correct horse" },
      "password: correct",
      "password: name a key of ums:secrets, in camelCase; the password itself goes there",
    ],
  ])("are refused with %s", (_, wrong, words, message) => {
    const users = [{ ...alice, groups: ["admin"], ...wrong }];
    const told = said(users);
    expect(told[0]).toContain(message);
    expect(told[0]?.startsWith(at(users, words).replace(/:\d+$/, ""))).toBe(true);
  });

  it("are refused without a password", () => {
    const { password, ...rest } = alice;
    expect(said([rest])).toEqual([
      expect.stringMatching(/^Pulumi\.test\.yaml:\d+:\d+: .*access\.users\[0\]\.password/),
    ]);
  });

  it("are refused when two have one name, or nobody is an administrator", () => {
    const twice = [alice, { ...alice, displayName: "Another" }];
    expect(said(twice)).toEqual([
      expect.stringContaining('the user "alice" is named twice, first as access.users[0]'),
    ]);
    expect(said([{ ...alice, groups: ["user"] }])).toEqual([
      expect.stringContaining(
        "no user is in the group admin, so no one could reach what is for administrators",
      ),
    ]);
  });

  it("are all judged in one run", () => {
    expect(
      said([
        { ...alice, email: "a" },
        { ...alice, name: "bob", groups: ["owner"] },
      ]),
    ).toHaveLength(2);
  });
});

describe("a mail server", () => {
  it("is spoken to on the port of implicit TLS where none is named", () => {
    const mail = { host: "smtp.example.org", sender: "media@example.org" };
    expect(stackConfig({ mail }).platform.mail).toEqual({ ...mail, port: 465 });
  });

  it.each([
    [{ host: "smtp://example.org", sender: "media@example.org" }, "write a host name"],
    [{ host: "smtp.example.org", sender: "media" }, "not an e-mail address"],
  ])("is refused as %j", (mail, message) => {
    expect(complaints(() => stackConfig({ mail }))).toEqual([expect.stringContaining(message)]);
  });
});
