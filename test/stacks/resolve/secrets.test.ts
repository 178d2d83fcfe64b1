import { describe, expect, it } from "vitest";
import type { Platform } from "../../../stacks/platform.ts";
import { found, platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields } from "../../fixtures/records.ts";

type Records = Record<string, RecordFields>;
type Secrets = NonNullable<RecordFields["secrets"]>;

const reason = "the image reads no file";
const real = { config: { images: "real" as const } };
const file = (name: string) => `/run/secrets/${name}`;
const source = (of: Platform, id: string) =>
  found(
    of.secrets.find((secret) => secret.id === id),
    id,
  ).source;
const withSecrets = (...secrets: Secrets): Records => ({ alpha: { secrets } });
const wrong = (records: Records, input: Parameters<typeof platform>[1] = {}) =>
  complaints(() => platform(records, input));

/** Ids of secrets that something refers to and the platform does not have. */
function missing({ secrets, services }: Platform): string[] {
  const known = new Set(secrets.map(({ id }) => id));
  const referred = [
    ...services.flatMap(({ files }) => files.flatMap(({ content }) => ("secret" in content ? [content.secret] : []))),
    ...services.flatMap(({ secretVariables }) => secretVariables.map(({ secret }) => secret)),
    ...secrets.flatMap((secret) =>
      secret.source.kind === "template"
        ? secret.source.parts.flatMap((part) => (typeof part === "string" ? [] : [part.secret]))
        : [],
    ),
  ];
  return referred.filter((id) => !known.has(id));
}

describe("a generated secret", () => {
  it("has 32 characters unless the record says otherwise", () => {
    const of = platform(withSecrets({ name: "a", generate: "password" }, { name: "b", generate: "hex", length: 16 }));
    expect(of.secrets).toEqual([
      { id: "alpha/a", source: { kind: "generate", form: "password", length: 32 } },
      { id: "alpha/b", source: { kind: "generate", form: "hex", length: 16 } },
    ]);
  });
});

describe("a secret reaches its service", () => {
  it("as a file only its user reads", () => {
    const { files, environment } = service(platform(withSecrets({ name: "a", generate: "hex", file: file("a") })), "alpha");
    expect(files).toEqual([{ path: file("a"), mode: "0400", content: { secret: "alpha/a" } }]);
    expect(environment).toEqual({});
  });

  it("with a variable that names the file", () => {
    const of = platform(withSecrets({ name: "a", generate: "hex", file: file("a"), variable: "KEY_FILE" }));
    expect(service(of, "alpha").environment).toEqual({ KEY_FILE: file("a") });
    expect(service(of, "alpha").secretVariables).toEqual([]);
  });

  it("as a variable where the record says why", () => {
    const of = platform(withSecrets({ name: "a", generate: "hex", variable: "KEY", reason }));
    expect(service(of, "alpha").secretVariables).toEqual([{ variable: "KEY", secret: "alpha/a", reason }]);
    expect(service(of, "alpha").environment).toEqual({});
    expect(service(of, "alpha").files).toEqual([]);
  });

  it("not at all where it is there for others", () => {
    const of = platform(withSecrets({ name: "a", generate: "hex" }));
    expect(service(of, "alpha")).toMatchObject({ files: [], environment: {}, secretVariables: [] });
  });
});

