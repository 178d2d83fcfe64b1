import { describe, expect, it } from "vitest";
import type { Platform } from "../../../stacks/platform.ts";
import { found, platform, service } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, linkToAny, listensOn, type RecordFields } from "../../fixtures/records.ts";

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
    ...services.flatMap(({ files }) =>
      files.flatMap(({ content }) => ("secret" in content ? [content.secret] : [])),
    ),
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
    const of = platform(
      withSecrets({ name: "a", generate: "password" }, { name: "b", generate: "hex", length: 16 }),
    );
    expect(of.secrets).toEqual([
      { id: "alpha/a", source: { kind: "generate", form: "password", length: 32 } },
      { id: "alpha/b", source: { kind: "generate", form: "hex", length: 16 } },
    ]);
  });
});

describe("a secret reaches its service", () => {
  it("as a file only its user reads", () => {
    const { files, environment } = service(
      platform(withSecrets({ name: "a", generate: "hex", file: file("a") })),
      "alpha",
    );
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
  const deploying = { ...real, options: { unsetSecrets: "refuse" as const } };

  it("is the value set there", () => {
    const of = platform(records, { ...deploying, stack: { secrets: ["plexToken"] } });
    expect(source(of, "alpha/a")).toEqual({ kind: "config", key: "plexToken", isSet: true });
    expect(of.warnings).toEqual([]);
  });

  it("that is not set is refused, with the command that sets it", () => {
    expect(wrong(records, { ...deploying, stack: { stack: "prod" } })).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha needs the secret "plexToken".*pulumi config set --stack prod --secret --path 'ums:secrets\.plexToken'$/,
      ),
    ]);
  });

  it("that is not set is a warning, with its place, to who only looks", () => {
    const of = platform(records, real);
    expect(source(of, "alpha/a")).toEqual({ kind: "config", key: "plexToken", isSet: false });
    expect(of.warnings).toEqual([
      expect.objectContaining({
        place: expect.objectContaining({ file: "catalog/alpha.yaml", line: expect.any(Number) }),
        message: expect.stringContaining('alpha needs the secret "plexToken"'),
      }),
    ]);
  });

  it("that is set under a name with a typing error is refused with the one that was meant", () => {
    expect(wrong(records, { ...deploying, stack: { secrets: ["plexTokn"] } })).toEqual([
      expect.stringContaining('did you mean "plexTokn"?'),
    ]);
  });

  it("that is not set is generated in a rehearsal", () => {
    const of = platform(records, { options: deploying.options });
    expect(source(of, "alpha/a")).toEqual({ kind: "generate", form: "password", length: 32 });
    expect(of.warnings).toEqual([]);
  });

  it("that is set is used in a rehearsal, too", () => {
    const of = platform(records, { stack: { secrets: ["plexToken"] } });
    expect(source(of, "alpha/a")).toMatchObject({ kind: "config", key: "plexToken" });
  });

  it("that is optional and not set is left out", () => {
    const of = platform(
      withSecrets({ name: "a", config: "plexToken", optional: true, file: file("a"), variable: "KEY_FILE" }),
      deploying,
    );
    expect(of.secrets).toEqual([]);
    expect(of.warnings).toEqual([]);
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

  it("that is not in the stack is left out where the link to it is optional", () => {
    const records: Records = {
      alpha: user("beta/password", { links: [linkTo("beta", 80, { required: false })] }),
      beta: owner,
    };
    const of = platform(records, { config: { services: { include: ["alpha"] } } });
    expect(of.secrets).toEqual([]);
    expect(service(of, "alpha").files).toEqual([]);
    expect(platform(records).secrets.map(({ id }) => id)).toEqual(["beta/password"]);
  });

  it("that is not in the stack is left out where another one serves", () => {
    const records: Records = {
      alpha: user("beta/password", { links: [linkToAny(["gamma", "beta"], 80)] }),
      beta: owner,
      gamma: { ports: listensOn(80) },
    };
    expect(platform(records, { config: { services: { include: ["alpha"] } } }).secrets).toEqual([]);
  });

  describe("that is optional and not set", () => {
    const beta: RecordFields = {
      ports: listensOn(80),
      secrets: [{ name: "key", config: "betaKey", optional: true }],
    };

    it("is refused, with the key to set", () => {
      expect(wrong({ alpha: user("beta/key"), beta }, real)).toEqual([
        expect.stringMatching(
          /^catalog\/alpha\.yaml:\d+:\d+: the secret "a" of alpha needs one that is left out: ums:secrets\.betaKey is not set; set it: pulumi config set --stack test --secret --path 'ums:secrets\.betaKey', or say optional: true here$/,
        ),
      ]);
    });

    it("is left out where the one that refers to it is optional, too", () => {
      const alpha: RecordFields = {
        links: [linkTo("beta")],
        secrets: [{ name: "a", from: "beta/key", optional: true, file: file("a"), variable: "KEY_FILE" }],
      };
      const of = platform({ alpha, beta }, real);
      expect(of.secrets).toEqual([]);
      expect(service(of, "alpha")).toMatchObject({ files: [], environment: {} });
    });

    it("is there once it is set, and in a rehearsal", () => {
      const records = { alpha: user("beta/key"), beta };
      for (const input of [{}, { ...real, stack: { secrets: ["betaKey"] } }]) {
        expect(service(platform(records, input), "alpha").files).toEqual([
          { path: file("a"), mode: "0400", content: { secret: "beta/key" } },
        ]);
      }
    });
  });

  it("that it has from a third is the third's, which needs no link to the first", () => {
    const of = platform({
      alpha: user("beta/handed-on"),
      beta: {
        ports: listensOn(80),
        links: [linkTo("gamma")],
        secrets: [{ name: "handed-on", from: "gamma/password" }],
      },
      gamma: owner,
    });
    expect(of.secrets.map(({ id }) => id)).toEqual(["gamma/password"]);
    expect(service(of, "alpha").files).toEqual([
      { path: file("a"), mode: "0400", content: { secret: "gamma/password" } },
    ]);
  });

  it("that comes back to the first is refused, once, with the chain", () => {
    const records: Records = {
      alpha: { ...user("beta/b"), ports: listensOn(80) },
      beta: {
        ports: listensOn(80),
        links: [linkTo("alpha", 80, { ordered: false })],
        secrets: [{ name: "b", from: "alpha/a" }],
      },
    };
    expect(wrong(records)).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: secrets are made of each other: alpha\/a -> beta\/b -> alpha\/a$/,
      ),
    ]);
  });

  it("in whose network it is needs no link", () => {
    const of = platform({ alpha: user("vpn/password", { through: "vpn" }), vpn: owner });
    expect(service(of, "alpha").files).toEqual([
      { path: file("a"), mode: "0400", content: { secret: "vpn/password" } },
    ]);
  });
});

describe("a secret made of others", () => {
  it("keeps the text around them and fills in template variables", () => {
    const of = platform({
      alpha: {
        links: [linkTo("beta")],
        secrets: [
          { name: "own", generate: "hex" },
          {
            name: "url",
            template: "db://${secret:own}:${secret:beta/password}@${DOMAIN}/x",
            file: file("url"),
          },
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
    expect(
      wrong(withSecrets({ name: "own", generate: "hex" }, { name: "url", template: "${secret:ownn}" })),
    ).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: alpha has no secret "ownn", did you mean "own"\?$/,
      ),
    ]);
  });

  it("with an unknown template variable is refused", () => {
    expect(wrong(withSecrets({ name: "url", template: "https://${DOMIAN}" }))).toEqual([
      expect.stringContaining('there is no template variable "DOMIAN", did you mean "DOMAIN"?'),
    ]);
  });

  it("that are made of it is refused with the chain", () => {
    const told = wrong(
      withSecrets({ name: "a", template: "${secret:b}" }, { name: "b", template: "x${secret:a}" }),
    );
    expect(told).toEqual([
      expect.stringMatching(
        /^catalog\/alpha\.yaml:\d+:\d+: secrets are made of each other: alpha\/a -> alpha\/b -> alpha\/a$/,
      ),
    ]);
  });

  it("that are made of it over one it has from another is refused", () => {
    expect(
      wrong(withSecrets({ name: "a", template: "${secret:b}" }, { name: "b", from: "alpha/a" })),
    ).toEqual([expect.stringContaining("alpha/a -> alpha/b -> alpha/a")]);
  });

  it("is refused for each circle", () => {
    const told = wrong(
      withSecrets(
        { name: "a", template: "${secret:b}" },
        { name: "b", template: "${secret:a}" },
        { name: "c", template: "${secret:d}${secret:a}" },
        { name: "d", template: "${secret:c}" },
      ),
    );
    expect(told).toEqual([
      expect.stringContaining("alpha/a -> alpha/b -> alpha/a"),
      expect.stringContaining("alpha/c -> alpha/d -> alpha/c"),
    ]);
  });

  it("over many steps, each in two ways, takes no time", () => {
    const steps = Array.from({ length: 60 }, (_, index) => ({
      name: `s${index}`,
      template: `\${secret:s${index + 1}}\${secret:s${index + 1}}`,
    }));
    const last = { name: "s60", generate: "hex" as const };
    expect(platform(withSecrets(...steps, last)).secrets).toHaveLength(61);
  });

  it("tells all that is wrong with it in one run", () => {
    expect(wrong(withSecrets({ name: "a", template: "${secret:b}${secret:c}${D}" }))).toHaveLength(3);
  });

  it("and of itself is refused", () => {
    expect(wrong(withSecrets({ name: "a", template: "x${secret:a}" }))).toEqual([
      expect.stringContaining("alpha/a -> alpha/a"),
    ]);
  });

  it("over two services that link to each other is refused", () => {
    const records: Records = {
      alpha: {
        ports: listensOn(80),
        links: [linkTo("beta")],
        secrets: [{ name: "a", template: "${secret:beta/b}" }],
      },
      beta: {
        ports: listensOn(80),
        links: [linkTo("alpha", 80, { ordered: false })],
        secrets: [{ name: "b", template: "${secret:alpha/a}" }],
      },
    };
    expect(wrong(records)).toEqual([expect.stringContaining("alpha/a -> beta/b -> alpha/a")]);
  });

  it("where one is used twice is no circle", () => {
    expect(
      wrong(withSecrets({ name: "a", generate: "hex" }, { name: "b", template: "${secret:a}${secret:a}" })),
    ).toEqual([]);
  });

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
    const of = platform(records);
    expect(source(of, "alpha/url")).toEqual({
      kind: "template",
      parts: ["db://", { secret: "beta/password" }],
    });
    expect(missing(of)).toEqual([]);
  });

  describe("where one is optional and not set", () => {
    const key = { name: "key", config: "alphaKey", optional: true };
    const url = { name: "url", template: "x${secret:key}", file: file("url") };

    it("is refused, with the key to set", () => {
      expect(wrong(withSecrets(key, url), real)).toEqual([
        expect.stringMatching(
          /^catalog\/alpha\.yaml:\d+:\d+: the secret "url" of alpha needs one that is left out: ums:secrets\.alphaKey is not set; set it: /,
        ),
      ]);
    });

    it("is left out where it is optional, too, and so is one made of that", () => {
      const more = { name: "more", template: "${secret:url}!", optional: true, variable: "MORE", reason };
      const of = platform(withSecrets(key, { ...url, optional: true }, more), real);
      expect(of.secrets).toEqual([]);
      expect(service(of, "alpha")).toMatchObject({ files: [], secretVariables: [] });
    });
  });

  describe("where one is of a service that is not in the stack and that it only may use", () => {
    const records = (fields: Partial<Secrets[number]>): Records => ({
      alpha: {
        links: [linkTo("beta", 80, { required: false })],
        secrets: [
          { name: "password", from: "beta/password" },
          { name: "url", template: "db://${secret:password}", file: file("url"), ...fields },
        ],
      },
      beta: { ports: listensOn(80), secrets: [{ name: "password", generate: "hex" }] },
    });
    const without = { config: { services: { include: ["alpha"] } } };

    it("is refused", () => {
      expect(wrong(records({}), without)).toEqual([
        expect.stringContaining(
          'the secret "url" of alpha needs one that is left out: beta is not in the stack; add it to services.include',
        ),
      ]);
    });

    it("is left out where it is optional", () => {
      const of = platform(records({ optional: true }), without);
      expect(of.secrets).toEqual([]);
      expect(service(of, "alpha").files).toEqual([]);
    });
  });

  it("with a reference of three parts is refused", () => {
    const records = withSecrets(
      { name: "own", generate: "hex" },
      { name: "url", template: "${secret:alpha/own/more}" },
    );
    expect(wrong(records)).toEqual([
      expect.stringContaining(
        'secret "alpha/own/more" has too many parts: write ${secret:name} or ${secret:service/name}',
      ),
    ]);
  });

  it("leaves $${secret:name} as the text ${secret:name}", () => {
    const of = platform(
      withSecrets({ name: "own", generate: "hex" }, { name: "url", template: "a$${secret:own}" }),
    );
    expect(source(of, "alpha/url")).toEqual({ kind: "template", parts: ["a${secret:own}"] });
  });
});