describe("a secret from the stack's config", () => {
  const records = withSecrets({ name: "a", config: "plexToken", file: file("a") });

  it("is the value set there", () => {
    const of = platform(records, { ...real, stack: { secrets: ["plexToken"] } });
    expect(source(of, "alpha/a")).toEqual({ kind: "config", key: "plexToken" });
  });

  it("that is not set is refused, with the command that sets it", () => {
    expect(wrong(records, { ...real, stack: { stack: "prod" } })).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha needs the secret "plexToken".*pulumi config set --stack prod --secret --path 'ums:secrets\.plexToken'$/,
      ),
    ]);
  });

  it("that is set under a name with a typing error is refused with the one that was meant", () => {
    expect(wrong(records, { ...real, stack: { secrets: ["plexTokn"] } })).toEqual([
      expect.stringContaining('did you mean "plexTokn"?'),
    ]);
  });

  it("that is not set is generated in a rehearsal", () => {
    expect(source(platform(records), "alpha/a")).toEqual({ kind: "generate", form: "password", length: 32 });
  });

  it("that is set is used in a rehearsal, too", () => {
    const of = platform(records, { stack: { secrets: ["plexToken"] } });
    expect(source(of, "alpha/a")).toEqual({ kind: "config", key: "plexToken" });
  });

  it("that is optional and not set is left out", () => {
    const of = platform(withSecrets({ name: "a", config: "plexToken", optional: true, file: file("a"), variable: "KEY_FILE" }), real);
    expect(of.secrets).toEqual([]);
    expect(service(of, "alpha")).toMatchObject({ files: [], environment: {} });
  });
});

describe("a secret of another service", () => {
  const owner: RecordFields = { ports: listensOn(80), secrets: [{ name: "password", generate: "hex" }] };
  const user = (from: string, fields: RecordFields = { links: [linkTo("beta")] }): RecordFields => ({
    ...fields,
    secrets: [{ name: "a", from, file: file("a") }],
  });

  it("is that service's own, not a copy", () => {
    const of = platform({ alpha: user("beta/password"), beta: owner });
    expect(of.secrets.map(({ id }) => id)).toEqual(["beta/password"]);
    expect(service(of, "alpha").files).toEqual([
      { path: file("a"), mode: "0400", content: { secret: "beta/password" } },
    ]);
  });

  it("needs a link", () => {
    expect(wrong({ alpha: user("beta/password", {}), beta: owner })).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: secret "beta\/password": alpha has no link to beta, so it gets none of its secrets$/,
      ),
    ]);
  });

  it("that it does not have is refused with the one that was meant", () => {
    expect(wrong({ alpha: user("beta/pasword"), beta: owner })).toEqual([
      expect.stringContaining('beta has no secret "pasword", did you mean "password"?'),
    ]);
  });

  it("that is not in the stack is refused", () => {
    expect(wrong({ alpha: user("bta/password"), beta: owner })).toEqual([
      expect.stringContaining('secret "bta/password": bta is not in the stack, did you mean "beta"?'),
    ]);
  });

  it("that is not in the stack is left out where it is optional", () => {
    const of = platform({ alpha: { secrets: [{ name: "a", from: "beta/password", optional: true, file: file("a") }] } });
    expect(of.secrets).toEqual([]);
    expect(service(of, "alpha").files).toEqual([]);
  });

  // reports a bug: follow (stacks/resolve/secrets.ts:58) accepts an optional config secret that the stack has not set, which is no secret of the platform.
  it("that is optional and not set is refused, or left out", () => {
    const records: Records = {
      alpha: user("beta/key"),
      beta: { ports: listensOn(80), secrets: [{ name: "key", config: "betaKey", optional: true }] },
    };
    expect(wrong(records, real).length > 0 ? [] : missing(platform(records, real))).toEqual([]);
  });
});

describe("a secret made of others", () => {
  it("keeps the text around them and fills in template variables", () => {
    const of = platform({
      alpha: {
        links: [linkTo("beta")],
        secrets: [
          { name: "own", generate: "hex" },
          { name: "url", template: "db://${secret:own}:${secret:beta/password}@${DOMAIN}/x", file: file("url") },
        ],
      },
      beta: { ports: listensOn(80), secrets: [{ name: "password", generate: "hex" }] },
    });
    expect(source(of, "alpha/url")).toEqual({
      kind: "template",
      parts: ["db://", { secret: "alpha/own" }, ":", { secret: "beta/password" }, "@media.localhost/x"],
    });
  });

  it("needs a link to the owner of each", () => {
    const records: Records = {
      alpha: { secrets: [{ name: "url", template: "${secret:beta/password}" }] },
      beta: { secrets: [{ name: "password", generate: "hex" }] },
    };
    expect(wrong(records)).toEqual([expect.stringContaining("alpha has no link to beta")]);
  });

  it("that are not there is refused with the one that was meant", () => {
    expect(wrong(withSecrets({ name: "own", generate: "hex" }, { name: "url", template: "${secret:ownn}" }))).toEqual([
      expect.stringMatching(/^catalog\/alpha\.yaml:\d+:\d+: alpha has no secret "ownn", did you mean "own"\?$/),
    ]);
  });

  it("with an unknown template variable is refused", () => {
    expect(wrong(withSecrets({ name: "url", template: "https://${DOMIAN}" }))).toEqual([
      expect.stringContaining('there is no template variable "DOMIAN", did you mean "DOMAIN"?'),
    ]);
  });

  it("that are made of it is refused with the chain", () => {
    const told = wrong(withSecrets({ name: "a", template: "${secret:b}" }, { name: "b", template: "x${secret:a}" }));
    expect(told).toContainEqual(
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: secrets are made of each other: alpha\/a -> alpha\/b -> alpha\/a$/,
      ),
    );
  });

  it("and of itself is refused", () => {
    expect(wrong(withSecrets({ name: "a", template: "x${secret:a}" }))).toEqual([
      expect.stringContaining("alpha/a -> alpha/a"),
    ]);
  });

  it("over two services that link to each other is refused", () => {
    const records: Records = {
      alpha: { ports: listensOn(80), links: [linkTo("beta")], secrets: [{ name: "a", template: "${secret:beta/b}" }] },
      beta: {
        ports: listensOn(80),
        links: [linkTo("alpha", 80, { ordered: false })],
        secrets: [{ name: "b", template: "${secret:alpha/a}" }],
      },
    };
    expect(wrong(records)).toContainEqual(expect.stringContaining("alpha/a -> beta/b -> alpha/a"));
  });

  it("where one is used twice is no circle", () => {
    expect(wrong(withSecrets({ name: "a", generate: "hex" }, { name: "b", template: "${secret:a}${secret:a}" }))).toEqual([]);
  });

  // reports a bug: a template that names a secret of its own record which is `from` another service refers to an id that
  // is no secret of the platform (stacks/resolve/secrets.ts:62); components/platform.ts then throws "no secret ... in the platform".
  it("where one is itself another service's, refers to that", () => {
    const records: Records = {
      alpha: {
        links: [linkTo("beta")],
        secrets: [
          { name: "password", from: "beta/password" },
          { name: "url", template: "db://${secret:password}", file: file("url") },
        ],
      },
      beta: { ports: listensOn(80), secrets: [{ name: "password", generate: "hex" }] },
    };
    expect(wrong(records).length > 0 ? [] : missing(platform(records))).toEqual([]);
  });

  // reports a bug: as with `from` above, a template may name an optional config secret that is not set.
  it("where one is optional and not set, is refused or left out", () => {
    const records = withSecrets(
      { name: "key", config: "alphaKey", optional: true },
      { name: "url", template: "x${secret:key}", file: file("url") },
    );
    expect(wrong(records, real).length > 0 ? [] : missing(platform(records, real))).toEqual([]);
  });

  // reports a bug: follow (stacks/resolve/secrets.ts:48) cuts a reference of three parts to the first two.
  it("with a reference of three parts is refused", () => {
    const records = withSecrets({ name: "own", generate: "hex" }, { name: "url", template: "${secret:alpha/own/more}" });
    expect(wrong(records)).toHaveLength(1);
  });

  // reports a bug: the `$${` escape is not seen in front of `secret:` (split in stacks/resolve/secrets.ts), so the value ends up in the text.
  it("leaves $${secret:name} as the text ${secret:name}", () => {
    const of = platform(withSecrets({ name: "own", generate: "hex" }, { name: "url", template: "a$${secret:own}" }));
    expect(source(of, "alpha/url")).toEqual({ kind: "template", parts: ["a${secret:own}"] });
  });
});
